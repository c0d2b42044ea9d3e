"""What stood before claims on a line is gone: conflicts lose that party, and those that waited for it are judged (ROE-18, ROE-19)."""

from uuid import UUID

from dealreg.engagement.territory import scopes_overlap
from dealreg.file.events import ClaimPromoted, ClaimQueued
from dealreg.file.state import Claim, LegState
from dealreg.process.case import Case
from dealreg.process.close_conflict import close, leave_conflict
from dealreg.process.free_line import free_line
from dealreg.process.settle_claim import settle
from dealreg.vocabulary.values import Scope


def party_is_gone(case: Case, party: UUID, line: str, reason: str) -> None:
    """A party that is no claim leaves its open conflicts on the line; one that is left alone is judged again."""
    for conflict, (contested, parties) in list(case.file.conflicts.items()):
        if contested != line or party not in parties:
            continue
        state = leave_conflict(case, conflict, party, reason)
        if len(state.parties) > 1:
            continue
        close(case, conflict, "moot: one party is left")
        for rest in state.parties:
            claim = case.file.claims.get((rest.registration, line))
            if claim is not None and claim.state_is(LegState.CONTESTED):
                case.record(ClaimPromoted(customer=case.customer, registration=claim.registration, line=line))
                settle(case, case.again(claim))


def those_behind_wait_no_longer(case: Case, line: str, scope: Scope, clause: str) -> None:
    """Entries that a clause kept waiting up to a day wait their turn from now on; the line is offered where it is free."""
    for entry in case.file.living(line):
        held = entry.state_is(LegState.QUEUED) and entry.queue_clause == clause and entry.not_before is not None
        if held and scopes_overlap(case.rules, entry.scope, scope):
            _waits_its_turn(case, entry, clause)
    free_line(case, line, scope)


def _waits_its_turn(case: Case, entry: Claim, clause: str) -> None:
    case.record(
        ClaimQueued(
            customer=case.customer,
            registration=entry.registration,
            line=entry.line,
            clause=clause,
            reason="who came first does so no more; it waits its turn",
            conflict=None,
            not_before=None,
            leaves_at=entry.leaves_at or case.now,
        )
    )
