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
    "ag co kg": "ag co kg",
}
"""Forms written out, which the library's table of abbreviations does not know, and the abbreviation that they stand for."""


@dataclass(frozen=True, slots=True)
class CoreName:
    """``words`` in the order written, never empty for a name of any letter or digit; ``form`` is the legal form, empty if unsaid."""

    words: tuple[str, ...] = ()
    form: str = ""

    @property
    def text(self) -> str:
        """The words with single spaces."""
        return " ".join(self.words)


@lru_cache(maxsize=NAMES_AT_HAND)
def core_name(name: str | None) -> CoreName:
    """The name in comparable words and its legal form."""
    words = _words((name or "")[:LONGEST])
    core, form = _without_form(words)
    telling = tuple(word for word in core if word not in CONNECTING)
    return CoreName(telling or core or words, form)


_INITIALS = re.compile(r"(?<![^\W_])([^\W\d_])\.(?=[^\W_]|\W|$)")


def _words(name: str) -> tuple[str, ...]:
    """Lower case, one spelling for umlauts, accents off; ``I.B.M.`` is one word, every other sign parts words."""
    spaced = UNSPACED_FORMS.sub(" ", unicodedata.normalize("NFKC", name))
    lower = SPELT_OUT.sub(lambda found: found[0][0], folded(_INITIALS.sub(r"\1", spaced)).translate(UMLAUTS))
    plain = lower if lower.isascii() else normalized(lower)
    return tuple("".join(sign if sign.isalnum() else "" if sign in "'’" else " " for sign in plain).split())


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
    while cut := _form_at_end(core):
        found.insert(0, FORMS[core[-cut:]])
        core = core[:-cut]
    if not found and (cut := _form_at_start(core)):
        found, core = [FORMS[core[:cut]]], core[cut:]
    return core, " ".join(found)


def _form_at_end(words: tuple[str, ...]) -> int:
    most = min(LONGEST_FORM, len(words) - 1)
    return next((size for size in range(most, 0, -1) if words[-size:] in FORMS), 0)


def _form_at_start(words: tuple[str, ...]) -> int:
    most = min(LONGEST_FORM, len(words) - 1)
    return next((size for size in range(most, 0, -1) if words[:size] in FORMS), 0)
