"""ROE-31: credit to a registrant whose brand won through another, and the related deals of who won."""

from collections.abc import Iterator
from datetime import datetime

from dealreg.engagement.territory import scopes_overlap
from dealreg.engagement.windows import first_instant, window_end
from dealreg.file.account_events import CreditGranted
from dealreg.file.conflict_events import ClaimSetBeside
from dealreg.file.state import HOLDING, Claim, Leg, LegState
from dealreg.process.applies import applies
from dealreg.process.case import Case
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Scope, Tier


def credit_losers(case: Case, line: str, scope: Scope) -> None:
    """The line was won: every registrant that lost it not long ago, or stands beside as a tender's, gets its share."""
    for claim in case.file.claims.values():
        if claim.line == line and scopes_overlap(case.rules, claim.scope, scope):
            credit_loser(case, claim)


def credit_loser(case: Case, claim: Claim) -> None:
    """A registrant gets its share where it lost and only others won, whichever became known first."""
    if case.rules.clauses.outcome.credit_share <= 0 or not applies(case, claim, "ROE-31"):
        return
    won = list(_winners_lately(case, claim))
    for leg in case.again(claim).legs:
        if (
            leg.partner == claim.filed_by
            and _lost(case, claim, leg)
            and won
            and all(leg.partner not in by for by in won)
        ):
            _credit(case, claim, leg)


def _winners_lately(case: Case, claim: Claim) -> Iterator[set[str | None]]:
    """Who won or sold the line in the claim's scope no longer ago than a loss may be taken back."""
    for there in case.file.claims.values():
        ends = [leg.ended_at for leg in there.legs if leg.state is LegState.FULFILLED and leg.ended_at is not None]
        overlaps = there.line == claim.line and scopes_overlap(case.rules, there.scope, claim.scope)
        if overlaps and ends and _within(case, max(ends)):
            yield {leg.partner for leg in there.legs if leg.state is LegState.FULFILLED}
    for sale in case.file.account.sales:
        overlaps = sale.line == claim.line and scopes_overlap(case.rules, sale.scope, claim.scope)
        if overlaps and _within(case, first_instant(sale.sold_on, case.rules.zone)):
            yield {sale.dealer, sale.distributor}


def _lost(case: Case, claim: Claim, leg: Leg) -> bool:
    """Its loss was told no longer ago than it may be taken back, or it is approved in a tender's class that another won."""
    if claim.tender and leg.state in HOLDING:
        return True
    lost = leg.state is LegState.RELEASED and leg.released_under == "ROE-31"
    return lost and leg.ended_at is not None and _within(case, leg.ended_at)


def _within(case: Case, at: datetime) -> bool:
    days = case.rules.clauses.outcome.reopened_days
    return case.now < window_end(at, case.rules.zone, days)


def _credit(case: Case, claim: Claim, leg: Leg) -> None:
    if leg.partner in case.again(claim).credited:
        return
    case.record(
        CreditGranted(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            tier=leg.tier,
            partner=PartnerId(leg.partner),
            share=case.rules.clauses.outcome.credit_share,
            clause="ROE-31",
            reason="the brand won the line through another partner",
            granted_at=case.now,
        )
    )


def related_deal(case: Case, claim: Claim) -> bool:
    """A related deal of who won this line lately does not meet the claims that are there. True when it is one.

    The winner at the claim's nearest tier, so many days from the win, on that line anywhere in the account (C41).
    """
    days = case.rules.clauses.outcome.related_days
    if claim.tender or not days or not applies(case, claim, "ROE-31"):
        return False
    tier = Tier.DEALER if claim.party(Tier.DEALER) is not None else Tier.DISTRIBUTOR
    won = any(
        leg.state is LegState.FULFILLED
        and (leg.tier, leg.partner) == (tier, claim.party(tier))
        and leg.ended_at is not None
        and leg.ended_at <= claim.completed_at < window_end(leg.ended_at, case.rules.zone, days)
        for there in case.file.claims.values()
        if there.line == claim.line and there.registration != claim.registration
        for leg in there.legs
    )
    others = tuple(
        there.registration
        for there in case.file.living(claim.line)
        if there.registration != claim.registration
        and there.registration not in claim.beside
        and scopes_overlap(case.rules, there.scope, claim.scope)
    )
    for registration, beside in ((claim.registration, others), *((other, (claim.registration,)) for other in others)):
        if won and beside:
            case.record(
                ClaimSetBeside(
                    customer=case.customer,
                    registration=registration,
                    line=claim.line,
                    beside=beside,
                    clause="ROE-31",
                    reason="a related deal of who won this line lately",
                )
            )
    return won
