"""Where a company is, in the form in which two spellings of one address are equal."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from cleanco.clean import normalized

from dealreg.matching.names import SPELT_OUT, UMLAUTS, folded

ADDRESSES_AT_HAND = 65536

SHORT = {
    "strasse": "str", "straat": "str", "street": "st", "avenu": "ave", "avenue": "ave", "av": "ave", "boulevard": "blvd", "road": "rd", "drive": "dr",
    "lane": "ln", "court": "ct", "place": "pl", "square": "sq", "highway": "hwy", "parkway": "pkwy", "north": "n", "south": "s",
    "east": "e", "west": "w", "saint": "st", "platz": "pl", "suite": "ste", "floor": "fl",
}  # fmt: skip
"""Words of streets and their usual abbreviations."""

WITHIN = re.compile(r"\b(?:ste|unit|fl|room|apt|level|etage|stock|bldg|building)\s+\w+|\b\d+(?:st|nd|rd|th)\s+fl\b")
"""What tells rooms of one house apart: the same company writes it or leaves it out."""

GLUED = re.compile(r"(?<=[a-z]{3})(?:strasse|straat|str)\b")


@dataclass(frozen=True, slots=True)
class Address:
    """``street`` without its house number, ``number`` with its letter; each empty where it is not known."""

    street: str = ""
    number: str = ""
    postcode: str = ""
    place: str = ""

    @property
    def exact(self) -> bool:
        """Whether it names one house."""
        return bool(self.street and self.number and self.postcode)


@lru_cache(maxsize=ADDRESSES_AT_HAND)
def address(street: str | None, postcode: str | None, place: str | None) -> Address:
    """An address as it is compared."""
    name, number = _street(street or "")
    return Address(name, number, _plain(postcode or "").replace(" ", ""), _plain(place or ""))


def _plain(text: str) -> str:
    lower = SPELT_OUT.sub(
        lambda found: found[0][0], folded(unicodedata.normalize("NFKC", text)[:400]).translate(UMLAUTS)
    )
    plain = lower if lower.isascii() else normalized(lower)
    return " ".join("".join(sign if sign.isalnum() else "" if sign in ".'’" else " " for sign in plain).split())


def _street(text: str) -> tuple[str, str]:
    """The street and the first number before or behind it; ``12 a`` and ``12a`` are one."""
    plain = " ".join(SHORT.get(word, word) for word in GLUED.sub(" str", _plain(text)).split())
    rest = WITHIN.sub(" ", plain) if WITHIN.sub(" ", plain).strip() else plain
    found = re.search(r"\b(\d+)\s?([a-z]\b)?(?!\s?(?:st|nd|rd|th)\b)", rest)
    if found is None:
        return " ".join(rest.split()), ""
    return " ".join((rest[: found.start()] + " " + rest[found.end() :]).split()), found[1] + (found[2] or "")
