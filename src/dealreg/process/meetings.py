"""Which claims a claim meets on its line, and who of the two is earlier (rules.md ROE-4 to ROE-9, section 1a)."""

from datetime import date, timedelta
from typing import NamedTuple

from dealreg.conflict.events import Kind
from dealreg.engagement.order import OF_OTHERS, in_order
from dealreg.engagement.parameters import Doctrine
from dealreg.file.overlap import Relation, relation
from dealreg.file.state import Claim
from dealreg.process.applies import applies
from dealreg.process.case import Case, above, registration_of
from dealreg.process.maps import in_place_of, on_the_line
from dealreg.process.open_conflict import kind_of


class Meeting(NamedTuple):
    """A claim that is there, and how the newcomer stands to it."""

    there: Claim
    how: Relation


def meetings_of(case: Case, claim: Claim) -> list[Meeting]:
    """The live claims of others on the same line and an overlapping scope, in order of acceptance; where a clause in force speaks."""
    day = claim.completed_at
    hierarchy = {leg.partner: above(case.situation, leg.partner, day) for leg in claim.legs}
    met = [
        Meeting(there, relation(claim, there, hierarchy))
        for there in on_the_line(case, claim.line)
        if there.registration != claim.registration
        and not there.tender
        and there.registration not in claim.beside
        and in_place_of(case, claim, there)
    ]
    return [meeting for meeting in met if _in_force(case, claim, meeting)]


def _in_force(case: Case, claim: Claim, meeting: Meeting) -> bool:
    """Whether the clause that keeps the two apart is in force (ROE-7, ROE-8, ROE-9); a place to join needs none."""
    if meeting.how not in {Relation.OUTSIDE, Relation.DEALERS}:
        return True
    return applies(case, claim, SPEAKS[kind_of(claim, meeting.there, meeting.how, tie=False)])


SPEAKS = {Kind.CROSS_TIER: "ROE-9", Kind.HORIZONTAL_DISTRIBUTOR: "ROE-7", Kind.HORIZONTAL_DEALER: "ROE-8"}
"""The clause that keeps two claims apart, by how they stand to each other."""


def by_clause(case: Case, claim: Claim, meetings: list[Meeting]) -> list[Meeting]:
    """The meetings that keep the claim out, in the order in which this version tries their clauses, then of acceptance."""
    order = in_order(case.rules, OF_OTHERS)
    return sorted(
        (meeting for meeting in meetings if meeting.how is not Relation.JOINS),
        key=lambda meeting: order.index(SPEAKS[kind_of(claim, meeting.there, meeting.how, tie=False)]),
    )


def same_second(case: Case, claim: Claim, there: Claim) -> bool:
    """ROE-6: priority times are compared in whole seconds; under ``merit`` there are no ties."""
    if not applies(case, claim, "ROE-6") or case.rules.clauses.priority.doctrine is Doctrine.MERIT:
        return False
    return claim.priority_at.replace(microsecond=0) == there.priority_at.replace(microsecond=0)


def earlier(case: Case, claim: Claim, there: Claim) -> str | None:
    """Section 1a (iii): what sends the meeting to the desk, in words; ``None`` where nothing does."""
    if same_second(case, claim, there):
        return "both have the same priority time to the second"
    if claim.priority_at < there.priority_at and case.rules.clauses.priority.doctrine is not Doctrine.FIRST_APPROVED:
        return "the claim that arrived later has the earlier priority time"
    return proof_before(case, claim, there.priority_at.astimezone(case.rules.zone).date())


def proof_before(case: Case, claim: Claim, day: date) -> str | None:
    """Evidence of the claim that is dated before a day and within the look-back before its own submission, in words."""
    oldest = oldest_proof(case, claim)
    proofs = registration_of(case.situation, claim.registration).evidence
    dated = [proof for proof in proofs if oldest <= proof.dated_on < day]
    return (
        f"its evidence is dated {dated[0].dated_on.isoformat()}, before the incumbent's priority time"
        if dated
        else None
    )


def oldest_proof(case: Case, claim: Claim) -> date:
    """The first day of the look-back before the claim's own submission."""
    look_back = case.rules.clauses.cross_tier.evidence_look_back_days
    return (claim.submitted_at - timedelta(days=look_back)).astimezone(case.rules.zone).date()


def before(there: Claim, claim: Claim) -> bool:
    """Whether the other comes first by priority time, then by order of acceptance."""
    return (there.priority_at, there.entry) < (claim.priority_at, claim.entry)
