"""What is true of a registration by what was said in it."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from dealreg.registration import events as said
from dealreg.registration.identity_events import RegistrationRekeyed
from dealreg.vocabulary.fact import Aggregate, Event
from dealreg.vocabulary.values import Money


@dataclass(frozen=True, slots=True)
class Evidence:
    """A dated proof and who brought it."""

    kind: str
    dated_on: date
    added_by: str


@dataclass(frozen=True, slots=True)
class Registration:
    """One request for protection; ``closes_at`` is set while it is incomplete, ``answer_by`` while it is returned.

    ``changes`` are those of the distributor that ROE-17 counts, ``out`` the partners that such a change left behind.
    ``was_of`` are the customers on which it was filed before they were split, the first one first.
    """

    submitted: said.RegistrationSubmitted | None = None
    customer: UUID | None = None
    customer_name: str | None = None
    lines: tuple[said.RequestedLine, ...] = ()
    value: Money | None = None
    close_on: date | None = None
    contact: bool = False
    missing: tuple[str, ...] = ()
    closes_at: datetime | None = None
    completed_at: datetime | None = None
    priority_at: datetime | None = None
    rulebook_version: str | None = None
    counted_value: Money | None = None
    checked: tuple[said.CheckedLeg, ...] = ()
    returned: said.RegistrationReturned | None = None
    evidence: tuple[Evidence, ...] = ()
    stage: str | None = None
    reached: frozenset[str] = frozenset()
    outcome: said.OutcomeKind | None = None
    outcome_at: datetime | None = None
    withdrawn: frozenset[str] = field(default=frozenset())
    closed: bool = False
    hidden: bool = False
    changes: int = 0
    out: frozenset[str] = field(default=frozenset())
    was_of: tuple[UUID, ...] = ()

    @property
    def exists(self) -> bool:
        """Whether it was ever submitted."""
        return self.submitted is not None

    @property
    def parties(self) -> frozenset[str]:
        """Every partner that has a leg on one of its lines."""
        return frozenset(leg.partner for line in self.lines for leg in line.legs)


def evolve(state: Registration, event: Event) -> Registration:
    """The state after the event. Facts that only the customer file acts on leave it as it is."""
    match event:
        case said.RegistrationSubmitted():
            return _submitted(state, event)
        case said.RegistrationSupplemented():
            return _supplemented(state, event)
        case said.RegistrationFoundIncomplete():
            return replace(state, missing=event.missing, closes_at=event.closes_at)
        case said.RegistrationCompleted():
            return _completed(state, event)
        case said.RegistrationReturned():
            return replace(state, returned=event)
        case said.ScopeAmended():
            lines = (_narrowed(line, event) for line in state.lines)
            return replace(state, lines=tuple(lines))
        case said.EvidenceAdded():
            proof = Evidence(event.kind, event.dated_on, event.added_by)
            return replace(state, evidence=(*state.evidence, proof))
        case said.ProgressRecorded():
            reached = state.reached | ({event.stage} if event.stage is not None else set())
            return replace(state, stage=event.stage or state.stage, reached=reached)
        case said.OutcomeReported():
            return replace(state, outcome=event.outcome, outcome_at=event.closed_at)
        case said.RegistrationWithdrawn():
            return replace(state, withdrawn=state.withdrawn | {event.partner})
        case said.RegistrationClosed():
            return replace(state, closed=True, closes_at=None)
        case said.DistributorChanged():
            out = (state.out | set(event.left)) - {event.distributor}
            return replace(state, lines=event.lines, changes=state.changes + event.counts, out=out)
        case said.RegistrationHidden():
            return replace(state, hidden=True)
        case said.RegistrationShown():
            return replace(state, hidden=False)
        case RegistrationRekeyed():
            return replace(state, customer=event.customer, was_of=(*state.was_of, event.was))
        case _:
            return state


def _narrowed(line: said.RequestedLine, event: said.ScopeAmended) -> said.RequestedLine:
    return line.model_copy(update={"scope": event.scope}) if line.line == event.line else line


def _submitted(state: Registration, event: said.RegistrationSubmitted) -> Registration:
    return replace(
        state,
        submitted=event,
        customer=event.customer,
        customer_name=event.customer_name,
        lines=event.lines,
        value=event.value,
        close_on=event.close_on,
        contact=event.contact is not None,
        hidden=event.hidden,
    )


def _supplemented(state: Registration, event: said.RegistrationSupplemented) -> Registration:
    return replace(
        state,
        customer=event.customer or state.customer,
        customer_name=event.customer_name or state.customer_name,
        lines=event.lines if event.lines is not None else state.lines,
        value=event.value or state.value,
        close_on=event.close_on or state.close_on,
        contact=state.contact or event.contact is not None,
        returned=None,
    )


def _completed(state: Registration, event: said.RegistrationCompleted) -> Registration:
    return replace(
        state,
        completed_at=event.completed_at,
        priority_at=event.priority_at,
        rulebook_version=event.rulebook_version,
        counted_value=event.value,
        checked=event.checked,
        missing=(),
        closes_at=None,
        returned=None,
    )


REGISTRATION = Aggregate("registration", Registration(), evolve)
