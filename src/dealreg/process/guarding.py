"""Whether the guard of a clause holds for a claim: the facts that it asks for, as this decision may see them (architecture D6).

Only what is asked for is looked at, so that a decision reads no stream for a guard that does not need it; only what stands in the
ledger in the clear can be asked for.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import Any, Final

from dealreg.account.state import ACCOUNT
from dealreg.customer.state import CUSTOMER
from dealreg.engagement.guards.evaluating import Held, held, roots_of
from dealreg.engagement.order import GROUPS
from dealreg.engagement.territory import ancestors
from dealreg.file.state import Claim
from dealreg.opportunity.state import OPPORTUNITY
from dealreg.process.case import Case, need_partners, partner_of, registration_of
from dealreg.process.guard_fields import account_of, known_fields, misread, written_on
from dealreg.vocabulary.field_types import Entity
from dealreg.vocabulary.values import Tier

JUDGES_COMPLETENESS: Final = frozenset({number for group in GROUPS for number in group} | {"ROE-4", "ROE-5", "ROE-6"})
"""These speak of partners as they stood on the day of completeness, all others as they stand (rules.md section 1a)."""

Known = dict[str, Any]


def guard_holds(case: Case, claim: Claim, number: str, expression: str, day: datetime | None = None) -> Held:
    """Whether the guard of the clause of that number holds for the claim, as partners stood on a day; what cannot be told does not hold."""
    day = day or (claim.completed_at if number in JUDGES_COMPLETENESS else case.now)
    facts = {root: _FACTS[root](case, claim, day) for root in sorted(roots_of(expression))}
    answer = held(expression, facts)
    return answer if answer.holds else answer._replace(odd=misread(case, claim, expression))


def _claim(case: Case, claim: Claim, _: datetime) -> Known:
    said = registration_of(case.situation, claim.registration)
    return _known(
        line=claim.line,
        territory=claim.scope.territory,
        within=[claim.scope.territory, *ancestors(case.rules, claim.scope.territory)],
        sites=list(claim.scope.sites),
        **{"class": "tender" if claim.tender else "exclusive"},
        value=claim.value.amount if claim.value is not None else None,
        currency=said.value.currency if said.value is not None else None,
        tiers=[leg.tier.value for leg in claim.legs],
        by_dealer=claim.by_dealer,
        filed_by=claim.filed_by,
        source=claim.source,
        evidence=sorted({proof.kind for proof in said.evidence}),
        priority=claim.priority_at,
        submitted=claim.submitted_at,
        completed=claim.completed_at,
    )


def _party(case: Case, partner: str, leg: Tier | None, day: datetime) -> Known:
    need_partners(case.situation, [partner])
    state = partner_of(case.situation, partner)
    allowed = state.authorisation_at(day)
    return _known(
        id=partner,
        leg=leg.value if leg is not None else None,
        track=_word(state.track_at(day)),
        tier=_word(state.tier_at(day)),
        standing=_word(state.standing_at(day)),
        territories=sorted(allowed.territories),
        lines=sorted(allowed.lines),
        specialisations=sorted(allowed.specialisations),
        parents=sorted(map(str, state.parents_at(day))),
    )


def _legs(case: Case, claim: Claim, day: datetime) -> list[Known]:
    return [_party(case, leg.partner, leg.tier, day) for leg in claim.legs]


def _filer(case: Case, claim: Claim, day: datetime) -> Known:
    own = next((leg.tier for leg in claim.legs if leg.partner == claim.filed_by), None)
    return _party(case, claim.filed_by, own, day)


def _at_tier(tier: Tier) -> Callable[[Case, Claim, datetime], Known]:
    def found(case: Case, claim: Claim, day: datetime) -> Known:
        """The leg at that tier, one that ended included: a guard may be asked after the end."""
        leg = claim.leg(tier) or next((leg for leg in reversed(claim.legs) if leg.tier is tier), None)
        return _party(case, leg.partner, tier, day) if leg is not None else {}

    return found


def _customer(case: Case, _: Claim, __: datetime) -> Known:
    state = case.situation.of(CUSTOMER, case.customer)
    return _known(country=state.country, place=state.place)


def _opportunity(case: Case, claim: Claim, _: datetime) -> Known:
    if claim.opportunity is None:
        return {"custom": {}}
    state = case.situation.of(OPPORTUNITY, claim.opportunity)
    values = state.values
    closes = values.close_on
    return _known(
        source=state.source or None,
        stage=values.stage,
        outcome=_word(values.outcome),
        territory=values.territory,
        lines=list(values.lines or ()),
        amount=values.amount,
        currency=values.currency,
        closes=datetime.combine(closes, time(), case.rules.zone).astimezone(UTC) if closes is not None else None,
        custom=dict(known_fields(case, Entity.OPPORTUNITY, written_on(case, claim, Entity.OPPORTUNITY))),
    )


def _account(case: Case, claim: Claim, _: datetime) -> Known:
    account = account_of(case, claim)
    if account is None:
        return {"custom": {}}
    values = case.situation.of(ACCOUNT, account).values
    return _known(
        name=values.name,
        country=values.country,
        place=values.place,
        custom=dict(known_fields(case, Entity.ACCOUNT, written_on(case, claim, Entity.ACCOUNT))),
    )


def _today(case: Case, _: Claim, __: datetime) -> Known:
    local = case.now.astimezone(case.rules.zone)
    return {
        "year": local.year,
        "month": local.month,
        "day": local.day,
        "weekday": local.isoweekday(),
        "hour": local.hour,
    }


def _known(**facts: Any) -> Known:
    """What is not known is left out, so that ``has()`` is false of it."""
    return {name: value for name, value in facts.items() if value is not None}


def _word(value: Any) -> str | None:
    return value.value if value is not None else None


_FACTS: Final[dict[str, Callable[[Case, Claim, datetime], Any]]] = {
    "claim": _claim,
    "partner": _filer,
    "dealer": _at_tier(Tier.DEALER),
    "distributor": _at_tier(Tier.DISTRIBUTOR),
    "master": _at_tier(Tier.MASTER),
    "customer": _customer,
    "opportunity": _opportunity,
    "account": _account,
    "today": _today,
    "legs": _legs,
    "at": lambda case, _, __: case.now,
}
"""How each root is looked up."""
