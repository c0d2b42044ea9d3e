"""How well names alone tell companies: the labelled pairs of Canadian suppliers, with everything chosen on one half and reported on the other.

What the file calls a match is a *corporate family* (acquisitions and dealers included), not a legal entity: a comparator of names can reach
neither all of it (``CDW`` is ``Scalar Decisions``) nor should a match be *same*. The halves share no family. The baseline is token sort of
the same file's note, after legal forms are taken off; both thresholds are those that are best on the half that was looked at.
"""

import csv
import gzip
import hashlib
import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

from rapidfuzz import fuzz

from dealreg.matching.alike import alike
from dealreg.matching.core_name import core_name
from dealreg.matching.names import comparable
from tests.bench.measuring import Figure, Report
from tests.bench.synthetic_accounts import DATA

ROUNDS = 1_000


class Pair(NamedTuple):
    one: str
    other: str
    match: bool
    families: tuple[str, str]


class Quality(NamedTuple):
    f1: float
    precision: float
    recall: float


def ours(one: str, other: str) -> float:
    return alike(core_name(one), core_name(other))


def baseline(one: str, other: str) -> float:
    return fuzz.token_sort_ratio(comparable(one), comparable(other)) / 100


def test_names_of_families(report: Report) -> None:
    pairs = _pairs()
    looked, held = ([pair for pair in pairs if all(_half(one) == half for one in pair.families)] for half in (0, 1))
    rows: list[dict[str, Figure]] = []
    scored = {}
    for name, way in (("token sort", baseline), ("ours", ours)):
        at = _best(looked, way)
        scored[name] = [(pair, way(pair.one, pair.other) >= at) for pair in held]
        for half, among in (("looked at", looked), ("held out", held), ("whole file", pairs)):
            found = _quality([(pair.match, way(pair.one, pair.other) >= at) for pair in among])
            figures: dict[str, Figure] = {key: round(value, 4) for key, value in found._asdict().items()}
            rows.append(
                {
                    "way": name,
                    "half": half,
                    "pairs": len(among),
                    "matches": sum(pair.match for pair in among),
                    "from": round(at, 3),
                    **figures,
                }
            )
    report.say("comparing: names of families", rows)
    report.say("comparing: held out, by families drawn anew", [_gain(scored)])


def test_names_of_companies(report: Report) -> None:
    """Two small files of legal entities; nothing was chosen on them but the one threshold that a person is asked from."""
    rows: list[dict[str, Figure]] = []
    for file, pairs in (
        ("201 pairs of Dutch companies", _dutch()),
        ("misspelt made names, with the three nearest others", _made()),
    ):
        for name, way in (("token sort", baseline), ("ours", ours)):
            at = _best(pairs, way)
            found = _quality([(pair.match, way(pair.one, pair.other) >= at) for pair in pairs])
            rows.append(
                {
                    "file": file,
                    "way": name,
                    "pairs": len(pairs),
                    **{key: round(value, 3) for key, value in found._asdict().items()},
                }
            )
    report.say("comparing: names of companies, each at its own best threshold", rows)


def _pairs() -> list[Pair]:
    folder = DATA / "goc_contracts"
    with (folder / "original_vendor_names.csv").open() as file:
        families = [row["normalized_vendor_name"] for row in csv.DictReader(file)]
    with (folder / "labelled_name_pairs.csv").open() as file:
        return [
            Pair(
                row["name_a"],
                row["name_b"],
                row["label"] == "1",
                (families[int(row["id_a"])], families[int(row["id_b"])]),
            )
            for row in csv.DictReader(file)
        ]


def _dutch() -> list[Pair]:
    with gzip.open(DATA / "company_legal_forms" / "ing_emm_unittest_sample_namepairs.csv.gz", "rt") as file:
        return [Pair(row["gt_name"], row["name"], row["correct"] == "True", ("", "")) for row in csv.DictReader(file)]


def _made() -> list[Pair]:
    read = []
    for part in ("dnb_test_names.csv", "dnb_adjusted_test_names.csv"):
        with (DATA / "company_legal_forms" / part).open() as file:
            read.append({row[""]: row["company_name"] for row in csv.DictReader(file)})
    names, misspelt = read
    pairs = []
    for number, written in misspelt.items():
        if number in names:
            near = sorted(
                (name for other, name in names.items() if other != number),
                key=lambda name: -fuzz.token_sort_ratio(written, name),
            )
            pairs += [
                Pair(written, names[number], True, ("", "")),
                *(Pair(written, name, False, ("", "")) for name in near[:3]),
            ]
    return [pair for pair in pairs if pair.match or core_name(pair.one).words != core_name(pair.other).words]


def _half(family: str) -> int:
    return hashlib.sha256(family.encode()).digest()[0] % 2


def _best(pairs: Sequence[Pair], way: Callable[[str, str], float]) -> float:
    scored = sorted(((way(pair.one, pair.other), pair.match) for pair in pairs), reverse=True)
    matches = sum(pair.match for pair in pairs)
    right, best, at = 0, 0.0, 1.0
    for count, (score, match) in enumerate(scored, 1):
        right += match
        f1 = 2 * right / (count + matches)
        if f1 > best and (count == len(scored) or scored[count][0] < score):
            best, at = f1, score
    return at


def _quality(told: Sequence[tuple[bool, bool]]) -> Quality:
    right = sum(match and said for match, said in told)
    said, matches = sum(said for _, said in told), sum(match for match, _ in told)
    return Quality(2 * right / (said + matches), right / said, right / matches)


def _gain(scored: dict[str, list[tuple[Pair, bool]]]) -> dict[str, Figure]:
    """Families are drawn, not pairs: those of one family rise and fall together. Both ways are asked about the same draw."""
    rng = random.Random(1)
    by_family: dict[str, list[int]] = {}
    pairs = [pair for pair, _ in scored["ours"]]
    for at, pair in enumerate(pairs):
        by_family.setdefault(pair.families[0], []).append(at)
    families, gains = sorted(by_family), []
    for _ in range(ROUNDS):
        drawn = [at for family in rng.choices(families, k=len(families)) for at in by_family[family]]
        f1 = {name: _quality([(pairs[at].match, told[at][1]) for at in drawn]).f1 for name, told in scored.items()}
        gains.append(f1["ours"] - f1["token sort"])
    gains.sort()
    return {
        "families": len(families),
        "F1 more than token sort, median": round(gains[ROUNDS // 2], 4),
        "95 %": f"{gains[ROUNDS * 25 // 1000]:.4f} to {gains[ROUNDS * 975 // 1000]:.4f}",
    }
