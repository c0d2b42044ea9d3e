"""Keys under which a company is looked for: two spellings of one company share at least one of them.

Signed 64-bit numbers, so that one narrow index holds all kinds of key. A key finds candidates and decides nothing.
"""

from hashlib import blake2b

from dealreg.matching.core_name import core_name
from dealreg.matching.names import country_key
from dealreg.matching.profile import Profile


def keys(profile: Profile) -> tuple[int, ...]:
    """The keys of a company, each once; none for a name without a letter or digit."""
    words = core_name(profile.name).words
    if not words:
        return ()
    country = country_key(profile.country)
    glued = "".join(words)
    told = [f"g{glued[:6]}", f"s{''.join(sorted(words))[:7]}", *(f"w{word}" for word in sorted(words, key=len)[-2:])]
    return tuple(dict.fromkeys(number(country + one) for one in told))


def number(key: str) -> int:
    """The key as a signed number of 64 bits."""
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big", signed=True)
