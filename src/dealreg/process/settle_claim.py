"""What becomes of a complete claim on one line: the clauses in their order, the first refusal answers (rules.md section 1a).

``28 | 2, 1, 3 | 24 | 21 | 20, 23, 18, 19 | 7, 8, 9 (4, 5, 6 say who is earlier) | 30``. 28, 2, 1 and 3 were tried before the claim came here.
"""

from dealreg.conflict.events import Ruling
from dealreg.engagement.parameters import Doctrine, Pending
from dealreg.file.events import ClaimPromoted
from dealreg.file.overlap import Relation
from dealreg.file.state import LIVE, Claim, LegState
from dealreg.process.applies import applies
from dealreg.process.approve_line import approve, approve_or_hold, approve_without_window, decline
from dealreg.process.await_identity import awaits_identity
from dealreg.process.before_overlap import settled_before_overlap
from dealreg.process.case import Case
from dealreg.process.close_conflict import rule
from dealreg.process.credit import related_deal
from dealreg.process.hiding import met_hidden
from dealreg.process.hold_claim import closed_by_override, closing, letting_in, linked, queue_or_decline, too_soon
from dealreg.process.join_line import ask_to_join, may_join
from dealreg.process.maps import in_place_of, on_the_line
from dealreg.process.meetings import Meeting, before, by_clause, earlier, meetings_of, same_second
from dealreg.process.notices import note_unsupported
from dealreg.process.open_conflict import CLAUSES, contest, kind_of, opened
from dealreg.process.propose_ruling import propose
from dealreg.process.reach import kept_out_by_group, within_reach
from dealreg.process.suspending import suspend_under


def settle(case: Case, claim: Claim) -> None:
    """Decide the claim as far as it can be decided now; it ends approved, held for a person, waiting or declined."""
    meetings = meetings_of(case, claim)
    if met_hidden(case, claim, meetings, Relation.SAME) or linked(case, claim, meetings):
        return
    if awaits_identity(case, claim):
        return
    if closed_by_override(case, claim) or too_soon(case, claim):
        return
    if letting_in(case, claim) is not None and not claim.tender:
        approve(case, claim, "rulebook", "an override of the manufacturer lets the partner in", clause="ROE-21")
        return
    if settled_before_overlap(case, claim):
        return
    claim = case.again(claim)
    if claim.tender or related_deal(case, claim):
        approve_or_hold(case, case.again(claim))
        return
    settle_overlap(case, claim)


def settle_overlap(case: Case, claim: Claim) -> None:
    """Who is protected already, who waits, and else ROE-30."""
    if kept_out_by_group(case, claim):
        return
    meetings = meetings_of(case, claim)
    blocking = [m for m in meetings if m.there.blocks]
    if blocking:
        _meet_blocking(case, claim, blocking)
        return
    waiting = [m for m in meetings if not m.there.blocks and m.how is not Relation.JOINS]
    if not _meet_waiting(case, claim, waiting):
        approve_or_hold(case, claim)
        bar_others(case, case.again(claim))


def _meet_blocking(case: Case, claim: Claim, blocking: list[Meeting]) -> None:
    """Section 1a (ii) and (iii), after ROE-10's joining where a place is empty."""
    contesting = by_clause(case, claim, blocking)
    if not contesting:
        if not met_hidden(case, claim, blocking, Relation.JOINS):
            ask_to_join(case, claim, blocking[0].there)
        return
    note_unsupported(case, claim)
    meeting = contesting[0]
    kind = kind_of(claim, meeting.there, meeting.how, tie=same_second(case, claim, meeting.there))
    shown = earlier(case, claim, meeting.there)
    ground = shown or f"the line is {_word(meeting.there)} for another claim"
    if meeting.how is Relation.OUTSIDE and may_join(case, claim, meeting.there):
        _contest(
            case, claim, meeting, "its dealer place is empty and the dealer also buys from its distributor", Ruling.JOIN
        )
        ask_to_join(case, case.again(claim), meeting.there)
        return
    if shown is not None:
        late_but_earlier = claim.priority_at < meeting.there.priority_at and applies(case, claim, "ROE-4")
        _contest(case, claim, meeting, ground, Ruling.AWARD_CHALLENGER if late_but_earlier else Ruling.UPHOLD_INCUMBENT)
        return
    conflict = opened(case, claim, meeting.there, kind, ground)
    claim = case.again(claim)
    reasons = (ground, "the incumbent came first and is protected; nothing dated before it was shown (rules.md 1a ii)")
    propose(case, conflict, Ruling.UPHOLD_INCUMBENT, meeting.there.registration, CLAUSES[kind], reasons)
    if _others_wait(case, conflict) or not case.rules.clauses.conflicts.rulebook_upholds:
        contest(case, claim, conflict, CLAUSES[kind], ground)
        return
    if _graded_second(case, claim):
        rule(case, conflict, Ruling.UPHOLD_INCUMBENT, meeting.there.registration, by="rulebook", reason=ground)
        approve_without_window(
            case, claim, "second under a graded doctrine: part of the benefit, no exclusivity, no window"
        )
        return
    if case.rules.clauses.priority.doctrine is Doctrine.GRADED:
        reason = "under a graded doctrine the second has its part, further ones have none"
        decline(case, claim, "ROE-4", reason, disputable=False)
    else:
        queue_or_decline(case, claim, CLAUSES[kind], ground, conflict_named=True)
    rule(case, conflict, Ruling.UPHOLD_INCUMBENT, meeting.there.registration, by="rulebook", reason=ground)


