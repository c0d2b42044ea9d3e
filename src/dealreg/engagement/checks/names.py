"""Names: each defined once, none that looks like another, none used that nothing defines."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from dealreg.engagement.checks.currencies import CURRENCIES
from dealreg.engagement.checks.fault import Fault, Place
from dealreg.engagement.rulebook import RulebookDocument

SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")
"""Alphabets whose letters are taken for one another."""


def faults(document: RulebookDocument) -> Iterator[Fault]:
    """Everything that is wrong with the names of a document."""
    yield from _listed(document)
    yield from _defined(document)
    yield from _currencies(document)


def _listed(document: RulebookDocument) -> Iterator[Fault]:
    levels = ("clauses", "ROE-33", "levels")
    yield from _apart(("territories",), [node.territory for node in document.territories], "territory")
    yield from _apart(("product_lines",), [line.line for line in document.product_lines], "line")
    yield from _apart(("stages",), document.stages)
    yield from _apart(("sources",), [rules.source for rules in document.sources], "source")
    yield from _apart(("tracks",), [rules.track.value for rules in document.tracks], "track")
    yield from _apart(("custom_fields",), [field.name for field in document.custom_fields], "name")
    yield from _apart(levels, [level.level for level in document.clauses.special_price.levels], "level")
    yield from _once(
        ("rates",),
        [(rate.from_currency, rate.to_currency, rate.day.isoformat()) for rate in document.rates],
        "gives two rates of one day: it cannot be told which counts; keep one",
    )


def _apart(place: Place, names: Sequence[str], key: str | None = None) -> Iterator[Fault]:
    """Each name once, and none that a reader takes for another."""
    seen: dict[str, int] = {}
    for number, name in enumerate(names):
        at = (*place, number, key) if key else (*place, number)
        first = seen.setdefault(_looks(name), number)
        if first != number and names[first] == name:
            yield Fault(at, f"{name!r} is there twice; keep one of them")
        elif first != number:
            yield Fault(at, f"{name!r} looks like {names[first]!r}; give one of them another name")
        if (odd := _odd(name)) is not None:
            yield Fault(at, f"{name!r} {odd}")


def _looks(name: str) -> str:
    """What is left of a name when case, accents of writing and spaces are taken away."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def _odd(name: str) -> str | None:
    """What would make a name look like another, or like nothing."""
    hidden = next((char for char in name if unicodedata.category(char) in {"Cc", "Cf", "Co", "Cn", "Zl", "Zp"}), None)
    if hidden is not None:
        return f"holds the invisible character U+{ord(hidden):04X}; remove it"
    known = {unicodedata.name(char, "").split(" ")[0] for char in name if char.isalpha()} & set(SCRIPTS)
    return (
        f"mixes letters of {' and '.join(sorted(known))}, which look alike; write it in one alphabet"
        if len(known) > 1
        else None
    )


def _once(place: Place, keys: Iterable[Any], said: str) -> Iterator[Fault]:
    seen = set()
    for number, key in enumerate(keys):
        if key in seen:
            yield Fault((*place, number), said)
        seen.add(key)


def _defined(document: RulebookDocument) -> Iterator[Fault]:
    lines = {line.line for line in document.product_lines}
    tracks = {rules.track for rules in document.tracks}
    for number, rules in enumerate(document.tracks):
        for place, line in enumerate(rules.lines):
            if line not in lines:
                yield Fault(
                    ("tracks", number, "lines", place), f"product line {line!r} is not defined; add it or correct it"
                )
        if rules.leg is None and rules.window_days is not None:
            yield Fault(
                ("tracks", number, "window_days"), f"track {rules.track} has no leg, so no window; leave it out"
            )
    for number, product in enumerate(document.product_lines):
        if not product.tracks:
            yield Fault(
                ("product_lines", number, "tracks"), f"no track may claim {product.line!r}; name one or leave it out"
            )
        for place, track in enumerate(product.tracks if "tracks" in product.model_fields_set else ()):
            if track not in tracks:
                yield Fault(
                    ("product_lines", number, "tracks", place), f"track {track} is not defined; add it to tracks"
                )
    taken = document.clauses.evidence.kinds
    for place, kind in enumerate(document.clauses.completeness.evidence):
        if taken and kind not in taken:
            yield Fault(
                ("clauses", "ROE-2", "evidence", place),
                f"ROE-26 takes no evidence of kind {kind!r}; add it to its kinds",
            )


def _currencies(document: RulebookDocument) -> Iterator[Fault]:
    if document.currency not in CURRENCIES:
        yield Fault(("currency",), f"{document.currency!r} is no currency of ISO 4217, such as EUR")
    for number, rate in enumerate(document.rates):
        for key in ("from_currency", "to_currency"):
            if getattr(rate, key) not in CURRENCIES:
                yield Fault(("rates", number, key), f"{getattr(rate, key)!r} is no currency of ISO 4217, such as USD")
        if rate.to_currency != document.currency or rate.from_currency == document.currency:
            yield Fault(
                ("rates", number),
                f"is never asked for: rates lead from another currency into {document.currency}; turn it round",
            )
