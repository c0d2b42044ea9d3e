"""A dealer goes through another distributor: its dates and protection stay, the old one is out (ROE-17; under ROE-16 it does not count)."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

from dealreg.engagement.clause import Refusal
from dealreg.file.events import LegReleased
from dealreg.file.overlap import Relation
from dealreg.file.state import LIVE, Claim, Leg, LegState
from dealreg.process.applies import applies
from dealreg.process.case import Case, above, need_partners, partner_of, registration_of
from dealreg.process.check_claim import refusal_to_supply
from dealreg.process.free_line import after_end
from dealreg.process.hold_claim import linked
from dealreg.process.meetings import meetings_of
from dealreg.process.name_distributor import name_distributor, readers_now
from dealreg.process.record_outcome import opened
from dealreg.registration.events import DistributorChanged, RequestedLeg, RequestedLine
from dealreg.registration.party_commands import ChangeDistributor
from dealreg.registration.state import REGISTRATION, Registration
from dealreg.vocabulary.fact import Actor, Request, Role
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.refused import Closed, NotAllowed, Refused
from dealreg.vocabulary.situation import Situation
from dealreg.vocabulary.values import Standing, Tier

LETTER = "customer_letter"
"""The kind of evidence by which the customer writes that it wants the dealer to go through another (ROE-17)."""


def change_distributor(situation: Situation, request: Request, command: ChangeDistributor) -> UUID:
    """Change it on every line that goes through another. Raises ``NotAllowed``, ``Closed``, ``Refused``, ``Unknown``."""
    _of_the_dealer(request.actor, command.partner)
    state = registration_of(situation, command.registration)
    case = opened(situation, command.registration)
    claims = [] if case is None else list(_through_others(case, command))
    if case is None or not claims:
        raise Closed("no running line of the registration has this dealer's leg under another distributor")
    left_behind = [claim for claim in claims if _left_behind(claim)]
    chosen, clause = (left_behind, "ROE-16") if left_behind else (claims, "ROE-17")
    if not left_behind:
        _allowed(case, state, chosen, command.partner)
    for claim in chosen:
        refusal = _refused(case, claim, command)
        if refusal is not None:
            raise Refused(refusal.reason, clause=refusal.clause)
    _change(case, command, state, chosen, clause)
    return command.registration


def _of_the_dealer(actor: Actor, partner: str) -> None:
    """Through whom a dealer buys is its own word: a distributor that acts for it could take the registration over."""
    if actor.role is not Role.DEAL_DESK and actor.partner != partner:
        raise NotAllowed("only the dealer itself, or the deal desk for it, changes its distributor")


def _through_others(case: Case, command: ChangeDistributor) -> Iterator[Claim]:
    for claim in case.file.of_registration(command.registration):
        upper = _upper(claim)
        if claim.party(Tier.DEALER) == command.partner and upper is not None and upper.partner != command.distributor:
            yield claim


def _upper(claim: Claim) -> Leg | None:
    """The leg that the dealer hangs under."""
    return claim.leg(Tier.DISTRIBUTOR) or claim.leg(Tier.MASTER)


def _left_behind(claim: Claim) -> bool:
    """Whether the distributor is suspended or has left: then the dealer names another within the limit (ROE-16)."""
    upper = _upper(claim)
    return upper is not None and "ROE-16" in upper.paused


def _allowed(case: Case, state: Registration, claims: list[Claim], partner: str) -> None:
    """ROE-17: the dealer filed it, or the customer writes so; so often for a registration. Raises ``Refused``."""
    times = case.rules.clauses.change_of_distributor.times
    if not all(applies(case, claim, "ROE-17") for claim in claims):
        raise Refused("under this rulebook a registration keeps its distributor; file anew", clause="ROE-17")
    if state.changes >= times:
        raise Refused(
            f"a registration changes its distributor {times} times at most; withdraw your leg and file anew",
            clause="ROE-17",
        )
    written = any(proof.kind == LETTER for proof in state.evidence)
    if not written and (any(claim.filed_by != partner for claim in claims) or _showed_first(state, claims, partner)):
        raise Refused(
            "the distributor filed this registration, or showed evidence for it first: its leg stays; withdraw your leg and file "
            f"through the other distributor (ROE-9 applies), or add the customer's letter as evidence of kind {LETTER!r}",
            clause="ROE-17",
        )


def _showed_first(state: Registration, claims: list[Claim], partner: str) -> bool:
    """Whether a distributor had evidence accepted before the dealer's."""
    uppers = {
        leg.partner for claim in claims for leg in claim.legs if leg.state in LIVE and leg.tier is not Tier.DEALER
    }
    first = next((proof.added_by for proof in state.evidence if proof.added_by in {*uppers, partner}), None)
    return first is not None and first != partner


