"""ROE-24: while a person tells whether two customers are one, the earlier claim goes on and the later waits, undeclined."""

from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import UUID

from dealreg.customer.state import CUSTOMER
from dealreg.engagement.business import add_business_hours
from dealreg.engagement.maps import related_lines
from dealreg.engagement.windows import window_end
from dealreg.file.events import ClaimQueued
from dealreg.file.evolve import FILE
from dealreg.file.identity_events import IdentityReviewAsked, IdentityReviewBreached
from dealreg.file.state import Claim, LegState
from dealreg.process.applies import applies
from dealreg.process.case import Case, customer_now
from dealreg.process.due import Due, Rank
from dealreg.process.maps import in_place_of
from dealreg.vocabulary.ids import desk_reader, file_stream
from dealreg.vocabulary.situation import Situation

ROE_24 = "ROE-24"


def undecided(situation: Situation, customer: UUID) -> tuple[UUID, ...]:
    """The customers that this one may be, as they are after all merges, without those that were told apart."""
    state = situation.of(CUSTOMER, customer)
    situation.need(CUSTOMER.name, list(state.asked))
    found: dict[UUID, None] = {}
    for asked in state.asked:
        other = customer_now(situation, asked)
        apart = other in state.apart or customer in situation.of(CUSTOMER, other).apart
        if other != customer and not apart:
            found[other] = None
    return tuple(found)


def maybe_elsewhere(case: Case, claim: Claim) -> tuple[UUID, ...] | None:
    """The customers that the claim's may be and on which it waits, those with an earlier claim; ``None``: it waits for nobody.

    Under a name that many carry it waits until somebody told who the customer is, whoever is asked about by name.
    """
    if claim.tender:
        return None
    others = undecided(case.situation, case.customer)
    if case.situation.of(CUSTOMER, case.customer).common_name:
        return others
    return tuple(other for other in others if _earlier_there(case, claim, other)) or None


def _earlier_there(case: Case, claim: Claim, other: UUID) -> bool:
    """Whether the other customer's file has a live claim that this one would meet and that comes first.

    At one instant the one that waits already lets the other go on.
    """
    file = case.situation.of(FILE, file_stream(case.situation.program, other))
    return any(
        not there.tender
        and (
            there.priority_at < claim.priority_at
            or (there.priority_at == claim.priority_at and there.queue_clause != ROE_24)
        )
        and in_place_of(case, claim, there)
        for line in related_lines(case.rules, claim.line)
        for there in file.living(line)
    )


def awaits_identity(case: Case, claim: Claim) -> bool:
    """Let the claim wait for a person who tells whose it is; its priority time stays. True when that settles the claim."""
    if not applies(case, claim, ROE_24):
        return False
    possible = maybe_elsewhere(case, claim)
    if possible is None:
        return False
    if not waits_for_identity(claim):
        _wait(case, claim, possible)
    return True


def waits_for_identity(claim: Claim) -> bool:
    """Whether the claim waits for that person."""
    return claim.state_is(LegState.QUEUED) and claim.queue_clause == ROE_24


def _wait(case: Case, claim: Claim, possible: tuple[UUID, ...]) -> None:
    rules = case.rules
    of_claim: dict[str, Any] = {"customer": case.customer, "registration": claim.registration, "line": claim.line}
    queued = ClaimQueued(
        **of_claim,
        clause=ROE_24,
        reason="the customer may be one under whose name an earlier claim stands; a person tells",
        conflict=None,
        not_before=None,
        leaves_at=window_end(claim.completed_at, rules.zone, rules.clauses.queue.entry_days),
    )
    case.record(queued)
    hours = rules.clauses.identity.decision_business_hours
    asked = IdentityReviewAsked(
        **of_claim,
        possible=possible,
        alike=case.situation.of(CUSTOMER, case.customer).alike,
        clause=ROE_24,
        decide_to=add_business_hours(case.situation.asked_at, hours, rules),
        readers=(desk_reader(case.situation.program),),
    )
    case.record(asked)


def due_identity(case: Case) -> Iterator[Due]:
    """Nobody told in time: the breach is ours (ROE-24)."""
    for claim in case.file.living():
        if waits_for_identity(claim) and claim.identity_to is not None:
            yield Due(claim.identity_to, Rank.REMINDER, claim.entry, partial(_breached, claim=claim))


def _breached(case: Case, *, claim: Claim) -> None:
    case.record(
        IdentityReviewBreached(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            clause=ROE_24,
            escalate_to=case.rules.clauses.review_clock.escalate_to,
            breached_at=case.now,
        )
    )
