"""Made accounts: as many as asked for, the same for the same seed, with names whose words come from real ones read at run time.

Real names (Canadian and Australian public contracts) give the trades with their frequencies, the first words, and a letter model from which
further words are coined, so that millions of accounts share words as real ones do: a few are in thousands of names, most in a handful. What
makes identity hard is made too: sisters in one house under one domain, franchises of one name in many towns, numbered companies.
"""

import csv
import random
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

from dealreg.matching.profile import Pair, Profile

DATA = Path(__file__).parents[3] / "shared" / "data"
BLOCK = 5_000
COUNTRIES = {
    "US": 30,
    "DE": 16,
    "GB": 12,
    "FR": 10,
    "CA": 8,
    "AU": 6,
    "IT": 5,
    "NL": 4,
    "ES": 4,
    "SE": 2,
    "CH": 2,
    "AT": 1,
}
FORMS = {
    "US": ["Inc.", "LLC", "Corp.", "Inc", "Co.", "L.P."], "DE": ["GmbH", "GmbH", "GmbH & Co. KG", "AG", "KG", "e.K."],
    "GB": ["Ltd", "Limited", "PLC", "LLP"], "FR": ["SARL", "SA", "S.A.S.", "EURL"], "CA": ["Inc.", "Ltd.", "Ltée", "Limited"],
    "AU": ["Pty Ltd", "Pty. Limited", "Limited"], "IT": ["S.r.l.", "S.p.A.", "srl"], "NL": ["B.V.", "BV", "N.V."],
    "ES": ["S.L.", "S.A.", "SL"], "SE": ["AB"], "CH": ["AG", "GmbH", "SA"], "AT": ["GmbH", "AG", "KG"],
}  # fmt: skip
TOWNS = {
    "US": "ville ton burg field",
    "DE": "hausen berg dorf stadt",
    "GB": "ham ton wick ford",
    "FR": "ville court ac y",
}
STREETS = {
    "DE": "straße weg platz",
    "AT": "gasse straße",
    "CH": "strasse weg",
    "FR": "rue",
    "IT": "Via",
    "ES": "Calle",
    "NL": "straat weg",
}
UMLAUTS = {
    "DE": ("ae", "oe", "ue", "ä", "ö", "ü"),
    "AT": ("ä", "ö", "ü"),
    "CH": ("ä", "ö", "ü", "é"),
    "SE": ("å", "ä", "ö"),
    "FR": ("é", "è", "ç"),
}
PLAIN = {"ä": "a", "ö": "o", "ü": "u", "å": "a", "é": "e", "è": "e", "ç": "c", "ae": "a", "oe": "o", "ue": "u"}
SISTER, FRANCHISE = 0.04, 0.02
SISTER_WORDS = [
    "Holding",
    "Services",
    "Real Estate",
    "Verwaltung",
    "Group",
    "International",
    "Logistics",
    "Management",
    "Trading",
]


@dataclass(frozen=True)
class Words:
    """What names are made of."""

    coined: list[str]
    leads: list[str]
    lead_weights: list[int]
    trades: list[str]
    trade_weights: list[int]
    towns: dict[str, list[str]]
    streets: dict[str, list[str]]


def real_names() -> list[str]:
    """Names of companies as public bodies wrote them, in lower case."""
    with (DATA / "goc_contracts" / "vendor_normalization_data.csv").open() as file:
        names = [row["company_name"] for row in csv.DictReader(file)]
    with (DATA / "act_contracts_2025" / "act_contracts_2025.csv").open() as file:
        names += sorted({row["suppliers"] for row in csv.DictReader(file)})
    return [name.lower() for name in names]


class Letters:
    """Which letter follows three others in real words: coins words that look like them."""

    def __init__(self, words: list[str]) -> None:
        follow: dict[str, list[str]] = defaultdict(list)
        for word in words:
            padded = f"^^^{word}$"
            for at in range(3, len(padded)):
                follow[padded[at - 3 : at]].append(padded[at])
        self._follow = dict(follow)

    def word(self, rng: random.Random, least: int, most: int) -> str:
        while True:
            word = "^^^"
            while not word.endswith("$") and len(word) < most + 5:
                word += self._follow[word[-3:]][int(rng.random() * len(self._follow[word[-3:]]))]
            if word.endswith("$") and least <= len(word) - 4 <= most:
                return word[3:-1]


def read_words(seed: int, coined: int) -> Words:
    """The word lists of a seed; ``coined`` is how many words are made beside the real ones."""
    rng = random.Random(seed)
    split = [
        [word for word in name.replace(",", " ").replace(".", " ").split() if word.isalpha()] for name in real_names()
    ]
    leads = Counter(words[0] for words in split if words and len(words[0]) > 2)
    trades = Counter(word for words in split for word in words[1:] if len(word) > 3)
    letters = Letters([word for word in leads if word.isascii()])
    made: dict[str, None] = {}
    while len(made) < coined:
        made[letters.word(rng, 4, 12)] = None
    towns = {
        country: [
            (letters.word(rng, 3, 7) + rng.choice(TOWNS.get(country, "a e o on is").split())).title()
            for _ in range(400)
        ]
        for country in COUNTRIES
    }
    streets = {country: [letters.word(rng, 4, 10).title() for _ in range(3_000)] for country in COUNTRIES}
    most = trades.most_common(900)
    return Words(
        list(made), list(leads), list(accumulate(leads.values())),
        [word for word, _ in most], list(accumulate(count for _, count in most)), towns, streets,
    )  # fmt: skip


