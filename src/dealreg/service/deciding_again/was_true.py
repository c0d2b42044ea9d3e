"""What was true before a decision, in sentences: every partner, file, conflict, override and rulebook that it looked at."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import singledispatch
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from dealreg.conflict.state import Conflict
from dealreg.customer.state import Customer
from dealreg.file.state import Claim, CustomerFile, Leg
from dealreg.opportunity.state import Opportunity
from dealreg.override.state import Override
from dealreg.partner.state import Partner
from dealreg.pricing.state import SpecialPrice
from dealreg.registration.state import Registration
from dealreg.rulebook.state import Rulebook
from dealreg.service.deciding_again.decision import Decision
from dealreg.service.deciding_again.past import Past
from dealreg.vocabulary.ids import StreamId

ORDER = (Rulebook, Registration, Partner, Customer, CustomerFile, Conflict, Override, SpecialPrice, Opportunity)
"""In which order they are told."""


def was_true(decision: Decision, past: Past, at: datetime) -> tuple[str, ...]:
    """A sentence or more for each stream that the decision read and that had facts."""
    states = _read(decision, past)
    zone = next((_zone(state, at) for state in states.values() if isinstance(state, Rulebook)), ZoneInfo("UTC"))
    told = sorted(
        (state for state in states.values() if type(state) in ORDER), key=lambda state: ORDER.index(type(state))
    )
    return tuple(sentence for state in told for sentence in _told(state, at, zone))


def _read(decision: Decision, past: Past) -> Mapping[str, Any]:
    held = ((stream, past.held.get(StreamId(UUID(stream)))) for stream in decision.meta.read)
    return {stream: one.state for stream, one in held if one is not None and one.version}


def _zone(rulebook: Rulebook, at: datetime) -> ZoneInfo:
    document = rulebook.in_force(at)
    return document.zone if document is not None else ZoneInfo("UTC")


@singledispatch
def _told(_state: object, _at: datetime, _zone: ZoneInfo) -> Iterator[str]:
    """Of what has nothing to say (an identifier, a name's key) nothing is said."""
    yield from ()


@_told.register
def _(state: Rulebook, at: datetime, _zone: ZoneInfo) -> Iterator[str]:
    document = state.in_force(at)
    if document is not None:
        yield f"rulebook {document.version} was in force, with the doctrine {document.clauses.priority.doctrine} (ROE-4)"


@_told.register
def _(state: Registration, _at: datetime, zone: ZoneInfo) -> Iterator[str]:
    if state.submitted is None:
        return
    lines = ", ".join(line.line for line in state.lines)
    complete = f"complete since {_when(state.completed_at, zone)}" if state.completed_at else "incomplete"
    missing = f", missing {', '.join(state.missing)}" if state.missing else ""
    value = f", value {state.value.amount:,} {state.value.currency}" if state.value else ""
    yield f"the registration of {state.submitted.filed_by} for {lines} was {complete}{missing}{value}"


@_told.register
def _(state: Partner, at: datetime, _zone: ZoneInfo) -> Iterator[str]:
    allowed, parents = state.authorisation_at(at), state.parents_at(at)
    below = f", buying through {', '.join(sorted(parents))}" if parents else ""
    scope = (
        f"{', '.join(sorted(allowed.lines)) or 'no line'} in {', '.join(sorted(allowed.territories)) or 'no territory'}"
    )
    yield f"{state.partner} was {state.tier_at(at)} {state.track_at(at)}, standing {state.standing_at(at)}, authorised for {scope}{below}"
    for bar in state.bars:
        if bar.barred_from <= at < bar.barred_to:
            yield f"{state.partner} was barred by override {bar.override}"


@_told.register
def _(state: Customer, _at: datetime, _zone: ZoneInfo) -> Iterator[str]:
    name = getattr(state, "name", None)
    if name:
        yield f"the end customer was {name}"


@_told.register
def _(state: CustomerFile, _at: datetime, zone: ZoneInfo) -> Iterator[str]:
    living = state.living()
    if not living:
        yield "no claim stood on this end customer"
    for claim in living:
        yield _claim(claim, zone)
    for override in state.overrides:
        yield f"an override ({override.verb}, {override.ground}) acted on {override.line} until {_last(override.override_to, zone)}"
    for line, parties in state.conflicts.values():
        yield f"a conflict over {line} was open between {len(parties)} claims"


@_told.register
def _(state: Conflict, _at: datetime, zone: ZoneInfo) -> Iterator[str]:
    if state.detected is None:
        return
    parties = " against ".join(party.filed_by or str(party.registration) for party in state.parties)
    yield f"the conflict over {state.detected.line} ({state.detected.kind}, {state.detected.clause}) was {state.life}: {parties}"
    if state.proposal is not None:
        yield f"the rulebook proposed {state.proposal.ruling} by {state.proposal.clause}: {'; '.join(state.proposal.reasons)}"
    if state.ruled is not None:
        yield f"{state.ruled.ruled_by} had ruled {state.ruled.ruling} on {_when(state.ruled.ruled_at, zone)}: {state.ruled.reason}"


@_told.register
def _(state: Override, _at: datetime, zone: ZoneInfo) -> Iterator[str]:
    if state.proposed is None:
        return
    asked, approved = state.proposed, ", ".join(state.approved_by) or "nobody yet"
    until = _last(asked.override_to, zone)
    yield f"the override ({asked.verb}, {asked.ground}: {asked.reason}) to {until} was {state.life}, proposed by {asked.proposed_by}, approved by {approved}"


@_told.register
def _(state: SpecialPrice, _at: datetime, _zone: ZoneInfo) -> Iterator[str]:
    left = f", still to decide: {', '.join(state.levels_left)}" if state.levels_left else ""
    yield f"the special price was {state.life}, discount {state.discount} %{left}"


@_told.register
def _(state: Opportunity, _at: datetime, _zone: ZoneInfo) -> Iterator[str]:
    yield f"the CRM said: stage {state.values.stage or 'unknown'}, {state.values.outcome or 'open'}"


def _claim(claim: Claim, zone: ZoneInfo) -> str:
    legs = "; ".join(_leg(leg, zone) for leg in claim.legs)
    return f"claim {claim.entry} of {claim.filed_by} on {claim.line} in {claim.scope.territory}, priority {_when(claim.priority_at, zone)}: {legs}"


def _leg(leg: Leg, zone: ZoneInfo) -> str:
    end = leg.ended_at or leg.grace_to or leg.window_to
    until = f" until {_last(end, zone)}" if end is not None else ""
    return f"{leg.tier} {leg.partner} {leg.state}{until}"


def _when(at: datetime | None, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at is not None else "never"


def _last(end: datetime, zone: ZoneInfo) -> str:
    """The last day that a half-open end leaves."""
    return f"{(end - timedelta(microseconds=1)).astimezone(zone):%Y-%m-%d}"
