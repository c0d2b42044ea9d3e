"""An account as its CRM knows it, and how far what it says of other accounts has taken effect."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from dealreg.account import events as facts
from dealreg.account.events import FIELDS, AccountSaid, names_of
from dealreg.vocabulary.crm_record import EXISTENCE, WHOLE, Change, Order, differing, taken
from dealreg.vocabulary.fact import Aggregate, Event

_NOTHING = AccountSaid()


@dataclass(frozen=True, slots=True)
class Placing:
    """Which company was named above an end customer on this account's word, since when, and which of its placings it is."""

    customer: UUID
    parent: UUID | None
    held_from: datetime
    turn: int


@dataclass(frozen=True, slots=True)
class Account:
    """What is known now; the first nine as in an opportunity.

    ``customer`` is who the account was when it became known who it is; after merges of customers, whom its id names counts.
    ``awaited_by`` are the records that name it and have waited for that. ``merged`` are the two customers that a merge of the CRM made one,
    with the record that survived. ``refused`` says, by field, which record it names in vain and why.
    """

    source: str = ""
    record: str = ""
    values: AccountSaid = _NOTHING
    deleted: bool = False
    changed: frozenset[str] = frozenset()
    changed_at: datetime | None = None
    orders: Mapping[str, Order] = field(default_factory=lambda: MappingProxyType({}))
    digests: frozenset[str] = frozenset()
    whole: Order | None = None
    gap: Order | None = None
    customer: UUID | None = None
    awaited_by: frozenset[str] = frozenset()
    placing: Placing | None = None
    merged: tuple[str, UUID, UUID] | None = None
    refused: Mapping[str, tuple[str, str]] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def stale(self) -> bool:
        """Whether the CRM knows something of it that is not known here (ROE-22)."""
        return self.gap is not None and (self.whole is None or self.whole < self.gap)

    @property
    def known(self) -> bool:
        """Whether any message told something of it."""
        return bool(self.orders)

    @property
    def lives(self) -> bool:
        """Whether anything is known of it and its newest word is neither that it was deleted nor that it was merged."""
        return self.known and not self.deleted and self.values.merged_into is None


def _changed(state: Account, event: facts.AccountChanged) -> Account:
    values = taken(state.values, event, event.nulled, FIELDS)
    speaks = event.change is not Change.UPDATED and EXISTENCE not in event.late
    deleted = event.change is Change.DELETED if speaks else state.deleted
    order = (event.order, event.message)
    touched = [*names_of(event), *event.nulled, *([EXISTENCE] if speaks else [])]
    changed = differing(state.values, values, FIELDS) | ({EXISTENCE} if deleted != state.deleted else set())
    return replace(
        state,
        source=event.source,
        record=event.record,
        values=values,
        deleted=deleted,
        changed=changed,
        changed_at=event.changed_at if state.changed_at is None else max(state.changed_at, event.changed_at),
        orders=MappingProxyType({**state.orders, **dict.fromkeys(touched, order)}),
        digests=state.digests | {event.message},
        whole=max(state.whole or order, order) if event.change in WHOLE else state.whole,
        refused=_without(state.refused, changed),
    )


def _without(refused: Mapping[str, tuple[str, str]], fields: frozenset[str]) -> Mapping[str, tuple[str, str]]:
    """What is said anew is judged anew."""
    return MappingProxyType({name: why for name, why in refused.items() if name not in fields})


def _went_stale(state: Account, event: facts.AccountWentStale) -> Account:
    gap = (event.order, event.message)
    return replace(
        state,
        source=event.source,
        record=event.record,
        digests=state.digests | {event.message},
        gap=max(state.gap or gap, gap),
        changed=frozenset(),
    )


def _resolved(state: Account, event: facts.AccountResolved) -> Account:
    return replace(state, source=event.source, record=event.record, customer=event.customer)


def _awaited(state: Account, event: facts.AccountAwaited) -> Account:
    return replace(state, source=event.source, record=event.record, awaited_by=state.awaited_by | {event.awaited_by})


def _followed(state: Account, event: facts.AccountFollowed) -> Account:
    return replace(state, awaited_by=state.awaited_by - frozenset(event.records))


def _placed(state: Account, event: facts.AccountPlaced) -> Account:
    placing = Placing(event.customer, event.parent, event.held_from, event.turn)
    return replace(state, placing=placing, refused=_without(state.refused, frozenset({"parent"})))


def _merged(state: Account, event: facts.AccountMerged) -> Account:
    merged = (event.merged_into, event.absorbed, event.into)
    return replace(state, merged=merged, refused=_without(state.refused, frozenset({"merged_into"})))


def _parted(state: Account, event: facts.AccountParted) -> Account:
    del event
    return replace(state, merged=None, refused=_without(state.refused, frozenset({"merged_into"})))


def _refused(state: Account, event: facts.AccountLinkRefused) -> Account:
    return replace(state, refused=MappingProxyType({**state.refused, event.field: (event.named, event.reason)}))


def _settled(state: Account, event: facts.AccountLinkSettled) -> Account:
    return replace(state, refused=_without(state.refused, frozenset({event.field})))


_STEPS: dict[type[Event], Callable[[Account, Any], Account]] = {
    facts.AccountChanged: _changed,
    facts.AccountWentStale: _went_stale,
    facts.AccountResolved: _resolved,
    facts.AccountAwaited: _awaited,
    facts.AccountFollowed: _followed,
    facts.AccountPlaced: _placed,
    facts.AccountMerged: _merged,
    facts.AccountParted: _parted,
    facts.AccountLinkRefused: _refused,
    facts.AccountLinkSettled: _settled,
}


def evolve(state: Account, event: Event) -> Account:
    """The state after a fact; whether each of its fields is newer was decided when it was made."""
    step = _STEPS.get(type(event))
    return step(state, event) if step is not None else state


ACCOUNT = Aggregate("account", Account(), evolve)
