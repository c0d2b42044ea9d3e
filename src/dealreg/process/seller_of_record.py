"""ROE-18: who sold the line to this customer last, and so comes before claims completed after that sale."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from dealreg.conflict.events import Kind, Party, PartyStanding, Ruling
from dealreg.engagement.clause import Refusal
from dealreg.engagement.territory import scopes_overlap
from dealreg.engagement.windows import first_instant, local_day
from dealreg.file.state import Claim, LegState
from dealreg.process.case import Case, above, partner_of
from dealreg.process.close_conflict import rule
from dealreg.process.hold_claim import queue_or_decline
from dealreg.process.meetings import proof_before
from dealreg.process.open_conflict import contest, opened_against
from dealreg.process.propose_ruling import propose
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Scope, Standing, Tier

DEAUTHORISED = frozenset({Standing.SUSPENDED, Standing.TERMINATED})


class Sold(NamedTuple):
    """A sale, recorded or a win under a registration: who sold and supplied, on which day, and when we knew."""

    sale: UUID
    scope: Scope
    dealer: str | None
    distributor: str | None
    sold_on: date
    known_at: datetime

    def seller(self, tier: Tier) -> str | None:
        """The partner at a tier of the sale."""
        return self.dealer if tier is Tier.DEALER else self.distributor


class SellerFirst(NamedTuple):
    """A seller of record that comes before a claim, and the first instant at which its look-back is over."""

    sold: Sold
    tier: Tier
    partner: str
    to: datetime


def sales_of(case: Case, line: str) -> Iterator[Sold]:
    """Every sale of a line: recorded ones that no protection forbade, and wins (rules.md ROE-18, ROE-25)."""
    for sale in case.file.account.sales:
        if sale.line == line and not sale.past:
            yield Sold(sale.sale, sale.scope, sale.dealer, sale.distributor, sale.sold_on, sale.recorded_at)
    for claim in case.file.claims.values():
        if claim.line != line or claim.live:
            continue
        won = {leg.tier: leg for leg in claim.legs if leg.state is LegState.FULFILLED}
        ends = [leg.ended_at for leg in won.values() if leg.ended_at is not None]
        if ends:
            upper, dealer = won.get(Tier.DISTRIBUTOR) or won.get(Tier.MASTER), won.get(Tier.DEALER)
            yield Sold(
                claim.registration,
                claim.scope,
                dealer.partner if dealer is not None else None,
                upper.partner if upper is not None else None,
                local_day(max(ends), case.rules.zone),
                max(ends),
            )


def seller_first(case: Case, claim: Claim, day: datetime) -> SellerFirst | None:
    """The seller of record, at a tier of the claim, that comes before it on a day; ``None`` where there is none."""
    completed_on, today = (local_day(at, case.rules.zone) for at in (claim.completed_at, day))
    look_back = timedelta(days=case.rules.clauses.seller_of_record.look_back_days)
    for tier in (Tier.DEALER, Tier.DISTRIBUTOR):
        last = _latest(case, claim, tier)
        if last is None or not last.sold_on < completed_on or today > last.sold_on + look_back:
            continue
        partner = last.seller(tier)
        if partner is not None and _is_another(case, claim, tier, partner) and not _over(case, claim, tier, last, day):
            over = first_instant(last.sold_on + look_back + timedelta(days=1), case.rules.zone)
            return SellerFirst(last, tier, partner, over)
    return None


def _latest(case: Case, claim: Claim, tier: Tier) -> Sold | None:
    """The latest recorded sale in the claim's scope that has a seller at the tier."""
    overlapping = [
        sold
        for sold in sales_of(case, claim.line)
        if sold.seller(tier) is not None and scopes_overlap(case.rules, sold.scope, claim.scope)
    ]
    return max(overlapping, default=None, key=lambda sold: (sold.sold_on, sold.known_at))


def _is_another(case: Case, claim: Claim, tier: Tier, partner: str) -> bool:
    """Whether the claim has a partner at that tier, and it is neither the seller nor the master above a distributor that supplied."""
    if tier is Tier.DEALER:
        return claim.party(Tier.DEALER) not in {None, partner}
    own = claim.party(Tier.DISTRIBUTOR)
    if own is not None:
        return own != partner
    master = claim.party(Tier.MASTER)
    return master is not None and master not in {partner, *above(case.situation, partner, case.now)}


