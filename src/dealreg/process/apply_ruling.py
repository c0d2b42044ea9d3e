"""What a ruling does to the claims of its parties, at once (rules.md section 3).

Who loses is released or waits, who prevails is approved that day; a ruling on appeal finds claims that the first one ended, and gives
them back what they had left.
"""

from uuid import UUID

from dealreg.conflict.events import ConflictRuled, Kind, Party, Ruling
from dealreg.conflict.state import Conflict
from dealreg.file.conflict_events import ClaimSetBeside, ScopeNarrowed
from dealreg.file.leg_events import LegReleased
from dealreg.file.overlap import joining_tier
from dealreg.file.state import LIVE, Claim, LegState
from dealreg.process.case import Case
from dealreg.process.free_line import after_end, free_line
from dealreg.process.give_back import give_back, restore
from dealreg.process.hold_claim import queue_or_decline
from dealreg.process.join_line import join_by_ruling
from dealreg.process.propose_ruling import claim_of
from dealreg.process.rule_on_account import account_rules_first, account_rules_last, shared_with_tender
from dealreg.process.settle_claim import approve_unless_met
from dealreg.process.suspending import lift
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.refused import NotAllowed
from dealreg.vocabulary.values import Scope, Tier


def apply_ruling(case: Case, state: Conflict, ruled: ConflictRuled) -> None:
    """Let the ruling act on every claim that is a party."""
    claims = {party.registration: claim_of(case, state, party) for party in state.parties}
    won = [claim for claim in claims.values() if claim is not None and _fulfilled(claim)]
    if won and ruled.on_appeal is not None:
        return
    if shared_with_tender(case, state, ruled):
        return
    account_rules_first(case, state, ruled)
    _on_claims(case, state, ruled)
    account_rules_last(case, state, ruled)


def _on_claims(case: Case, state: Conflict, ruled: ConflictRuled) -> None:
    match ruled.ruling:
        case Ruling.SPLIT_LINES:
            _split(case, state, ruled)
        case Ruling.SHARE:
            _share(case, state, ruled)
        case Ruling.JOIN:
            _join(case, state, ruled)
        case _:
            released = _lose(case, state, ruled, {ruled.awarded})
            _prevail(case, state, ruled, ruled.awarded)
            _bring_into_order(case, released)


def _fulfilled(claim: Claim) -> bool:
    """The line was won meanwhile: there is nothing left to give."""
    return claim.state_is(LegState.FULFILLED)


def _bring_into_order(case: Case, released: list[Claim]) -> None:
    """What hung on a claim that was released is judged when who prevailed holds the line: nobody comes between (section 3).

    What the released claim held beyond the winner's scope is free.
    """
    for claim in released:
        after_end(case, claim, offer=False)
        free_line(case, claim.line, claim.scope)


def _lose(case: Case, state: Conflict, ruled: ConflictRuled, keep: set[UUID]) -> list[Claim]:
    """The incumbent that loses is released and its line not offered, the others queue or are declined. Returns who was released.

    An incumbent to which the line was only offered goes back to its place in the queue.
    """
    released = []
    for party in state.parties:
        claim = claim_of(case, state, party)
        if claim is None or party.registration in keep or not claim.live:
            continue
        if claim.holds:
            _lose_held(case, ruled, claim, _read_by_who_loses(state, ruled, claim))
            released.append(claim)
        elif claim.state_is(LegState.CONTESTED) or claim.state_is(LegState.PENDING) or claim.offer_to is not None:
            clause = _read_by_who_loses(state, ruled, claim)
            queue_or_decline(case, claim, clause, "ruled for another claim", conflict_named=True)
    return released


def _read_by_who_loses(state: Conflict, ruled: ConflictRuled, claim: Claim) -> str:
    """The clause that the answer names: where a deal is hidden, the one that a stranger's claim meets, for naming ROE-32 would tell of it."""
    if ruled.clause != "ROE-32":
        return ruled.clause
    if claim.party(Tier.DEALER) is None:
        return "ROE-7"
    return "ROE-8" if claim.party(Tier.DISTRIBUTOR) == state.parties[0].distributor else "ROE-9"


def _lose_held(case: Case, ruled: ConflictRuled, claim: Claim, clause: str) -> None:
    """Every leg ends with the ruling; its appeal is the conflict's."""
    for leg in claim.legs:
        if leg.state in LIVE:
            released = LegReleased(
                customer=case.customer,
                registration=claim.registration,
                line=claim.line,
                tier=leg.tier,
                partner=PartnerId(leg.partner),
                clause=clause if ruled.on_appeal is None else "ROE-29",
                reason="the ruling awarded the line to another claim",
                released_at=case.now,
                released_by=ruled.ruled_by,
            )
            case.record(released)


