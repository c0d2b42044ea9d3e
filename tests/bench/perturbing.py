"""How a second source writes a company that the first one knows: one or two kinds of change a name, and what it leaves out.

``TUNED`` are the kinds that the method was chosen on; ``HELD_OUT`` were written down before any figure was looked at and are only ever
reported.
"""

import random
import re
from collections.abc import Callable
from dataclasses import replace

from dealreg.matching.profile import Pair, Profile
from tests.bench.synthetic_accounts import FORMS, Accounts

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _long_word(rng: random.Random, words: list[str], least: int = 4) -> int | None:
    able = [at for at, word in enumerate(words) if len(word) >= least and word.isalpha()]
    return rng.choice(able) if able else None


def _in_word(change: Callable[[random.Random, str], str]) -> Callable[[random.Random, list[str]], list[str]]:
    def changed(rng: random.Random, words: list[str]) -> list[str]:
        at = _long_word(rng, words)
        return words if at is None else [*words[:at], change(rng, words[at]), *words[at + 1 :]]

    return changed


def _substituted(rng: random.Random, word: str) -> str:
    at = rng.randrange(len(word))
    return word[:at] + rng.choice(LETTERS) + word[at + 1 :]


def _inserted(rng: random.Random, word: str) -> str:
    at = rng.randrange(len(word) + 1)
    return word[:at] + rng.choice(LETTERS) + word[at:]


def _deleted(rng: random.Random, word: str) -> str:
    at = rng.randrange(len(word))
    return word[:at] + word[at + 1 :]


def _swapped(rng: random.Random, word: str) -> str:
    at = rng.randrange(len(word) - 1)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _shuffled(rng: random.Random, words: list[str]) -> list[str]:
    return [*words[1:], words[0]] if len(words) > 1 else words


def _one_left_out(rng: random.Random, words: list[str]) -> list[str]:
    """The lead stays: who leaves it out names another company."""
    return words[:-1] if len(words) > 1 else words


def _one_added(rng: random.Random, words: list[str]) -> list[str]:
    return [*words, rng.choice(["Group", "International", "Services", "Europe", "Canada", "Solutions", "Deutschland"])]


def _abbreviated(rng: random.Random, words: list[str]) -> list[str]:
    at = _long_word(rng, words[1:], 6)
    return words if at is None else [*words[: at + 1], words[at + 1][: rng.choice((3, 4))] + ".", *words[at + 2 :]]


def _umlauts(rng: random.Random, words: list[str]) -> list[str]:
    spelled = {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "é": "e", "è": "e", "ç": "c"}
    text = " ".join(words)
    for sign, letters in spelled.items():
        text = text.replace(sign, letters if rng.random() < 0.6 else letters[0])
    return text.split()


def _case(rng: random.Random, words: list[str]) -> list[str]:
    return [word.upper() for word in words]


def _twice(rng: random.Random, word: str) -> str:
    return _substituted(rng, _deleted(rng, word)) if len(word) > 6 else _substituted(rng, word)


def _by_ear(rng: random.Random, word: str) -> str:
    for heard, written in (
        ("ph", "f"),
        ("ck", "k"),
        ("th", "t"),
        ("y", "i"),
        ("c", "k"),
        ("ss", "s"),
        ("s", "z"),
        ("v", "w"),
    ):
        if heard in word.lower():
            return re.sub(heard, written, word, count=1, flags=re.IGNORECASE)
    return word


def _initial(rng: random.Random, words: list[str]) -> list[str]:
    return [*words[:-1], words[-1][0] + "."] if len(words) > 1 else words


def _glued(rng: random.Random, words: list[str]) -> list[str]:
    return [words[0] + words[1].lower(), *words[2:]] if len(words) > 1 else words


def _split(rng: random.Random, words: list[str]) -> list[str]:
    word = words[0]
    at = len(word) // 2
    return [word[:at], word[at:].title(), *words[1:]] if len(word) > 7 else words


def _vowels_off(rng: random.Random, words: list[str]) -> list[str]:
    at = _long_word(rng, words[1:], 6)
    if at is None:
        return words
    word = words[at + 1]
    return [*words[: at + 1], word[0] + re.sub("[aeiou]", "", word[1:]), *words[at + 2 :]]


Kind = Callable[[random.Random, list[str]], list[str]]
TUNED: dict[str, Kind] = {
    "substituted": _in_word(_substituted), "inserted": _in_word(_inserted), "deleted": _in_word(_deleted), "swapped": _in_word(_swapped),
    "shuffled": _shuffled, "one left out": _one_left_out, "one added": _one_added, "abbreviated": _abbreviated, "umlauts": _umlauts,
    "case": _case,
}  # fmt: skip
HELD_OUT: dict[str, Kind] = {
    "two typos": _in_word(_twice), "by ear": _in_word(_by_ear), "initial": _initial, "glued": _glued, "split": _split,
    "vowels off": _vowels_off,
}  # fmt: skip


def perturbed(rng: random.Random, accounts: Accounts, known: Profile, kinds: dict[str, Kind]) -> tuple[Profile, str]:
    """The account as somebody else would tell of it, and which kinds of change were made."""
    country = known.country or "US"
    words = (known.name or "").split()
    form = next(
        (form for form in sorted(FORMS[country], key=len, reverse=True) if (known.name or "").endswith(f" {form}")), ""
    )
    core = words[: len(words) - len(form.split())]
    chosen = rng.sample(sorted(kinds), rng.choices((0, 1, 2), (15, 60, 25))[0])
    for kind in chosen:
        core = kinds[kind](rng, core)
    said = rng.random()
    form = form if said < 0.6 else rng.choice(FORMS[country]) if said < 0.7 else ""
    where = rng.random()
    towns = accounts.words.towns[country]
    place = known.place if where < 0.74 else rng.choice(towns) if where < 0.80 else None
    here = place == known.place
    street = _street(rng, known.street or "") if here and rng.random() < 0.55 else None
    postcode = known.postcode if here and rng.random() < 0.6 else None
    told = tuple(one for one in known.identifiers if _told(rng, one))
    return Profile(" ".join([*core, *form.split()]), country, place, street, postcode, told), "+".join(chosen) or "none"


def name_and_place(profile: Profile) -> Profile:
    """Only what a trigram index can use as well."""
    return replace(profile, street=None, postcode=None, identifiers=())


def _street(rng: random.Random, street: str) -> str:
    changed = street.replace("straße", "str.").replace("Street", "St.").replace("Avenue", "Ave").replace("Road", "Rd")
    return changed if rng.random() < 0.5 else street.upper()


def _told(rng: random.Random, one: Pair) -> bool:
    return rng.random() < (0.25 if one[0] == "duns" else 0.45)