def seller_kept(case: Case, claim: Claim) -> Iterator[SellerFirst]:
    """The latest seller at each tier of a claim that waits, unless its record ended by a fact: whether it is out, is not asked."""
    look_back = timedelta(days=case.rules.clauses.seller_of_record.look_back_days)
    for tier in (Tier.DEALER, Tier.DISTRIBUTOR):
        last = _latest(case, claim, tier)
        partner = last.seller(tier) if last is not None else None
        if last is not None and partner is not None and not _ended(case, claim, tier, last):
            over = first_instant(last.sold_on + look_back + timedelta(days=1), case.rules.zone)
            yield SellerFirst(last, tier, partner, over)


def _over(case: Case, claim: Claim, tier: Tier, sold: Sold, day: datetime) -> bool:
    """Whether the record has ended: given up, written otherwise by the customer, ruled, or ROE-16 since the sale."""
    return _ended(case, claim, tier, sold) or _deauthorised(case, str(sold.seller(tier)), sold.sold_on, day)


def _ended(case: Case, claim: Claim, tier: Tier, sold: Sold) -> bool:
    return any(
        (ended.partner, ended.tier, ended.line) == (sold.seller(tier), tier, claim.line)
        and sold.known_at <= ended.ended_at
        and scopes_overlap(case.rules, ended.scope, sold.scope)
        for ended in case.file.account.records_ended
    )


def _deauthorised(case: Case, partner: str, since: date, day: datetime) -> bool:
    """ROE-16 ends it for good: suspended or terminated at any time from the sale to the day."""
    if not case.rules.clauses.deauthorisation.in_force:
        return False
    standings = partner_of(case.situation, partner).standings
    begins = first_instant(since, case.rules.zone)
    held = {standings.at(begins)} | {value for at, value in standings.steps if begins < at <= day}
    return not DEAUTHORISED.isdisjoint(held)


def is_seller_of_record(case: Case, claim: Claim) -> bool:
    """Whether the claim is the seller of record's own: at a tier of it, its partner sold the line last (ROE-19)."""
    if not case.rules.clauses.seller_of_record.in_force:
        return False
    today = local_day(claim.completed_at, case.rules.zone)
    look_back = timedelta(days=case.rules.clauses.seller_of_record.look_back_days)
    for tier in (Tier.DEALER, Tier.DISTRIBUTOR):
        last = _latest(case, claim, tier)
        if last is None or not last.sold_on < today <= last.sold_on + look_back:
            continue
        if claim.party(tier) == last.seller(tier) and not _over(case, claim, tier, last, claim.completed_at):
            return True
    return False


def seller_comes_first(case: Case, claim: Claim) -> bool:
    """ROE-18 on a claim that waits for its decision: declined or queued as section 1a says. True when that settles it."""
    first = None if claim.tender else seller_first(case, claim, claim.completed_at)
    if first is None:
        return False
    ground = "another partner sold this line here last and comes first"
    conflict = opened_against(case, claim, _party(case, first), Kind.SELLER_OF_RECORD, ground)
    claim = case.again(claim)
    proof = proof_before(case, claim, first.sold.sold_on)
    reasons = (
        proof or ground,
        f"seller of record at {first.tier} tier by the sale of {first.sold.sold_on.isoformat()} (ROE-18)",
    )
    propose(case, conflict, Ruling.UPHOLD_INCUMBENT, first.sold.sale, "ROE-18", reasons)
    if proof is not None or _others_wait(case, conflict) or not case.rules.clauses.conflicts.rulebook_upholds:
        contest(case, claim, conflict, "ROE-18", proof or ground)
        return True
    queue_or_decline(case, claim, "ROE-18", ground, not_before=first.to, conflict_named=True)
    rule(case, conflict, Ruling.UPHOLD_INCUMBENT, first.sold.sale, by="rulebook", reason=ground)
    return True


def _others_wait(case: Case, conflict: UUID) -> bool:
    """Whether the conflict was open before this claim came: then its other parties wait for the desk."""
    return any(claim.conflict == conflict and claim.state_is(LegState.CONTESTED) for claim in case.file.living())


def _party(case: Case, first: SellerFirst) -> Party:
    sold = first.sold
    return Party(
        registration=sold.sale,
        filed_by=PartnerId(first.partner),
        distributor=PartnerId(sold.distributor) if sold.distributor else None,
        dealer=PartnerId(sold.dealer) if sold.dealer else None,
        priority_at=first_instant(sold.sold_on, case.rules.zone),
        standing=PartyStanding.SELLER_OF_RECORD,
    )


def seller_refuses_today(case: Case, claim: Claim, day: datetime) -> Refusal | None:
    """ROE-18 on the day on which a freed line is offered or taken; what is protected already stands."""
    if claim.tender or claim.holds or seller_first(case, claim, day) is None:
        return None
    return Refusal("ROE-18", "another partner sold this line here last and comes first", "seller_of_record")
