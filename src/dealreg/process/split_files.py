"""Claims of registrations that turned out to be of another company leave the file with all that hangs on them (ROE-24).

They go by value, as after the undoing of a merge, so that every model and every look at the past follows them in the same way.
"""

from uuid import UUID

from dealreg.file.by_value import to_value
from dealreg.file.identity_events import ClaimsGivenBack, FileReopened
from dealreg.file.state import ClaimKey, CustomerFile, LegState
from dealreg.file.taking_over import parted, renumbered
from dealreg.process.bring_together import bring_together
from dealreg.process.case import Case
from dealreg.process.close_conflict import close, leave_conflict
from dealreg.process.free_line import free_line
from dealreg.process.merge_files import go_on, in_parts
from dealreg.vocabulary.refused import Closed

LEFT = "the customer was split: it was two companies"


def may_go(held: Case, registrations: frozenset[UUID]) -> None:
    """Raises ``Closed`` where an override of the customer acts on a claim, or a ruling between those that go may still be appealed."""
    for claim in held.file.claims.values():
        if claim.registration in registrations and any(leg.suspended_by is not None for leg in claim.legs):
            raise Closed(f"an override acts on the claim on {claim.line}; end it first", clause="ROE-21")
    for clock in held.file.clocks.values():
        if clock.appeal_to is not None and registrations.issuperset(clock.parties):
            raise Closed(
                f"the ruling on {clock.line} between those that go may still be appealed; split when it is final",
                clause="ROE-29",
            )


def move_claims(held: Case, to: Case, registrations: frozenset[UUID]) -> None:
    """Every claim of the registrations leaves one file for the other; conflicts between the sides have lost their ground."""
    keys = frozenset(key for key in held.file.claims if key[0] in registrations)
    if not keys:
        return
    native = frozenset(to.file.claims)
    lonely = _leave_conflicts(held, keys)
    going = CustomerFile(claims={key: held.file.claims[key] for key in keys})
    back = renumbered(parted(held.file, going, held.customer).back, to.file.entries)
    for part in in_parts(back):
        value = to_value(part, CustomerFile)
        gone = ClaimsGivenBack(customer=held.customer, absorbed=to.customer, holdings=value, given_back_at=held.now)
        held.record(gone)
        come = FileReopened(customer=to.customer, into=held.customer, holdings=value, reopened_at=to.now)
        to.record(come)
    for conflict in [*lonely, *_ruled(held, registrations)]:
        close(held, conflict, f"moot: {LEFT}")
    bring_together(to, native)
    _judge_anew(held, to, keys)


def _leave_conflicts(held: Case, keys: frozenset[ClaimKey]) -> list[UUID]:
    """Who goes leaves the conflicts that it is in. Returns those that have one party left; of all of whose parties go, none is left over."""
    lonely = []
    for conflict, (line, parties) in list(held.file.conflicts.items()):
        goes = [party for party in parties if (party, line) in keys]
        for party in goes[: len(parties) - 1]:
            state = leave_conflict(held, conflict, party, LEFT)
            if len(state.parties) == 1:
                lonely.append(conflict)
    return lonely


def _ruled(held: Case, registrations: frozenset[UUID]) -> list[UUID]:
    """Rulings between the two sides: what was ruled stands, and there is nothing left to appeal."""
    return [
        one for one, clock in held.file.clocks.items() if clock.appeal_to and registrations.intersection(clock.parties)
    ]


def _judge_anew(held: Case, to: Case, keys: frozenset[ClaimKey]) -> None:
    """On both sides who was contested is judged anew, and lines that are free now are offered."""
    for case in (held, to):
        for claim in case.file.living():
            if claim.state_is(LegState.CONTESTED) and claim.conflict not in case.file.conflicts:
                go_on(case, claim)
    for claim in [to.file.claims[key] for key in sorted(keys, key=lambda key: to.file.claims[key].entry)]:
        for case in (held, to):
            free_line(case, claim.line, claim.scope)
