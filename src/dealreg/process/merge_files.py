"""The files of a program follow merges of customers and their undoing, and claims that waited for the answer go on (ROE-24, D13).

Who customers are is one for all programs, their files are each program's: the program in which the merge was said follows in the same
save, another with its next decision on either file, before anything else is looked at.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import UUID

from dealreg.customer.state import CUSTOMER
from dealreg.file.by_value import to_value
from dealreg.file.events import ClaimPromoted
from dealreg.file.identity_events import ClaimsGivenBack, ClaimsTakenOver, FileClosed, FileReopened
from dealreg.file.state import Claim, ClaimKey, CustomerFile, LegState
from dealreg.file.taking_over import as_taken_over, parted
from dealreg.process.await_identity import maybe_elsewhere, waits_for_identity
from dealreg.process.bring_together import bring_together
from dealreg.process.case import Case, customer_now
from dealreg.process.close_conflict import close, leave_conflict
from dealreg.process.free_line import free_line
from dealreg.process.settle_claim import settle

Bring = Callable[[Case], object]
"""Lets what is due in a file take place."""

MOST_IN_A_FACT = 50
"""How many claims one fact carries: a file of thousands is taken over in as many facts as it needs, in one save."""


def follow_merges(case: Case, bring: Bring) -> bool:
    """Take over what the customer absorbed, give back what was parted, let go on who waited. True when anything happened."""
    before = case.situation.version(case.stream)
    for absorbed in case.situation.of(CUSTOMER, case.customer).absorbed:
        _take_over(case, absorbed, bring)
    if case.file.closed_into is not None:
        _give_back(_source(case), case, bring)
    for customer in _parted_from(case):
        _give_back(case, Case(case.situation, customer, case.rules), bring)
    _go_on(case)
    return case.situation.version(case.stream) != before


def _take_over(case: Case, absorbed: UUID, bring: Bring) -> None:
    """Every claim of the absorbed customer's file by value, with all that hangs on it; then that file is closed."""
    other = Case(case.situation, absorbed, case.rules)
    if other.file.closed_into is not None or other.file == CustomerFile():
        return
    bring(other)
    native = frozenset(case.file.claims)
    held = as_taken_over(other.file, absorbed, case.file.entries)
    for part in in_parts(held):
        taken = ClaimsTakenOver(
            customer=case.customer, absorbed=absorbed, holdings=to_value(part, CustomerFile), taken_over_at=case.now
        )
        case.record(taken)
    other.record(FileClosed(customer=absorbed, into=case.customer, closed_at=case.now))
    bring_together(case, native)


def in_parts(held: CustomerFile) -> Iterator[CustomerFile]:
    """The file in pieces that a fact may hold: all that is no claim with the first claims."""
    rest, keys = held, list(held.claims)
    for start in range(0, max(len(keys), 1), MOST_IN_A_FACT):
        claims = {key: held.claims[key] for key in keys[start : start + MOST_IN_A_FACT]}
        live = tuple(key for key in held.live if key in claims)
        yield replace(rest, claims=claims, live=live, entries=max((c.entry for c in claims.values()), default=0))
        rest = CustomerFile(customer=held.customer)


def _source(case: Case) -> Case:
    """The open file in which the claims of a closed one stand now."""
    at = case
    while at.file.closed_into is not None:
        at = Case(case.situation, at.file.closed_into, case.rules)
    return at


def _parted_from(case: Case) -> tuple[UUID, ...]:
    """The customers of which this file still holds claims though they are this one no longer."""
    came = dict.fromkeys(claim.came_from for claim in case.file.living() if claim.came_from is not None)
    now = dict.fromkeys(customer_now(case.situation, customer) for customer in came)
    return tuple(customer for customer in now if customer != case.customer)


def _give_back(held: Case, to: Case, bring: Bring) -> None:
    """Part what is undecided; what was taken over and what hangs on it goes back, what came after stays (C45)."""
    bring(held)
    sides = parted(held.file, to.file, to.customer)
    left = _leave_shared_conflicts(held, frozenset(sides.back.claims))
    sides = parted(held.file, to.file, to.customer)
    for part in in_parts(sides.back):
        value = to_value(part, CustomerFile)
        given = ClaimsGivenBack(customer=held.customer, absorbed=to.customer, holdings=value, given_back_at=held.now)
        held.record(given)
        to.record(FileReopened(customer=to.customer, into=held.customer, holdings=value, reopened_at=to.now))
    _settle_parted(held, to, left)


def _leave_shared_conflicts(held: Case, back: frozenset[ClaimKey]) -> list[UUID]:
    """A conflict between the two sides has lost its ground: who goes back leaves it. Returns those with one party left."""
    lonely = []
    for conflict, (line, parties) in list(held.file.conflicts.items()):
        goes = [party for party in parties if (party, line) in back]
        if not goes or len(goes) == len(parties):
            continue
        for party in goes:
            state = leave_conflict(held, conflict, party, "the merge of the customers was undone")
            if len(state.parties) == 1:
                lonely.append(conflict)
    return lonely


def _settle_parted(held: Case, to: Case, lonely: list[UUID]) -> None:
    """On both sides: conflicts of one party are moot, who was contested is judged anew, and freed lines are offered."""
    for conflict in lonely:
        close(held, conflict, "moot: the merge of the customers was undone")
    for case in (held, to):
        for claim in case.file.living():
            if claim.state_is(LegState.CONTESTED) and claim.conflict not in case.file.conflicts:
                go_on(case, claim)
    for claim in list(to.file.claims.values()):
        for case in (held, to):
            free_line(case, claim.line, claim.scope)


def _go_on(case: Case) -> None:
    """Claims whose question is answered are judged, the earlier first."""
    waiting = [claim for claim in case.file.living() if waits_for_identity(claim)]
    for claim in sorted(waiting, key=lambda claim: (claim.priority_at, claim.entry)):
        if maybe_elsewhere(case, claim) is None:
            go_on(case, claim)


def go_on(case: Case, claim: Claim) -> None:
    """It is pending again, and decided as far as it can be."""
    case.record(ClaimPromoted(customer=case.customer, registration=claim.registration, line=claim.line))
    settle(case, case.again(claim))
