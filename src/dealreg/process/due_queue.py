"""Silence on an offer or a joining, an entry that waited too long, the first day on which a partner may be protected again."""

from collections.abc import Iterator
from functools import partial

from dealreg.file.events import ClaimQueued, OfferEnded
from dealreg.file.state import Claim, Joining, LegState
from dealreg.process.case import Case
from dealreg.process.due import Due, Rank
from dealreg.process.free_line import after_end, close_joining, free_line, leave_queue


def due_joinings(case: Case) -> Iterator[Due]:
    """Silence is no (ROE-10)."""
    for joining in case.file.joinings:
        source = case.file.claims[joining.host].source
        yield Due(joining.answer_to, Rank.ANSWER, 0, partial(_unanswered, joining=joining), source)


def _unanswered(case: Case, *, joining: Joining) -> None:
    close_joining(case, joining.joining, "silence is no")


def due_entries(case: Case) -> Iterator[Due]:
    """What falls due of claims that wait for a line (rules.md section 1, Queue)."""
    for claim in case.file.living():
        if claim.offer_to is not None:
            yield Due(claim.offer_to, Rank.QUEUE, claim.entry, partial(_silence, claim=claim), claim.source)
        elif claim.state_is(LegState.QUEUED) and claim.leaves_at is not None:
            yield Due(claim.leaves_at, Rank.QUEUE, claim.entry, partial(_waited_too_long, claim=claim), claim.source)
            if claim.not_before is not None:
                yield Due(claim.not_before, Rank.QUEUE, claim.entry, partial(_again, claim=claim), claim.source)


def _silence(case: Case, *, claim: Claim) -> None:
    ended = OfferEnded(
        customer=case.customer,
        registration=claim.registration,
        line=claim.line,
        reason="silence",
        ended_at=case.now,
    )
    case.record(ended)
    after_end(case, claim)


def _waited_too_long(case: Case, *, claim: Claim) -> None:
    leave_queue(case, claim, "it waited for the longest time that an entry may")


def _again(case: Case, *, claim: Claim) -> None:
    _wait_turn(case, claim)
    free_line(case, claim.line, claim.scope)


def _wait_turn(case: Case, claim: Claim) -> None:
    """What kept it from being protected up to a day is over (ROE-12, ROE-18): it waits like any other entry."""
    case.record(
        ClaimQueued(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            clause=claim.queue_clause or "ROE-12",
            reason="the day has come from which it may be protected, and it waits its turn",
            conflict=None,
            not_before=None,
            leaves_at=claim.leaves_at or case.now,
        )
    )
