"""What two outcomes differ in, as changes of a report."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dealreg.service.backtest.report import Change, Kind, Side
from dealreg.service.backtest.said import Known, Outcomes, Said, Slot

KINDS = {"ruling": Kind.RULING, "proposal": Kind.PROPOSAL, "leg": Kind.WINDOW}


@dataclass(frozen=True, slots=True)
class Where:
    """The decision that a change is told of."""

    decision: str | None = None
    command: str | None = None


def changes_between(recorded: Outcomes, candidate: Outcomes, known: Known, where: Where) -> Iterator[Change]:
    """Every thing that came out otherwise, each once.

    A leg's window is not told again where its whole claim came out otherwise, nor a proposal where the ruling on it did.
    """
    moved = {
        (slot.registration, slot.line)
        for slot in {**recorded, **candidate}
        if slot.about == "claim" and _differ(recorded.get(slot), candidate.get(slot))
    }
    for slot in {**recorded, **candidate}:
        before, now = recorded.get(slot), candidate.get(slot)
        if slot.about == "completeness" or not _differ(before, now):
            continue
        if slot.about == "leg" and (slot.registration, slot.line) in moved:
            continue
        ruling = slot._replace(about="ruling")
        if slot.about == "proposal" and _differ(recorded.get(ruling), candidate.get(ruling)):
            continue
        yield _change(
            slot, before or _nothing(slot, recorded, now), now or _nothing(slot, candidate, before), known, where
        )


def refusal(
    at: datetime, clause: str | None, reason: str, registration: UUID | None, known: Known, where: Where
) -> Change:  # fmt: skip
    """A whole decision that could not have been asked under the candidate."""
    before = Said("decided", at)
    now = Said("refused", at, clause, reason)
    return _change(Slot("request", registration, None), before, now, known, where)


def _differ(one: Said | None, other: Said | None) -> bool:
    """Whether two sides say something else; what neither speaks of does not differ."""
    return one is not other and (one is None or not one.same_as(other))


def _nothing(slot: Slot, outcomes: Outcomes, other: Said | None) -> Said:
    """What stands where one side says nothing: where its registration was not complete, that is why."""
    incomplete = outcomes.get(Slot("completeness", slot.registration, None))
    if incomplete is not None and incomplete.word == "incomplete":
        return incomplete
    if other is None:
        raise AssertionError(f"neither side says anything of {slot}")
    return Said("nothing", other.at)


def _change(slot: Slot, before: Said, now: Said, known: Known, where: Where) -> Change:
    customer = known.customers.get(slot.registration) if slot.registration else None
    return Change(
        kind=_kind(slot, before, now),
        at=min(before.at, now.at),
        decision=where.decision,
        command=where.command,
        customer=customer,
        customer_name=known.names.get(customer) if customer else None,
        registration=slot.registration,
        line=slot.line,
        tier=slot.tier,
        partner=known.filed_by.get(slot.registration) if slot.registration else None,
        recorded=_side(before),
        candidate=_side(now),
    )


def _kind(slot: Slot, before: Said, now: Said) -> Kind:
    if slot.about in KINDS:
        return KINDS[slot.about]
    words = {before.word, now.word}
    if slot.about == "request":
        return Kind.REFUSAL
    if slot.about != "claim":
        return Kind.OTHER
    if "declined" in words:
        return Kind.DECLINE
    return Kind.APPROVAL if "approved" in words else Kind.WAITING


def _side(said: Said) -> Side:
    return Side(outcome=said.word, clause=said.clause, reason=said.reason, to=said.to)
