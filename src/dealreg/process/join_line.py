"""A partner joins a registration whose leg at its tier is empty; only when both said yes does either learn the other (ROE-10)."""

from uuid import UUID

from dealreg.engagement.business import add_business_days
from dealreg.engagement.windows import window_end
from dealreg.file.events import Asks, ClaimQueued, JoiningAsked, JoiningEnded, LegJoined, LegReleased, LegWindow
from dealreg.file.overlap import joining_tier
from dealreg.file.state import HOLDING, Claim, Joining, LegState
from dealreg.process.applies import applies
from dealreg.process.approve_line import window_days
from dealreg.process.case import Case, above
from dealreg.process.check_claim import refusal_to_join
from dealreg.process.hold_claim import closing
from dealreg.process.review_clock import stop_review
from dealreg.process.stale_clock import freeze_too
from dealreg.process.suspending import suspend_under
from dealreg.vocabulary.ids import PartnerId, derived, partner_reader
from dealreg.vocabulary.refused import Refused
from dealreg.vocabulary.values import Tier


def may_join(case: Case, claim: Claim, there: Claim) -> bool:
    """ROE-9: the dealer leg of the other is empty, and the dealer also buys from its distributor."""
    dealer, distributor = claim.party(Tier.DEALER), there.party(Tier.DISTRIBUTOR)
    if dealer is None or distributor is None or there.party(Tier.DEALER) is not None:
        return False
    if not there.holds or not (applies(case, claim, "ROE-10") and applies(case, claim, "ROE-9")):
        return False
    return distributor in above(case.situation, dealer, case.now) and not _asked(case, there)


def _asked(case: Case, there: Claim) -> bool:
    """Whether the empty place is already spoken for by a joining that waits for answers."""
    return any(joining.host == there.key for joining in case.file.joinings)


def ask_to_join(case: Case, claim: Claim, there: Claim) -> None:
    """Ask the holder first whether it takes a further partner, unnamed; the newcomer waits."""
    tier = joining_tier(claim, there)
    partner, holder = claim.party(tier), _holder(there, tier)
    if partner is None or holder is None:
        return
    joining = derived("joining", case.stream, case.situation.version(case.stream))
    _ask(case, there, joining, tier, partner, holder, Asks.HOLDER, challenger=claim.registration, invited=False)
    if not claim.state_is(LegState.CONTESTED):
        stop_review(case, claim, "it may join another registration")
        case.record(
            ClaimQueued(
                customer=case.customer,
                registration=claim.registration,
                line=claim.line,
                clause="ROE-10",
                reason="a place beside the holder is asked for",
                conflict=None,
                not_before=None,
                leaves_at=window_end(claim.completed_at, case.rules.zone, case.rules.clauses.queue.entry_days),
            )
        )


def _holder(there: Claim, tier: Tier) -> str | None:
    """Who holds the registration that is to be joined: the nearest leg above the empty place, else below."""
    order = (Tier.DISTRIBUTOR, Tier.MASTER) if tier is Tier.DEALER else (Tier.MASTER, Tier.DEALER)
    return next((there.party(place) for place in order if there.party(place) is not None), None)


def invite(case: Case, there: Claim, tier: Tier, partner: str, holder: str) -> UUID:
    """The holder invites a partner: the holder's yes is given, the partner is asked. Returns the joining's id."""
    joining = derived("joining", case.stream, case.situation.version(case.stream))
    _ask(case, there, joining, tier, partner, holder, Asks.JOINER, challenger=None, invited=True)
    return joining


def _ask(
    case: Case,
    there: Claim,
    joining: UUID,
    tier: Tier,
    partner: str,
    holder: str,
    asks: Asks,
    *,
    challenger: UUID | None,
    invited: bool,
) -> None:
    days = case.rules.clauses.joining.answer_business_days
    case.record(
        JoiningAsked(
            customer=case.customer,
            registration=there.registration,
            line=there.line,
            joining=joining,
            tier=tier,
            partner=PartnerId(partner),
            holder=PartnerId(holder),
            asks=asks,
            answer_to=add_business_days(case.situation.asked_at, days, case.rules),
            challenger=challenger,
            invited=invited,
        )
    )


def agreed(case: Case, joining: Joining) -> bool:
    """One said yes: the other is asked, or both have and the leg is joined. True when it is joined."""
    there = case.file.claims[joining.host]
    named_it_itself = joining.challenger is not None and _goes_through(case, joining)
    if joining.asks is Asks.HOLDER and not named_it_itself:
        _ask(
            case,
            there,
            joining.joining,
            joining.tier,
            joining.partner,
            joining.holder,
            Asks.JOINER,
            challenger=joining.challenger,
            invited=joining.invited,
        )
        return False
    _join(case, joining, there)
    return True


def _goes_through(case: Case, joining: Joining) -> bool:
    """Whether the newcomer filed through the holder itself: then its own filing was its yes."""
    own = case.file.claims.get((joining.challenger, joining.host[1])) if joining.challenger else None
    return own is not None and any(leg.partner == joining.holder for leg in own.legs)