class Accounts:
    """The accounts of a seed by number; those beyond the ones that were stored are companies that nobody knows."""

    def __init__(self, seed: int, size: int) -> None:
        self.seed, self.size = seed, size
        self.words = read_words(seed, max(20_000, size // 10))
        self._countries, self._weights = list(COUNTRIES), list(accumulate(COUNTRIES.values()))

    def __iter__(self) -> Iterator[Profile]:
        for block in range(-(-self.size // BLOCK)):
            yield from self.block(block)[: self.size - block * BLOCK]

    def profile(self, number: int) -> Profile:
        return _held(self, number // BLOCK)[number % BLOCK]

    def block(self, block: int) -> list[Profile]:
        rng = random.Random(f"{self.seed}:{block}")
        found: list[Profile] = []
        for number in range(block * BLOCK, (block + 1) * BLOCK):
            kind = rng.random()
            if found and kind < SISTER:
                found.append(self.sister(rng, found[-1], number))
            elif found and kind < SISTER + FRANCHISE:
                found.append(replace(self._account(rng, number, found[-1].country), name=found[-1].name))
            else:
                found.append(self._account(rng, number, None))
        return found

    def _account(self, rng: random.Random, number: int, country: str | None) -> Profile:
        where = country or self._countries[bisect(self._weights, rng.random() * self._weights[-1])]
        towns, streets = self.words.towns[where], self.words.streets[where]
        town = int(len(towns) ** rng.random()) - 1
        kinds = STREETS.get(where, "Street Road Avenue Lane Drive").split()
        name, kind, house = (
            streets[int(rng.random() * len(streets))],
            rng.choice(kinds),
            1 + int(250 * rng.random() ** 2),
        )
        if kind in {"rue", "Via", "Calle"}:
            street = f"{kind} {name} {house}"
        else:
            street = f"{name}{kind} {house}" if kind[0].islower() else f"{house} {name} {kind}"
        postcode = f"{10000 + town * 200 + int(20 * rng.random())}"
        core = self.core(rng, where, towns[town])
        form = rng.choice(FORMS[where])
        identifiers: list[Pair] = []
        if rng.random() < 0.45:
            identifiers.append(("duns", f"{100_000_000 + number}"))
        if rng.random() < 0.55:
            glued = "".join(sign for sign in core.lower() if sign.isascii() and sign.isalnum())[:20]
            identifiers.append(("domain", f"{glued}-{number}.example"))
        return Profile(f"{core} {form}", where, towns[town], street, postcode, tuple(identifiers))

    def sister(self, rng: random.Random, of: Profile, number: int) -> Profile:
        """Another company of the same house, often under the same domain, called nearly the same."""
        lead = (of.name or "").split()[0]
        name = f"{lead} {rng.choice(SISTER_WORDS) if rng.random() < 0.6 else self.trade(rng).title()} {rng.choice(FORMS[of.country or 'US'])}"
        domain = tuple(one for one in of.identifiers if one[0] == "domain" and rng.random() < 0.6)
        duns: tuple[Pair, ...] = (("duns", f"{100_000_000 + number}"),) if rng.random() < 0.45 else ()
        return replace(of, name=name, identifiers=duns + domain)

    def trade(self, rng: random.Random) -> str:
        return self.words.trades[bisect(self.words.trade_weights, rng.random() * self.words.trade_weights[-1] - 0.5)]

    def coined(self, rng: random.Random) -> str:
        """The density falls with the rank: the first word of half a million is in one name of two hundred."""
        return self.words.coined[int(len(self.words.coined) * rng.random() ** 2.3)]

    def core(self, rng: random.Random, country: str, town: str) -> str:
        """A name without its legal form."""
        words, kind = self.words, rng.random()
        lead = self.coined(rng)
        if kind < 0.30:
            name = f"{lead} {self.trade(rng)}"
        elif kind < 0.42:
            name = words.coined[int(len(words.coined) * rng.random() ** 1.3)]
        elif kind < 0.54:
            name = f"{lead} {self.trade(rng)} {self.trade(rng)}"
        elif kind < 0.64:
            name = f"{lead} & {self.coined(rng)}" + (f" {self.trade(rng)}" if rng.random() < 0.5 else "")
        elif kind < 0.76:
            name = f"{words.leads[bisect(words.lead_weights, rng.random() * words.lead_weights[-1] - 0.5)]} {self.trade(rng)}"
        elif kind < 0.82:
            name = (
                "".join(rng.choices("abcdefghiklmnoprstuvwz", k=rng.choice((2, 3, 3)))).upper() + f" {self.trade(rng)}"
            )
        elif kind < 0.87:
            name = f"{town} {self.trade(rng)}"
        elif kind < 0.89:
            name = f"{1_000_000 + int(9_000_000 * rng.random())} {town}"
        elif kind < 0.95:
            name = f"{rng.choice(words.leads)} {lead} {self.trade(rng)}"
        else:
            name = f"{lead} {town}"
        titled = " ".join(word if word.isupper() else word.title() for word in name.split())
        return _accented(rng, titled, country)


def _accented(rng: random.Random, name: str, country: str) -> str:
    """Some vowels as the country writes them."""
    for sign in UMLAUTS.get(country, ()):
        if PLAIN[sign] in name[1:] and rng.random() < 0.1:
            return name[0] + name[1:].replace(PLAIN[sign], sign, 1)
    return name


@lru_cache(maxsize=400)
def _held(accounts: Accounts, block: int) -> list[Profile]:
    return accounts.block(block)
