"""Keys under which a company is looked for: two spellings of one company share at least one of them.

Signed 64-bit numbers, so that one narrow index holds every kind of key. A key finds candidates and decides nothing. Which kinds there are,
and what each of them finds, was measured: ``docs/decisions/0030``.
"""

import re
from collections.abc import Iterator
from hashlib import blake2b
from zlib import crc32

from dealreg.matching.addresses import address
from dealreg.matching.core_name import core_name
from dealreg.matching.names import country_key
from dealreg.matching.profile import Profile

MOST_WORDS = 4
"""Words of a name that give keys of their own; who differs in the fifth is found by the first."""

ENDS = 4
"""Letters of a whole name's beginning, and the fewest of a word's later half: a slip of the pen in one leaves the other."""

PAIR = 3
"""Letters of two words that together make a key, whatever stands behind them."""

SOUNDS = (("ph", "f"), ("th", "t"), ("ck", "k"), ("c", "k"), ("q", "k"), ("z", "s"), ("w", "v"), ("y", "i"), ("j", "i"))
"""Letters that are heard alike in most of the languages at hand."""

SIGN_BITS = 64

IDENTIFIER = 64
WEIGHTS = {"s": 3, "e": 1, "b": 1, "p": 6, "q": 5, "h": 10, "c": 6, "t": 0, "u": 0}
"""By kind of key: a sound, the later half of a word, a beginning, two beginnings, two ends, a house, a postcode, a place."""


def keys(profile: Profile) -> tuple[int, ...]:
    """The keys under which a company is kept and looked for, each once; none where neither name, address nor identifier is known."""
    return tuple(weighed(profile))


def weighed(profile: Profile) -> dict[int, int]:
    """The same with how much it says that two share it, in pairs of letters by which their names may differ more."""
    country = country_key(profile.country)
    everywhere = [(f"# {scheme} {value}", IDENTIFIER) for scheme, value in profile.identifiers]
    local = [(f"{country} {key}", WEIGHTS[key[0]]) for key in (*_of_name(profile), *_of_address(profile))]
    found: dict[int, int] = {}
    for key, weight in (*everywhere, *local):
        found.setdefault(_number(key), weight)
    return found


def place_number(profile: Profile) -> int:
    """The place as a number of 32 bits, so that an index can hold it beside a key; 0 where it is not known."""
    place = address(None, None, profile.place).place
    return crc32(f"{country_key(profile.country)} {place}".encode()) - 2**31 if place else 0


def sign(name: str | None) -> int:
    """Which pairs of letters a name has, as 64 bits: names that are alike differ in few of them, whatever the order of the words."""
    bits = 0
    for word in core_name(name).words:
        for one, other in zip("^" + word, word + "$", strict=True):
            bits |= 1 << (crc32((one + other).encode()) % SIGN_BITS)
    return bits - 2**SIGN_BITS if bits >= 2 ** (SIGN_BITS - 1) else bits


def sounds(word: str) -> str:
    """A word by its consonants as they are heard, the first letter kept."""
    for written, heard in SOUNDS:
        word = word.replace(written, heard)
    return re.sub(r"(.)\1+", r"\1", word[:1] + re.sub(r"[aeiouh]", "", word[1:]))


def _of_name(profile: Profile) -> Iterator[str]:
    name = core_name(profile.name)
    for words in (name.words, *name.also):
        if words:
            yield from _of_words(words[:MOST_WORDS])


def _of_words(words: tuple[str, ...]) -> Iterator[str]:
    """By sound the first word and the two longest; their later halves; how the whole begins; two words by beginnings and by ends."""
    telling = dict.fromkeys((words[0], *sorted(words, key=len)[-2:]))
    for word in telling:
        yield f"s {sounds(word)}"
        if len(word) > ENDS:
            yield f"e {word[-max(ENDS, (len(word) + 1) // 2) :]}"
    yield f"b {''.join(words)[:ENDS]}"
    if len(words) > 1:
        yield "p " + " ".join(sorted(word[:PAIR] for word in words[:2]))
        yield "q " + " ".join(sorted(word[-PAIR:] for word in words[:2]))


def _of_address(profile: Profile) -> Iterator[str]:
    """The house; the postcode with the beginning of the name; the place with its beginning and its end."""
    here, glued = address(profile.street, profile.postcode, profile.place), "".join(core_name(profile.name).words)
    if here.exact:
        yield f"h {here.postcode} {here.number} {here.street[:ENDS]}"
    if here.postcode and glued:
        yield f"c {here.postcode} {glued[:PAIR]}"
    if here.place and glued:
        yield f"t {here.place} {glued[-PAIR:]}"
        yield f"u {here.place} {glued[:2]}"


def _number(key: str) -> int:
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big", signed=True)
