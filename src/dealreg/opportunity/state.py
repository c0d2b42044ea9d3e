"""An opportunity as its CRM knows it, folded in the CRM's own order whatever the order of arrival (architecture D4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from dealreg.opportunity.events import FIELDS, OpportunityChanged, OpportunityWentStale, Said, names_of
from dealreg.vocabulary.crm_record import EXISTENCE, WHOLE, Change, Order, differing, taken
from dealreg.vocabulary.fact import Aggregate, Event
from dealreg.vocabulary.values import Money

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
    values = taken(state.values, event, event.nulled, FIELDS)
    deleted = _deleted(state, event)
    order = (event.order, event.message)
    return replace(
        state,
        source=event.source,
        record=event.record,
        values=values,
        deleted=deleted,
        changed=differing(state.values, values, FIELDS) | ({EXISTENCE} if deleted != state.deleted else set()),
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


OPPORTUNITY = Aggregate("opportunity", Opportunity(), evolve)
