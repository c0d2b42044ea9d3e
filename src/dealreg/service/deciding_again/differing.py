"""What differs between two lists of facts, said field by field."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import JsonValue

from dealreg.vocabulary.fact import Event, Fact
from dealreg.vocabulary.values import Model

NAMED_BY = ("registration", "line", "tier", "partner", "conflict", "override", "customer")
"""Fields that say of what a fact is, where it has them."""

FactKey = tuple[Any, ...]


class Difference(Model):
    """One thing that is not the same: what, as it was recorded, and as it comes out now; ``None`` where it is not there."""

    what: str
    recorded: str | None
    again: str | None


def of_facts(recorded: Sequence[Fact], again: Sequence[Fact]) -> list[Difference]:
    """Facts that only one of two lists has, and fields in which two facts about the same thing differ."""
    if list(recorded) == list(again):
        return []
    before, now = _keyed(recorded), _keyed(again)
    found = [one for key in before if key in now for one in _between(before[key], now[key])]
    found += [Difference(what=told(fact.event), recorded="recorded", again=None) for fact in _only(before, now)]
    found += [Difference(what=told(fact.event), recorded=None, again="decided") for fact in _only(now, before)]
    return found or [Difference(what="order of the facts", recorded=_order(recorded), again=_order(again))]


def of_answers(recorded: Mapping[str, JsonValue] | None, again: Mapping[str, JsonValue] | None) -> list[Difference]:
    """Parts of what the caller was told; nothing where no answer was recorded."""
    if recorded is None or recorded == again:
        return []
    now = again or {}
    return [
        Difference(what=f"answer: {name}", recorded=str(recorded.get(name)), again=str(now.get(name)))
        for name in sorted({*recorded, *now})
        if recorded.get(name) != now.get(name)
    ]


def told(event: Event) -> str:
    """A fact in a few words: its name and the line it is about."""
    line = getattr(event, "line", None)
    return f"{event.NAME.rpartition('.v')[0].replace('_', ' ')}{f' on {line}' if isinstance(line, str) else ''}"


def _keyed(facts: Sequence[Fact]) -> dict[FactKey, Fact]:
    """Facts by what they are of, and the how manieth of that."""
    times: Counter[FactKey] = Counter()
    found = {}
    for fact in facts:
        key = (fact.stream, fact.event.NAME, *(str(getattr(fact.event, name, "")) for name in NAMED_BY))
        times[key] += 1
        found[*key, times[key]] = fact
    return found


def _only(one: Mapping[FactKey, Fact], other: Mapping[FactKey, Fact]) -> list[Fact]:
    return [fact for key, fact in one.items() if key not in other]


def _between(recorded: Fact, again: Fact) -> Iterator[Difference]:
    if recorded.event != again.event:
        before, now = recorded.event.model_dump(mode="json"), again.event.model_dump(mode="json")
        for name in (name for name in before if before[name] != now[name]):
            yield Difference(what=f"{told(recorded.event)}: {name}", recorded=str(before[name]), again=str(now[name]))
    if recorded.effective_at != again.effective_at:
        yield Difference(
            what=f"{told(recorded.event)}: takes effect",
            recorded=recorded.effective_at.isoformat(),
            again=again.effective_at.isoformat(),
        )


def _order(facts: Sequence[Fact]) -> str:
    return ", ".join(told(fact.event) for fact in facts)
