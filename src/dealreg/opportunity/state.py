"""An opportunity as its CRM knows it, folded in the CRM's own order whatever the order of arrival (architecture D4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from dealreg.opportunity.events import (
    CUSTOM,
    FIELDS,
    IDENTIFIER,
    WHOLE,
    Change,
    OpportunityChanged,
    OpportunityWentStale,
    Said,
    names_of,
)
from dealreg.vocabulary.fact import Aggregate, Event
from dealreg.vocabulary.values import Money

EXISTENCE = "existence"
"""Whether the record is there folds like a field, under this name: created and undeleted against deleted."""

Order = tuple[str, str]
"""The source's order of a message, then its digest."""

_NOTHING = Said()


@dataclass(frozen=True, slots=True)
class Opportunity:
    """What is known now.

    ``values`` holds the current values (``None`` is empty); ``changed`` names the fields whose value the newest fact altered (custom
    ones as ``custom:<name>``, identifiers as ``identifier:<scheme>``, deletion as ``existence``); ``orders`` says how new each field is; ``digests`` are the messages that
    changed something: the inbox. ``whole`` is the newest message after which everything was known, ``gap`` the newest after which it was not.
    """

    source: str = ""
    record: str = ""
    values: Said = _NOTHING
    deleted: bool = False
    changed: frozenset[str] = frozenset()
    changed_at: datetime | None = None
    orders: Mapping[str, Order] = field(default_factory=lambda: MappingProxyType({}))
    digests: frozenset[str] = frozenset()
    whole: Order | None = None
    gap: Order | None = None

    @property
    def stale(self) -> bool:
        """Whether the CRM knows something of it that is not known here (ROE-22)."""
        return self.gap is not None and (self.whole is None or self.whole < self.gap)

    @property
    def exists(self) -> bool:
        """Whether anything is known of it and its newest word is not that it was deleted."""
        return bool(self.digests) and not self.deleted

    @property
    def value(self) -> Money | None:
        """Amount and currency, where both are known."""
        if self.values.amount is None or self.values.currency is None:
            return None
        return Money(amount=self.values.amount, currency=self.values.currency)


def evolve(state: Opportunity, event: Event) -> Opportunity:
    """The state after a fact; whether each of its fields is newer was decided when it was made."""
    if isinstance(event, OpportunityWentStale):
        gap = (event.order, event.message)
        return replace(
            state,
            source=event.source,
            record=event.record,
            digests=state.digests | {event.message},
            gap=max(state.gap or gap, gap),
            changed=frozenset(),
        )
    if not isinstance(event, OpportunityChanged):
        return state
    values = _values(state.values, event)
    deleted = _deleted(state, event)
    order = (event.order, event.message)
    return replace(
        state,
        source=event.source,
        record=event.record,
        values=values,
        deleted=deleted,
        changed=_differing(state.values, values) | ({EXISTENCE} if deleted != state.deleted else set()),
        changed_at=event.changed_at if state.changed_at is None else max(state.changed_at, event.changed_at),
        orders=MappingProxyType({**state.orders, **dict.fromkeys(_touched(event), order)}),
        digests=state.digests | {event.message},
        whole=max(state.whole or order, order) if event.change in WHOLE else state.whole,
    )


def _touched(event: OpportunityChanged) -> list[str]:
    """The fields that the fact sets or empties, and existence where it speaks of that and does not come late."""
    exists = [EXISTENCE] if event.change is not Change.UPDATED and EXISTENCE not in event.late else []
    return [*names_of(event), *event.nulled, *exists]


def _deleted(state: Opportunity, event: OpportunityChanged) -> bool:
    if event.change is Change.UPDATED or EXISTENCE in event.late:
        return state.deleted
    return event.change is Change.DELETED


def _values(before: Said, event: OpportunityChanged) -> Said:
    update: dict[str, Any] = {name: getattr(event, name) for name in FIELDS if getattr(event, name) is not None}
    update |= {name: None for name in event.nulled if name in FIELDS}
    keyed = _keyed(before) | _keyed(event)
    for name in event.nulled:
        keyed.pop(name, None)
    update["identifiers"] = tuple(keyed[name] for name in sorted(keyed) if name.startswith(IDENTIFIER))
    update["custom"] = tuple(keyed[name] for name in sorted(keyed) if name.startswith(CUSTOM))
    return before.model_copy(update=update)


def _keyed(said: Said) -> dict[str, Any]:
    """Identifiers and custom fields, each by the name under which it folds."""
    schemes = {IDENTIFIER + one.scheme: one for one in said.identifiers}
    return {**schemes, **{CUSTOM + one.name: one for one in said.custom}}


def _differing(before: Said, after: Said) -> frozenset[str]:
    """The names of the fields whose value is another than before."""
    old, new = _keyed(before), _keyed(after)
    keyed = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    return frozenset(keyed | {name for name in FIELDS if getattr(before, name) != getattr(after, name)})


OPPORTUNITY = Aggregate("opportunity", Opportunity(), evolve)
