"""What follows when a leg or claim ends: conflicts lose a party, the queue is offered the line (rules.md section 1, Queue)."""

from uuid import UUID

from dealreg.conflict.events import Ruling
from dealreg.engagement.business import add_business_days
from dealreg.engagement.maps import related_lines
from dealreg.engagement.territory import scopes_overlap
from dealreg.file.events import ClaimPromoted, LegReleased, LineOffered, QueueLeft
from dealreg.file.overlap import Relation
from dealreg.file.state import Claim, LegState
from dealreg.process.approve_line import decline
from dealreg.process.await_identity import waits_for_identity
from dealreg.process.before_overlap import taken_today
from dealreg.process.case import Case
from dealreg.process.check_claim import refusal_today
from dealreg.process.close_conflict import close, leave_conflict, rule
from dealreg.process.end_price import end_prices_of
from dealreg.process.hold_claim import is_closed, newer_evidence, queue_or_decline
from dealreg.process.join_line import ask_to_join, end_joining
from dealreg.process.maps import claim_on, in_place_of, map_changed, on_the_line
from dealreg.process.meetings import before, meetings_of
from dealreg.process.name_parent_company import companies_below
from dealreg.process.reach import within_reach
from dealreg.process.settle_claim import settle
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Reach, Scope, Standing, Tier


def after_end(case: Case, claim: Claim, *, offer: bool = True) -> None:
    """Bring what depends on an ended leg into order. ``offer`` is false after a win: the line went to its holder."""
    claim = case.again(claim)
    _end_dependent_leg(case, claim)
    _end_left_alone(case, case.again(claim))
    claim = case.again(claim)
    if not claim.live:
        _leave_conflicts(case, claim)
    _end_joinings(case, claim)
    end_prices_of(case, claim)
    if offer and claim.blocks:
        _fill_place(case, claim)
    elif offer:
        free_line(case, claim.line, claim.scope)
        _free_below(case, claim)


def _free_below(case: Case, claim: Claim) -> None:
    """A claim that reached a group has ended: who waits on a company below may be next (ROE-24)."""
    if claim.reach is Reach.GROUP:
        for company in companies_below(case.situation, case.customer, case.now):
            free_line(Case(case.situation, company, case.rules), claim.line, claim.scope)


def _fill_place(case: Case, host: Claim) -> None:
    """A leg ended and left its place empty: the first of the queue that goes through the holder may join (ROE-10)."""
    for entry in queue_of(case, host.line):
        how = next((m.how for m in meetings_of(case, entry) if m.there.registration == host.registration), None)
        if how is Relation.JOINS and refusal_today(case, entry) is None:
            _try_joining(case, entry, host, how)
            return


def _end_dependent_leg(case: Case, claim: Claim) -> None:
    """When the distributor leg ends the dealer leg ends: it hangs under it (ROE-10)."""
    dealer = claim.leg(Tier.DEALER)
    had_upper = any(leg.tier is not Tier.DEALER for leg in claim.legs)
    upper = claim.leg(Tier.DISTRIBUTOR) or claim.leg(Tier.MASTER)
    if dealer is None or upper is not None or not had_upper:
        return
    case.record(
        LegReleased(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            tier=Tier.DEALER,
            partner=PartnerId(dealer.partner),
            clause="ROE-10",
            reason="the distributor leg that it hangs under has ended",
            released_at=case.now,
        )
    )


def _end_left_alone(case: Case, claim: Claim) -> None:
    """A distributor that left the program waits for its dealer to name another; with no dealer left it waits for nobody (ROE-16)."""
    upper = claim.leg(Tier.DISTRIBUTOR) or claim.leg(Tier.MASTER)
    if upper is None or claim.leg(Tier.DEALER) is not None or upper.standing is not Standing.TERMINATED:
        return
    if "ROE-16" not in upper.paused:
        return
    case.record(
        LegReleased(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            tier=upper.tier,
            partner=PartnerId(upper.partner),
            clause="ROE-16",
            reason="its partner has left the program and no dealer's leg hangs under it",
            released_at=case.now,
        )
    )


def _leave_conflicts(case: Case, claim: Claim) -> None:
    """A party whose claim ends leaves; with one left the conflict is closed as moot and that one is judged again."""
    for conflict, (line, parties) in list(case.file.conflicts.items()):
        if line not in related_lines(case.rules, claim.line) or claim.registration not in parties:
            continue
        state = leave_conflict(case, conflict, claim.registration, "its claim ended")
        if len(state.parties) > 1:
            continue
        close(case, conflict, "moot: one party is left")
        for party in state.parties:
            rest = claim_on(case, party.registration, line)
            if rest is not None and rest.state_is(LegState.CONTESTED):
                promote(case, rest)


def _end_joinings(case: Case, claim: Claim) -> None:
    """A joining ends with the claim that hosts it, and with the leg that was to join."""
    for joining in case.file.joinings:
        hosted = joining.host == claim.key and not claim.live
        asked = (joining.challenger, joining.host[1]) == claim.key and claim.party(joining.tier) != joining.partner
        if hosted or asked:
            close_joining(case, joining.joining, "the place is gone")


