"""Names of companies: how they are compared, and the coarse key under which newcomers see each other (architecture D13).

Nothing here decides that two names are one customer; an equal comparable name only makes a candidate for a person (ROE-24).
"""

import re
import unicodedata
from functools import lru_cache

from cleanco import basename
from cleanco.clean import normalized

KEY_LETTERS = 4
"""How many letters make a key: two spellings of one company share them, and few companies of a country do."""

NAMES_AT_HAND = 4096
"""How many comparable names are kept: one registration asks for the same name three times."""

UMLAUTS = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "å": "a", "ø": "o", "æ": "a", "œ": "o"})
UNSPACED_FORMS = re.compile(r"株式会社|\(株\)|有限会社|合同会社|股份有限公司|有限责任公司|有限公司|주식회사|유한회사")
"""Legal forms written without a space, which a library that works by words does not see."""

SPELT_OUT = re.compile(r"(?<![aeiou])(?:ae|oe|ue|aa)")


def folded(text: str) -> str:
    """Text as it is compared where it names one thing: no capitals, one space for any run of space, one form for each letter."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).split())


@lru_cache(maxsize=NAMES_AT_HAND)
def comparable(name: str) -> str:
    """A company's name without legal form, accents, punctuation and spelling of umlauts; never empty for a name of any letters."""
    core = basename(UNSPACED_FORMS.sub(" ", unicodedata.normalize("NFKC", name)), prefix=True)
    return _plain(core) or _plain(name)


def _plain(name: str) -> str:
    """Lower case, ``ü`` and ``ue`` (not after a vowel) both as ``u``, accents off, letters and digits with single spaces."""
    lower = SPELT_OUT.sub(lambda found: found[0][0], folded(name).translate(UMLAUTS))
    letters = "".join(sign if sign.isalnum() else " " for sign in normalized(lower) if sign not in ".'’")
    return " ".join(letters.split())


def name_key(name: str) -> str:
    """The first letters of the comparable name, spaces left out; empty where a name has no letter or digit."""
    return comparable(name).replace(" ", "")[:KEY_LETTERS]


def country_key(country: str | None) -> str:
    """The country of a name key: upper case, ``ZZ`` (the code that ISO 3166 leaves to users) where none is given."""
    return folded(country).upper() if country is not None and folded(country) else "ZZ"