def _others_wait(case: Case, conflict: object) -> bool:
    """Whether the conflict was open before this claim came: then its other parties wait for the desk."""
    return any(claim.conflict == conflict and claim.state_is(LegState.CONTESTED) for claim in case.file.living())


def _graded_second(case: Case, claim: Claim) -> bool:
    """Under ``graded`` one second partner gets part of the benefit; further ones are declined (ROE-4)."""
    if case.rules.clauses.priority.doctrine is not Doctrine.GRADED:
        return False
    return not any(
        there.holds and not there.exclusive and not there.tender and there.line == claim.line
        for there in on_the_line(case, claim.line)
    )


def _word(there: Claim) -> str:
    """How the answer calls a claim that blocks: never whose it is."""
    return "protected" if there.holds else "offered"


def _contest(case: Case, claim: Claim, meeting: Meeting, ground: str, ruling: Ruling) -> None:
    """To the desk: the incumbent keeps what it has, the challenger is contested (section 1a iii)."""
    kind = kind_of(claim, meeting.there, meeting.how, tie=same_second(case, claim, meeting.there))
    conflict = opened(case, claim, meeting.there, kind, ground)
    awarded = meeting.there if ruling is not Ruling.AWARD_CHALLENGER else claim
    contest(case, case.again(claim), conflict, CLAUSES[kind], ground)
    if not meeting.there.blocks and not meeting.there.state_is(LegState.CONTESTED):
        contest(case, case.again(meeting.there), conflict, CLAUSES[kind], ground)
    propose(case, conflict, ruling, awarded.registration, CLAUSES[kind], (ground, _why(case, ruling)))


def _why(case: Case, ruling: Ruling) -> str:
    doctrine = case.rules.clauses.priority.doctrine
    if ruling is Ruling.AWARD_CHALLENGER:
        return f"by {doctrine} (ROE-4) the challenger's priority time is the earlier one, although it arrived later"
    if ruling is Ruling.JOIN:
        return "both may say yes to a shared registration (ROE-10); otherwise the incumbent is upheld"
    return f"by {doctrine} (ROE-4) and order of acceptance the incumbent came first; earlier evidence is a ground, not a verdict"


def _proposed(case: Case, claim: Claim, there: Claim) -> Ruling:
    """Of two that hold nothing yet the earlier by priority time is upheld, whichever came first to the door (ROE-4)."""
    late = claim.priority_at < there.priority_at and not same_second(case, claim, there)
    return Ruling.AWARD_CHALLENGER if late and applies(case, claim, "ROE-4") else Ruling.UPHOLD_INCUMBENT


def _meet_waiting(case: Case, claim: Claim, waiting: list[Meeting]) -> bool:
    """ROE-4 to ROE-6 against claims that are not decided. True when that settles the claim."""
    contested = [m for m in waiting if m.there.state_is(LegState.CONTESTED)]
    pending = [m for m in waiting if m.there.state_is(LegState.PENDING)]
    for meeting in (*contested, *pending):
        ground = earlier(case, claim, meeting.there)
        if ground is not None or meeting in contested:
            _contest(case, claim, meeting, ground or "the line is contested", _proposed(case, claim, meeting.there))
            return True
    mode = case.rules.clauses.pending
    if pending and applies(case, claim, "ROE-5") and mode.while_pending is not Pending.SIDE_BY_SIDE:
        ground = "an earlier complete claim is pending"
        if mode.while_pending is Pending.REFUSES:
            decline(case, claim, "ROE-5", ground)
        else:
            queue_or_decline(case, claim, "ROE-5", ground)
        return True
    ahead = [
        m
        for m in waiting
        if m.there.state_is(LegState.QUEUED) and m.there.not_before is None and before(m.there, claim)
    ]
    if ahead and not claim.state_is(LegState.QUEUED):
        queue_or_decline(case, claim, "ROE-5", "others wait for the line")
        return True
    return False


def approve_unless_met(case: Case, claim: Claim, approved_by: str, reason: str) -> None:
    """A person's yes: approved where nothing blocks it by now, else it meets that claim like any newcomer (section 1a)."""
    met = any(meeting.there.blocks for meeting in meetings_of(case, claim)) or within_reach(case, claim)
    closed = closing(case, claim)
    ruled = claim.state_is(LegState.CONTESTED)
    if (met or (closed is not None and not ruled)) and letting_in(case, claim) is None:
        if ruled:
            # Its conflict is ruled: it meets what is left as a pending claim, not as a party that waits for a ruling.
            case.record(ClaimPromoted(customer=case.customer, registration=claim.registration, line=claim.line))
        settle(case, case.again(claim))
        return
    if awaits_identity(case, claim):
        return
    approve(case, claim, approved_by, reason)
    if closed is not None:
        # The desk awarded a line that is closed: its holder is suspended like the one before (ROE-21).
        suspend_under(case, case.again(claim), closed)
    bar_others(case, case.again(claim))


def bar_others(case: Case, winner: Claim) -> None:
    """The first decision closes what was side by side or waited: each meets a claim that blocks now (ROE-5, section 1a ii)."""
    if not winner.blocks:
        return
    for there in on_the_line(case, winner.line):
        # The second under `graded` holds its part without blocking: who comes later does not put it back to waiting.
        if there.registration == winner.registration or there.blocks or there.holds or there.tender:
            continue
        if not in_place_of(case, winner, there) or there.state_is(LegState.CONTESTED):
            continue
        if any(leg.state in LIVE for leg in there.legs) and there.queue_clause in {None, "ROE-5"}:
            settle(case, there)