def close_joining(case: Case, joining_id: object, reason: str) -> None:
    """A joining ends without a yes: the newcomer is judged as if there had been no place (section 1a ii)."""
    joining = next((known for known in case.file.joinings if known.joining == joining_id), None)
    if joining is None:
        return
    end_joining(case, joining, reason)
    own = case.file.claims.get((joining.challenger, joining.host[1])) if joining.challenger else None
    if own is None or not own.live or own.holds:
        return
    open_one = next((key for key, (_, parties) in case.file.conflicts.items() if own.registration in parties), None)
    if open_one is not None and own.conflict == open_one:
        if others_wait(case, open_one, own):
            return
        queue_or_decline(case, own, "ROE-9", "the line is protected for another claim", conflict_named=True)
        rule(case, open_one, Ruling.UPHOLD_INCUMBENT, joining.host[0], by="rulebook", reason=reason)
    elif not case.rules.clauses.queue.in_use:
        decline(case, own, "ROE-10", "the holder takes no further partner")


def others_wait(case: Case, conflict: UUID, own: Claim) -> bool:
    """Whether other parties of the conflict wait for the desk: then one party's joining does not settle it."""
    return any(
        claim.conflict == conflict and claim.registration != own.registration and claim.state_is(LegState.CONTESTED)
        for claim in case.file.living(own.line)
    )


def promote(case: Case, claim: Claim) -> None:
    """It is pending again: its review clock starts, and it is decided as far as it can be."""
    case.record(ClaimPromoted(customer=case.customer, registration=claim.registration, line=claim.line))
    settle(case, case.again(claim))


def look_again(case: Case, registration: UUID) -> None:
    """A claim that came back too soon has brought evidence dated after its end: a person says whether it counts (ROE-12)."""
    for claim in case.file.of_registration(registration):
        if claim.state_is(LegState.QUEUED) and claim.not_before is not None and newer_evidence(case, claim):
            promote(case, claim)


def queue_of(case: Case, line: str) -> list[Claim]:
    """The entries of a line's queue: by priority time, then by order of acceptance."""
    entries = [claim for claim in on_the_line(case, line) if claim.state_is(LegState.QUEUED) and claim.offer_to is None]
    return sorted(entries, key=lambda claim: (claim.priority_at, claim.entry))


def free_line(case: Case, line: str, scope: Scope) -> None:
    """Offer the line to the first entry whose whole scope is free; one that waited for a pending claim only is promoted."""
    anywhere = map_changed(case)
    for entry in queue_of(case, line):
        if not (anywhere or scopes_overlap(case.rules, entry.scope, scope)) or not is_free(case, entry):
            continue
        refusal = refusal_today(case, entry)
        if refusal is not None:
            decline(case, entry, refusal.clause, refusal.reason)
            continue
        if taken_today(case, entry):
            continue
        if entry.queue_clause == "ROE-5":
            promote(case, entry)
        else:
            offer_line(case, entry)


def is_free(case: Case, entry: Claim) -> bool:
    """Whether nothing in the entry's whole scope blocks it, waits before it, or closes the line."""
    if (entry.not_before is not None and entry.not_before > case.now) or waits_for_identity(entry):
        return False
    if is_closed(case, entry) or within_reach(case, entry):
        return False
    for meeting in meetings_of(case, entry):
        waits = meeting.there.state_is(LegState.PENDING) or meeting.there.state_is(LegState.CONTESTED)
        if meeting.there.blocks or (waits and before(meeting.there, entry)):
            _try_joining(case, entry, meeting.there, meeting.how)
            return False
    return True


def _try_joining(case: Case, entry: Claim, there: Claim, how: Relation) -> None:
    """A place beside the holder became empty: the entry may be asked for it."""
    if how is Relation.JOINS and there.holds and not any(j.host == there.key for j in case.file.joinings):
        ask_to_join(case, entry, there)


def offer_line(case: Case, entry: Claim) -> None:
    """Offer the line; the offer blocks and stands some business days from the notice."""
    days = case.rules.clauses.queue.offer_business_days
    case.record(
        LineOffered(
            customer=case.customer,
            registration=entry.registration,
            line=entry.line,
            offer_to=add_business_days(case.situation.asked_at, days, case.rules),
            offered_at=case.now,
        )
    )


def empty_queue(case: Case, won: Claim) -> None:
    """The line was won: those that wait for it are declined, those offered or pending too (rules.md section 1, Queue)."""
    for entry in on_the_line(case, won.line):
        if entry.registration == won.registration or entry.holds or entry.tender:
            continue
        if in_place_of(case, entry, won):
            decline(case, entry, "ROE-31", "the line was won by another")
            after_end(case, entry, offer=False)


def leave_queue(case: Case, entry: Claim, reason: str) -> None:
    """The entry leaves the queue; what it blocked is offered on."""
    case.record(
        QueueLeft(
            customer=case.customer,
            registration=entry.registration,
            line=entry.line,
            reason=reason,
            left_at=case.now,
        )
    )
    after_end(case, entry)