def _refused(case: Case, claim: Claim, command: ChangeDistributor) -> Refusal | None:
    """ROE-1 and ROE-7 on the day of the change, and a dealer that is out itself changes nothing."""
    need_partners(case.situation, [command.partner, command.distributor])
    standing = partner_of(case.situation, command.partner).standing_at(case.now)
    if standing in {Standing.SUSPENDED, Standing.TERMINATED}:
        return Refusal("ROE-16", f"the dealer itself is {standing}; it changes nothing until it is reinstated", "out")
    refusal = refusal_to_supply(case, command.distributor, Tier.DISTRIBUTOR, claim)
    if refusal is not None:
        return refusal
    dealer = [leg for leg in claim.legs if leg.tier is Tier.DEALER and leg.state in LIVE]
    new = Leg(Tier.DISTRIBUTOR, command.distributor, LegState.PENDING)
    meetings = meetings_of(case, replace(claim, legs=(new, *dealer)))
    if claim.holds and any(m.there.blocks and m.how is Relation.OUTSIDE for m in meetings):
        return Refusal("ROE-7", "through this distributor the line is protected for another claim", "protected")
    return None


def _change(case: Case, command: ChangeDistributor, state: Registration, claims: list[Claim], clause: str) -> None:
    kept = above(case.situation, command.distributor, case.now)
    left: dict[str, None] = {}
    for claim in claims:
        old = [
            leg for leg in claim.legs if leg.state in LIVE and leg.tier is not Tier.DEALER and leg.partner not in kept
        ]
        left |= dict.fromkeys(leg.partner for leg in old)
        for leg in old:
            case.record(
                LegReleased(
                    customer=case.customer,
                    registration=claim.registration,
                    line=claim.line,
                    tier=leg.tier,
                    partner=PartnerId(leg.partner),
                    clause=clause,
                    reason="its dealer goes through another distributor",
                    released_at=case.now,
                )
            )
        name_distributor(case, claim, old, command.distributor, clause, hidden=state.hidden)
        _link_its_own(case, claim)
    lines = _lines(case, state, command.registration)
    case.situation.record(
        REGISTRATION,
        command.registration,
        DistributorChanged(
            registration=command.registration,
            partner=command.partner,
            distributor=command.distributor,
            left=tuple(PartnerId(partner) for partner in left),
            lines=lines,
            counts=clause == "ROE-17",
            clause=clause,
            readers=readers_now(case.situation, command.registration),
            changed_at=case.now,
        ),
    )


def _link_its_own(case: Case, claim: Claim) -> None:
    """What the dealer filed meanwhile through the new distributor is the same in the same leg now (ROE-28, C11)."""
    own = [entry for entry in case.file.living(claim.line) if entry.party(Tier.DEALER) == claim.party(Tier.DEALER)]
    for entry in own:
        if entry.state_is(LegState.QUEUED) and linked(case, entry, meetings_of(case, entry)):
            after_end(case, entry, offer=False)


def _lines(case: Case, state: Registration, registration: UUID) -> tuple[RequestedLine, ...]:
    """Every line with the legs that run; one that has none left stays as it was."""
    return tuple(_line(case, line, registration) for line in state.lines)


def _line(case: Case, line: RequestedLine, registration: UUID) -> RequestedLine:
    claim = case.file.claims.get((registration, line.line))
    legs = [] if claim is None else [leg for leg in claim.legs if leg.state in LIVE]
    if not legs:
        return line
    named = tuple(RequestedLeg(tier=leg.tier, partner=PartnerId(leg.partner)) for leg in legs)
    return line.model_copy(update={"legs": named})