def _prevail(case: Case, state: Conflict, ruled: ConflictRuled, registration: UUID) -> None:
    """The claim keeps what it holds, is approved that day, or comes back with what the first ruling took from it."""
    claim = _come_back(case, state, ruled, registration)
    if claim is not None and claim.holds:
        _clear(case, state, claim)
    elif claim is not None and claim.live:
        approve_unless_met(case, claim, ruled.ruled_by, "the desk ruled for it")


def _clear(case: Case, state: Conflict, claim: Claim) -> None:
    """What a clause suspended until the ruling is lifted (ROE-25)."""
    clause = state.detected.clause if state.detected is not None and state.detected.kind is Kind.COMPLIANCE else None
    for leg in claim.legs:
        if clause is not None and clause in leg.paused:
            lift(case, claim, leg, clause, "the ruling cleared it")


def _come_back(case: Case, state: Conflict, ruled: ConflictRuled, registration: UUID) -> Claim | None:
    """On appeal: what the first ruling ended is given back, or waits for its decision again. The claim, where the party has one."""
    party = state.party(registration)
    claim = claim_of(case, state, party) if party is not None else None
    if claim is None or claim.live or ruled.on_appeal is None or state.first is None:
        return claim
    if not give_back(case, claim, state.first.ruled_at, "ROE-29", "given back on appeal"):
        restore(case, claim, "ROE-29", "the ruling was reversed on appeal")
    return case.again(claim)


def _split(case: Case, state: Conflict, ruled: ConflictRuled) -> None:
    """Each named party has its part, at its old time; who holds keeps its window, the others are approved that day."""
    released = _lose(case, state, ruled, {part.registration for part in ruled.parts})
    freed = [narrow(case, state, party, part.scope, ruled) for party in state.parties for part in ruled.parts
             if part.registration == party.registration]  # fmt: skip
    for part in ruled.parts:
        _prevail(case, state, ruled, part.registration)
    for scope in freed:
        if scope is not None and state.detected is not None:
            free_line(case, state.detected.line, scope)
    _bring_into_order(case, released)


def narrow(case: Case, state: Conflict, party: Party, scope: Scope, ruled: ConflictRuled) -> Scope | None:
    """Give a party's claim the narrower scope. Returns what it had before, where it held it."""
    claim = claim_of(case, state, party)
    if claim is None or claim.scope == scope:
        return None
    narrowed = ScopeNarrowed(
        customer=case.customer,
        registration=claim.registration,
        line=claim.line,
        scope=scope,
        clause=ruled.clause,
        reason="the ruling split the line",
        narrowed_at=case.now,
    )
    case.record(narrowed)
    return claim.scope if claim.holds else None


def _share(case: Case, state: Conflict, ruled: ConflictRuled) -> None:
    """Both are protected, not exclusive to one another, and block newcomers."""
    sharing = (state.parties[0].registration, ruled.awarded)
    released = _lose(case, state, ruled, set(sharing))
    for registration in sharing:
        party = state.party(registration)
        claim = claim_of(case, state, party) if party is not None else None
        if claim is None:
            raise NotAllowed("only claims share a line; a party of this conflict is none")
        others = tuple(other for other in sharing if other != registration)
        beside = ClaimSetBeside(
            customer=case.customer,
            registration=registration,
            line=claim.line,
            beside=others,
            clause=ruled.clause,
            reason="the ruling lets them share the line",
        )
        case.record(beside)
    for registration in sharing:
        _prevail(case, state, ruled, registration)
    _bring_into_order(case, released)


def _join(case: Case, state: Conflict, ruled: ConflictRuled) -> None:
    """The challenger takes the empty place beside the incumbent; each learns the other (section 3)."""
    host, joins = claim_of(case, state, state.parties[0]), state.party(ruled.awarded)
    own = claim_of(case, state, joins) if joins is not None else None
    if host is None or own is None or not host.holds or not own.live:
        raise NotAllowed("joining needs an incumbent that holds the line and a challenger whose claim is live")
    if host.party(joining_tier(own, host)) is not None:
        raise NotAllowed("the incumbent has no empty place at the challenger's tier; split or share the line instead")
    released = _lose(case, state, ruled, {host.registration, own.registration})
    join_by_ruling(case, case.again(own), case.again(host))
    _bring_into_order(case, released)
