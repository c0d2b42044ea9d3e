"""Claims of two files that a merge brought into one: who blocks stands beside the other, who waits meets what is there (ROE-24)."""

from uuid import UUID

from dealreg.conflict.events import Kind, Ruling
from dealreg.file.conflict_events import ClaimSetBeside
from dealreg.file.events import ClaimLinked
from dealreg.file.overlap import Relation, relation
from dealreg.file.state import Claim, ClaimKey, LegState
from dealreg.process.case import Case, above
from dealreg.process.free_line import after_end
from dealreg.process.maps import in_place_of
from dealreg.process.meetings import before, meetings_of
from dealreg.process.open_conflict import opened
from dealreg.process.propose_ruling import propose
from dealreg.process.settle_claim import settle

GROUND = "a merge of customers brought two protected claims together"


def bring_together(case: Case, native: frozenset[ClaimKey], ground: str = GROUND) -> None:
    """Every pair of claims, one of ``native`` and one that came, that now stand on one line of one customer; the earlier first.

    ``ground`` says in words what brought them together.
    """
    came = [claim for claim in case.file.living() if claim.key not in native]
    here = [claim for claim in case.file.living() if claim.key in native]
    pairs = [
        sorted((one, other), key=_order)
        for one in here
        for other in came
        if one.blocks and other.blocks and in_place_of(case, one, other)
    ]
    for earlier, later in sorted(pairs, key=lambda pair: (_order(pair[0]), _order(pair[1]))):
        _stand_beside(case, case.again(earlier), case.again(later), ground)
    waiting = [claim for claim in case.file.living() if claim.state_is(LegState.PENDING)]
    for claim in sorted(waiting, key=_order):
        _meet(case, case.again(claim), native)


def _order(claim: Claim) -> tuple[object, int]:
    return (claim.priority_at, claim.entry)


def _stand_beside(case: Case, earlier: Claim, later: Claim, ground: str) -> None:
    """Neither is exclusive to the other, both block newcomers, their windows run. A partner's own two need no ruling."""
    for one, other in ((earlier, later), (later, earlier)):
        beside = ClaimSetBeside(
            customer=case.customer,
            registration=one.registration,
            line=one.line,
            beside=(other.registration,),
            clause="ROE-24",
            reason=ground,
        )
        case.record(beside)
    hierarchy = {leg.partner: above(case.situation, leg.partner, later.completed_at) for leg in later.legs}
    if relation(later, earlier, hierarchy) is Relation.SAME:
        return
    conflict = opened(case, later, earlier, Kind.IDENTITY, ground)
    reasons = (
        ground,
        "both protections stand, not exclusive to one another, until one ends or a person rules otherwise",
    )
    propose(case, conflict, Ruling.SHARE, later.registration, "ROE-24", reasons)


def _meet(case: Case, claim: Claim, native: frozenset[ClaimKey]) -> None:
    """A claim that waits for its decision meets those of the other file that block or come first; its own earlier one takes it in."""
    if not claim.state_is(LegState.PENDING):
        return
    other = [m for m in meetings_of(case, claim) if (m.there.key in native) != (claim.key in native)]
    same = next((m.there for m in other if m.how is Relation.SAME and m.there.holds), None)
    if same is not None and case.rules.clauses.repetition.in_force:
        _link(case, claim, same.registration)
    elif any(m.there.blocks or before(m.there, claim) for m in other):
        settle(case, claim)


def _link(case: Case, claim: Claim, first: UUID) -> None:
    """ROE-28: the same partner in the same leg on the same line gains nothing, whichever file came first."""
    linked = ClaimLinked(
        customer=case.customer,
        registration=claim.registration,
        line=claim.line,
        linked_to=first,
        clause="ROE-28",
        linked_at=case.now,
    )
    case.record(linked)
    after_end(case, claim)
