"""How alike two names are: word by word, because a word too many says more than a letter too many.

Not one number of a library: the words of either side are paired, what is left over costs by how much a word says, and figures must agree.
"""

from rapidfuzz.distance import OSA, Levenshtein

from dealreg.matching.core_name import CoreName

CLOSE = 0.72
"""Words less alike than this are two words."""

SHORTENED = 0.9
"""What a word counts that is written as the beginning of another (``Intl``, ``Tech``)."""

INITIAL = 0.7
"""What a single letter counts for a word that begins with it."""

ACRONYM = 0.8
"""What a name counts that is the first letters of the other's words."""

FIGURES_DIFFER = 0.4
"""As alike as two names with different figures can be: ``Fund 3`` is not ``Fund 4``."""

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
        "products",
        "product",
        "supply",
        "center",
        "centre",
        "centro",
        "construction",
        "engineering",
        "the",
    ]
)
"""Words that many companies carry and none is told by; half a word each."""


def alike(one: CoreName, other: CoreName) -> float:
    """From 0 to 1; 1 only where the words are equal in some order, or equal written as one."""
    if not one.words or not other.words:
        return 0.0
    if one.words == other.words or "".join(one.words) == "".join(other.words):
        return 1.0
    score = max(_paired(one.words, other.words), _glued(one, other), _acronym(one.words, other.words))
    return min(score, FIGURES_DIFFER) if figures(one) != figures(other) else score


def figures(name: CoreName) -> tuple[str, ...]:
    """The words with a digit, in order: they number sites, funds and sisters."""
    return tuple(sorted(word.lstrip("0") or "0" for word in name.words if any(sign.isdigit() for sign in word)))


def _weight(word: str) -> float:
    if word in COMMON:
        return 0.5
    return 0.6 if len(word) <= 2 else 1.0  # noqa: PLR2004 - two letters are said by chance


def _paired(ours: tuple[str, ...], theirs: tuple[str, ...]) -> float:
    """Twice what the paired words weigh, as they are alike, over all that is said."""
    few, many = (ours, list(theirs)) if len(ours) <= len(theirs) else (theirs, list(ours))
    said = sum(map(_weight, few)) + sum(map(_weight, many))
    common = 0.0
    for word in sorted(few, key=len, reverse=True):
        found, best = max(((_word(word, other), place) for place, other in enumerate(many)), default=(0.0, 0))
        if found >= min(CLOSE, INITIAL):
            common += found * (_weight(word) + _weight(many[best]))
            del many[best]
    return common / said


def _word(one: str, other: str) -> float:
    """How alike two words are; a figure is itself or none."""
    if one == other:
        return 1.0
    short, long = sorted((one, other), key=len)
    if any(sign.isdigit() for sign in one + other):
        return 0.0
    if long.startswith(short):
        return INITIAL if len(short) == 1 else SHORTENED if len(short) > 2 else 0.0  # noqa: PLR2004 - as in _weight
    near = OSA.normalized_similarity(one, other, score_cutoff=CLOSE)
    return near if len(short) > 3 else 0.0  # noqa: PLR2004 - one letter of three is another word


def _glued(one: CoreName, other: CoreName) -> float:
    """As alike as they are without spaces; only where that says more than chance does."""
    near = Levenshtein.normalized_similarity("".join(one.words), "".join(other.words), score_cutoff=0.85)
    return near * 0.98


def _acronym(ours: tuple[str, ...], theirs: tuple[str, ...]) -> float:
    short, long = sorted((ours, theirs), key=len)
    letters = "".join(word[0] for word in long)
    return ACRONYM if len(short) == 1 and len(letters) > 2 and short[0] == letters else 0.0  # noqa: PLR2004 - as in _weight
