"""How alike two names are: word by word, because a word too many says more than a letter too many.

Not one number of a library: the words of either side are paired, what is left over costs by how much a word says, and figures must agree.
"""

from rapidfuzz.distance import OSA, Levenshtein

from dealreg.matching.core_name import CoreName

CLOSE = 0.72
"""Words less alike than this are two words."""

SHORTENED = 0.9
"""What a word counts that is written as the beginning of another (``Inter``, ``Tech``)."""

INITIAL = 0.7
"""What a single letter counts for a word that begins with it."""

ACRONYM = 0.8
"""What a name counts that is the first letters of the other's words."""

FIGURES_DIFFER = 0.4
"""As alike as two names with different figures can be: ``Fund 3`` is not ``Fund 4``."""

FIGURE_UNSAID = 0.9
"""What is left where one name has a figure and the other has none."""

PART = 0.95
"""What a name counts that is one of several within the other ("X dba Y")."""

NEARLY = 0.85
"""Names written as one that are less alike than this are compared by their words alone."""

GLUED = 0.98

LEAD = 2.0
"""How many times the first word counts: companies are called by it, and what follows is often a trade or a place."""


COMMON = frozenset(
    [
        "group",
        "groupe",
        "gruppe",
        "holding",
        "holdings",
        "international",
        "intl",
        "national",
        "global",
        "worldwide",
        "europe",
        "america",
        "american",
        "canada",
        "canadian",
        "australia",
        "deutschland",
        "germany",
        "france",
        "uk",
        "usa",
        "us",
        "services",
        "service",
        "servicos",
        "servicios",
        "consulting",
        "consultants",
        "consultant",
        "solutions",
        "solution",
        "systems",
        "system",
        "technologies",
        "technology",
        "tech",
        "management",
        "enterprises",
        "enterprise",
        "industries",
        "industry",
        "industrial",
        "associates",
        "partners",
        "partner",
        "trading",
        "products",
        "product",
        "supply",
        "center",
        "centre",
        "centro",
        "construction",
        "engineering",
    ]
)
"""Words that many companies carry and none is told by."""

COMMON_WEIGHT, SHORT_WEIGHT = 0.4, 0.6


def alike(one: CoreName, other: CoreName) -> float:
    """From 0 to 1; 1 only where the words are equal, or equal written as one. Which is given first does not matter."""
    score = _names(one.words, other.words)
    if score < PART and (one.also or other.also):
        pairs = ((ours, theirs) for ours in (one.words, *one.also) for theirs in (other.words, *other.also))
        score = max(score, PART * max(_names(ours, theirs) for ours, theirs in pairs))
    return score


def figures(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words with a digit, in order: they number sites, funds and sisters."""
    return tuple(sorted(word.lstrip("0") or "0" for word in words if any(map(str.isdigit, word))))


def _names(ours: tuple[str, ...], theirs: tuple[str, ...]) -> float:
    if not ours or not theirs:
        return 0.0
    one, other = "".join(ours), "".join(theirs)
    if one == other:
        return 1.0
    score = min(max(_paired(ours, theirs), _glued(one, other), _acronym(ours, theirs)), 0.99)
    if one.isalpha() and other.isalpha():
        return score
    said, told = figures(ours), figures(theirs)
    if said == told:
        return score
    return min(score, FIGURES_DIFFER) if said and told else score * FIGURE_UNSAID


def _weights(words: tuple[str, ...]) -> list[float]:
    """How much each word says."""
    said = [COMMON_WEIGHT if word in COMMON else SHORT_WEIGHT if len(word) <= 2 else 1.0 for word in words]  # noqa: PLR2004 - two letters are said by chance
    said[0] *= LEAD
    return said


def _paired(ours: tuple[str, ...], theirs: tuple[str, ...]) -> float:
    """What the paired words weigh, as they are alike, over all that is said; the longest words choose first."""
    few, many = sorted((ours, theirs), key=lambda words: (len(words), words))
    weighs, others = _weights(few), _weights(many)
    left = dict(enumerate(many))
    common = 0.0
    for place in sorted(range(len(few)), key=lambda at: -len(few[at])):
        found, best = max((_word(few[place], word), -at) for at, word in left.items())
        if found:
            common += found * (weighs[place] + others[-best])
            del left[-best]
    return common / (sum(weighs) + sum(others))


def _word(one: str, other: str) -> float:
    """How alike two words are; a figure is itself or none."""
    if one == other:
        return 1.0
    short, long = sorted((one, other), key=len)
    if not (one.isalpha() and other.isalpha()) and any(map(str.isdigit, one + other)):
        return 0.0
    if long.startswith(short):
        return INITIAL if len(short) == 1 else SHORTENED if len(short) > 2 else 0.0  # noqa: PLR2004 - as in _weights
    near = OSA.normalized_similarity(one, other, score_cutoff=CLOSE)
    return near if len(short) > 3 else 0.0  # noqa: PLR2004 - one letter of three is another word


def _glued(one: str, other: str) -> float:
    """As alike as they are without spaces; only where that says more than chance does."""
    return Levenshtein.normalized_similarity(one, other, score_cutoff=NEARLY) * GLUED


def _acronym(ours: tuple[str, ...], theirs: tuple[str, ...]) -> float:
    short, long = sorted((ours, theirs), key=len)
    letters = "".join(word[0] for word in long)
    return ACRONYM if len(short) == 1 and len(letters) > 2 and short[0] == letters else 0.0  # noqa: PLR2004 - as in _weights
