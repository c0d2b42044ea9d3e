"""Claims that reach the companies below the one they name (ROE-24 ``reach``; C7).

Claims lie in one file a customer. A newcomer reads the files of the companies above its own on the day of its completeness; a claim there
that reaches the group, blocks and comes first keeps it out. Wider does not swallow an earlier narrower one: that one stands, and whoever
else files on its company meets it there. Two files have no conflict in common: the newcomer waits or is declined, as section 1a (ii) says.
"""

from collections.abc import Iterator

from dealreg.file.events import ClaimLinked
from dealreg.file.evolve import FILE
from dealreg.file.overlap import Relation, relation
from dealreg.file.state import Claim
from dealreg.process.applies import applies
from dealreg.process.approve_line import decline
from dealreg.process.case import Case, above
from dealreg.process.hold_claim import queue_or_decline
from dealreg.process.maps import in_place_of
from dealreg.process.meetings import SPEAKS, Meeting
from dealreg.process.name_parent_company import companies_above
from dealreg.process.open_conflict import kind_of
from dealreg.vocabulary.ids import file_stream
from dealreg.vocabulary.values import Reach

ROE_24 = "ROE-24"


def reaches_too_far(case: Case, claim: Claim) -> bool:
    """Decline a claim on a group of companies where the rulebook allows claims on one company only. True when it is declined."""
    if claim.reach is not Reach.GROUP:
        return False
    identity = case.rules.clauses.identity
    if identity.in_force and identity.reach is Reach.GROUP:
        return False
    decline(
        case, claim, ROE_24, "in this program a claim reaches the company that it names; name each company by itself"
    )
    return True


def kept_out_by_group(case: Case, claim: Claim) -> bool:
    """Let a newcomer wait, or decline it, where a claim on a company above reaches it. True when that settles the claim."""
    meeting = next(_meetings_above(case, claim), None)
    if meeting is None:
        return False
    if meeting.how is Relation.SAME:
        linked = ClaimLinked(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            linked_to=meeting.there.registration,
            clause="ROE-28",
            linked_at=case.now,
        )
        case.record(linked)
        return True
    clause = SPEAKS[kind_of(claim, meeting.there, meeting.how, tie=False)]
    queue_or_decline(case, claim, clause, "the line is protected for another claim, which reaches the whole group")
    return True


def within_reach(case: Case, claim: Claim) -> bool:
    """Whether a claim on a company above keeps this one out now."""
    return any(meeting.how is not Relation.SAME for meeting in _meetings_above(case, claim))


def _meetings_above(case: Case, claim: Claim) -> Iterator[Meeting]:
    """The claims above that reach this company, block, and come first, nearest company first."""
    if claim.tender:
        return
    day = claim.completed_at
    hierarchy = {leg.partner: above(case.situation, leg.partner, day) for leg in claim.legs}
    for company in companies_above(case.situation, case.customer, day):
        file = case.situation.of(FILE, file_stream(case.situation.program, company))
        for there in file.living():
            if not _reaches(case, claim, there):
                continue
            how = relation(claim, there, hierarchy)
            if how is Relation.SAME or _speaks(case, claim, Meeting(there, how)):
                yield Meeting(there, how)


def _reaches(case: Case, claim: Claim, there: Claim) -> bool:
    """Of two with one priority time the wider one is no bar: nothing tells that it came first."""
    if there.reach is not Reach.GROUP or not there.blocks or there.priority_at >= claim.priority_at:
        return False
    return there.registration != claim.registration and in_place_of(case, claim, there)


def _speaks(case: Case, claim: Claim, meeting: Meeting) -> bool:
    """A partner inside the holder's network is not kept out (ROE-7 to 9)."""
    if meeting.how not in {Relation.OUTSIDE, Relation.DEALERS}:
        return False
    return applies(case, claim, SPEAKS[kind_of(claim, meeting.there, meeting.how, tie=False)])