def _join(case: Case, joining: Joining, there: Claim) -> None:
    """The partner takes the place; a claim that names a dealer too brings it, where that place is empty as well."""
    _take_place(case, joining, there, joining.tier, joining.partner)
    own = case.file.claims.get((joining.challenger, joining.host[1])) if joining.challenger else None
    dealer = own.party(Tier.DEALER) if own is not None else None
    host = case.again(there)
    brought = joining.tier is Tier.DISTRIBUTOR and dealer is not None and host.party(Tier.DEALER) is None
    if brought and dealer is not None and refusal_to_join(case, dealer, Tier.DEALER, host) is None:
        _take_place(case, joining, host, Tier.DEALER, dealer)
    closed = closing(case, host)
    if closed is not None:
        # Both had said yes when the line was closed: the leg that joins is suspended like the one that it joins (ROE-21).
        suspend_under(case, case.again(host), closed)
    _end_own_claim(case, joining)


def _take_place(case: Case, joining: Joining, there: Claim, tier: Tier, partner: str) -> None:
    """The partner's leg begins with a length of its own, capped by the leg above where the rulebook says so."""
    zone, capped = case.rules.zone, case.rules.clauses.joining.capped
    window_to = window_end(case.now, zone, window_days(case, tier, partner, case.now))
    stop = min((leg.hard_stop_at for leg in there.legs if leg.state in HOLDING and leg.hard_stop_at), default=window_to)
    over = there.leg(Tier.DISTRIBUTOR) or there.leg(Tier.MASTER)
    ends = [window_to, stop]
    if capped and tier is Tier.DEALER and over is not None and over.window_to is not None:
        ends.append(over.window_to)
    leg = LegWindow(tier=tier, partner=PartnerId(partner), window_from=case.now, window_to=min(ends), hard_stop_at=stop)
    program = case.situation.program
    brings = _suppliers(case, joining, there) if tier is Tier.DEALER else [partner]
    case.record(
        LegJoined(
            customer=case.customer,
            registration=there.registration,
            line=there.line,
            joining=joining.joining,
            leg=leg,
            capped=capped,
            joined_at=case.now,
            dealers=(partner_reader(program, partner),) if tier is Tier.DEALER else (),
            distributors=tuple(partner_reader(program, reader) for reader in brings),
        )
    )
    freeze_too(case, there)


def _suppliers(case: Case, joining: Joining, there: Claim) -> list[str]:
    """Who supplies the joining dealer inside the network of the registration: a sub-distributor reads on of the dealer that it brought.

    A rival through which the dealer came reads nothing of the line that it joins: the two are named to each other, and to nobody else.
    """
    own = case.file.claims.get((joining.challenger, joining.host[1])) if joining.challenger else None
    on_it = {leg.partner for leg in there.legs}
    brought = [leg.partner for leg in own.legs if leg.tier is not Tier.DEALER] if own is not None else []
    return [one for one in brought if one not in on_it and on_it & above(case.situation, one, case.now)]


def _end_own_claim(case: Case, joining: Joining) -> None:
    """The newcomer's own claim has become the leg that it joined."""
    own = case.file.claims.get((joining.challenger, joining.host[1])) if joining.challenger else None
    if own is None:
        return
    for leg in own.legs:
        case.record(
            LegReleased(
                customer=case.customer,
                registration=own.registration,
                line=joining.host[1],
                tier=leg.tier,
                partner=PartnerId(leg.partner),
                clause="ROE-10",
                reason="it joined the registration that holds the line",
                released_at=case.now,
            )
        )


def join_by_ruling(case: Case, own: Claim, there: Claim) -> None:
    """A ruling gives the newcomer the empty place, with ROE-10's window. Raises ``Refused`` where ROE-1 refuses it that day."""
    tier = joining_tier(own, there)
    partner, holder = own.party(tier), _holder(there, tier)
    if partner is None or holder is None:
        raise Refused("the challenger has no leg for the empty place", clause="ROE-10")
    refusal = refusal_to_join(case, partner, tier, there)
    if refusal is not None:
        raise Refused(refusal.reason, clause=refusal.clause)
    for waiting in [joining for joining in case.file.joinings if joining.host == there.key]:
        end_joining(case, waiting, "a ruling gave the place")
    asked = derived("joining", case.stream, case.situation.version(case.stream))
    joining = Joining(
        asked, there.key, tier, partner, holder, Asks.JOINER, case.now, challenger=own.registration, invited=False
    )
    _join(case, joining, there)


def end_joining(case: Case, joining: Joining, reason: str) -> None:
    """Somebody said no, or nothing in time, or the place is gone."""
    case.record(
        JoiningEnded(
            customer=case.customer,
            registration=joining.host[0],
            line=joining.host[1],
            joining=joining.joining,
            reason=reason,
            ended_at=case.now,
        )
    )
