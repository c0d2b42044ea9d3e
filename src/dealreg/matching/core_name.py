"""The words of a company's name that tell it from others, and apart from them its legal form.

Legal forms are those of the library cleanco; its own cutting takes 46 microseconds a name and looks at one order only, so its table is read
here once and looked up by word (about a quarter of that).
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from cleanco.clean import get_unique_terms, normalized

from dealreg.matching.names import SPELT_OUT, UMLAUTS, UNSPACED_FORMS, folded

NAMES_AT_HAND = 65536
"""How many names are kept apart: candidates of one customer are compared again and again."""

LONGEST = 400
"""Signs of a name that are looked at; the longest real name of a company in the data at hand has 150."""

CONNECTING = frozenset(
    [
        "and",
        "und",
        "et",
        "y",
        "e",
        "en",
        "och",
        "og",
        "ed",
        "i",
        "the",
        "of",
        "for",
        "fuer",
        "fur",
        "de",
        "la",
        "le",
        "du",
        "des",
        "der",
        "die",
        "das",
        "den",
        "del",
        "della",
        "di",
        "da",
        "van",
        "von",
    ]
)
"""Words that two spellings of one name put in or leave out; a name of nothing else keeps them."""

SPELLED = {
    "gesellschaft mit beschrankter haftung": "gmbh",
    "gesellschaft mbh": "gmbh",
    "ges mbh": "gmbh",
    "gesmbh": "gmbh",
    "aktiengesellschaft": "ag",
    "kommanditgesellschaft": "kg",
    "societe anonyme": "sa",
    "societe par actions simplifiee": "sas",
    "sas": "sas",
    "societe a responsabilite limitee": "sarl",
    "sociedad anonima": "sa",
    "sociedad limitada": "sl",
    "societa per azioni": "spa",
    "societa a responsabilita limitata": "srl",
    "naamloze vennootschap": "nv",
    "besloten vennootschap": "bv",
    "proprietary limited": "pty ltd",
    "proprietary ltd": "pty ltd",
    "pty limited": "pty ltd",
    "pty": "pty ltd",
    "public limited company": "plc",
    "limited liability company": "llc",
    "limited liability partnership": "llp",
    "limited partnership": "lp",
    "private limited": "ltd",
    "pvt ltd": "ltd",
    "pvt limited": "ltd",
    "limited": "ltd",
    "limitee": "ltd",
    "ltee": "ltd",
    "incorporated": "inc",
    "incorporee": "inc",
    "incorporation": "inc",
    "corporation": "corp",
    "company": "co",
    "compagnie": "co",
    "enr": "enr",
    "aktiebolag": "ab",
    "aktieselskab": "as",
    "anpartsselskab": "aps",
    "osakeyhtio": "oy",
    "se": "se",
    "eg": "eg",
    "ev": "ev",
    "ug haftungsbeschrankt": "ug",
    "ug": "ug",
    "gbr": "gbr",
    "ohg": "ohg",
    "kgaa": "kgaa",
    "gmbh and co kg": "gmbh co kg",
    "gmbh co kg": "gmbh co kg",
    "gmbh und co kg": "gmbh co kg",
    "and co": "co",
    "ag co kg": "ag co kg",
}
"""Forms written out, which the library's table of abbreviations does not know, and the abbreviation that they stand for."""


OTHERWISE = re.compile(
    r"\s(?:o/a|c/o|a/k/a|aka|f/k/a|fka|d/b/a|d\.b\.a\.?|dba|t/a|trading as|operating as|doing business as|formerly|vormals|firmierend als)\s"
    r"|\s/+\s|\s[|]\s",
    re.IGNORECASE,
)
"""What stands between two names of one company, or between it and who receives its mail."""

ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
"""A remark within a name: a place, a branch, a former name."""

MOST_NAMES = 4
"""Names within one name that are looked at."""


@dataclass(frozen=True, slots=True)
class CoreName:
    """``words`` in the order written, never empty for a name of any letter or digit; ``form`` is the legal form, empty if unsaid.

    ``also`` are other names that stand within it ("X dba Y", "X (formerly Y)"), each as its words.
    """

    words: tuple[str, ...] = ()
    form: str = ""
    also: tuple[tuple[str, ...], ...] = ()

    @property
    def text(self) -> str:
        """The words with single spaces."""
        return " ".join(self.words)


@lru_cache(maxsize=NAMES_AT_HAND)
def core_name(name: str | None) -> CoreName:
    """The name in comparable words and its legal form."""
    whole = (name or "")[:LONGEST]
    words, form = _telling(whole)
    parts = [*OTHERWISE.split(whole), *([ASIDE.sub(" ", whole)] if "(" in whole or "[" in whole else [])]
    told = (_telling(part)[0] for part in parts[:MOST_NAMES]) if len(parts) > 1 else ()
    return CoreName(words, form, tuple(dict.fromkeys(part for part in told if part and part != words)))


def _telling(name: str) -> tuple[tuple[str, ...], str]:
    """The words without legal form and without what only connects."""
    words = _words(name)
    core, form = _without_form(words)
    return tuple(word for word in core if word not in CONNECTING) or core or words, form


_INITIALS = re.compile(r"(?<![^\W_])([^\W\d_])\.")
_SINGLES = re.compile(r"(?<!\S)[^\W\d_](?: [^\W\d_])+(?!\S)")


def _words(name: str) -> tuple[str, ...]:
    """Lower case, one spelling for umlauts, accents off; ``I.B.M.`` and ``I B M`` are one word, every other sign parts words."""
    spaced = UNSPACED_FORMS.sub(" ", unicodedata.normalize("NFKC", name)).replace("&", " and ")
    lower = SPELT_OUT.sub(lambda found: found[0][0], folded(_INITIALS.sub(r"\1", spaced)).translate(UMLAUTS))
    plain = lower if lower.isascii() else normalized(lower)
    spaced = " ".join("".join(sign if sign.isalnum() else "" if sign in "'’" else " " for sign in plain).split())
    return tuple(_SINGLES.sub(lambda run: run[0].replace(" ", ""), spaced).split())


def _forms() -> dict[tuple[str, ...], str]:
    """Every legal form as its words, with the one spelling by which two are compared."""
    table = {_words(term): "".join(_words(term)) for term in sorted(get_unique_terms())}
    table |= {tuple(spelled.split()): short for spelled, short in SPELLED.items()}
    return {words: form for words, form in table.items() if words}


FORMS = _forms()
LONGEST_FORM = max(len(words) for words in FORMS)


def _without_form(words: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """Forms off the end, as many as stand there, else one off the beginning; a name that is nothing but forms keeps its first word."""
    core = words
    found: list[str] = []
    while cut := _form(core, at_end=True):
        found.insert(0, FORMS[core[-cut:]])
        core = core[:-cut]
    if not found and (cut := _form(core, at_end=False)):
        found, core = [FORMS[core[:cut]]], core[cut:]
    return core, " ".join(found)


def _form(words: tuple[str, ...], *, at_end: bool) -> int:
    """How many words of it are a legal form; at least one word is always left."""
    most = min(LONGEST_FORM, len(words) - 1)
    return next((size for size in range(most, 0, -1) if (words[-size:] if at_end else words[:size]) in FORMS), 0)
