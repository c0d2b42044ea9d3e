"""What refuses a claim before any other claim is looked at: ROE-1, ROE-3, and the bar of ROE-21 (rules.md section 1a)."""

from datetime import datetime

from dealreg.engagement.clause import Checked, Refusal
from dealreg.engagement.eligible import ineligible
from dealreg.engagement.minimum import below_minimum
from dealreg.engagement.order import OF_THE_CLAIM, in_order
from dealreg.engagement.territory import touching
from dealreg.file.state import LIVE, Claim
from dealreg.process.applies import applies
from dealreg.process.before_overlap import REFUSED_TODAY, refused_today
from dealreg.process.case import Case, need_partners, partner_of, registration_of
from dealreg.vocabulary.values import Standing, Tier


def refusal_on(case: Case, claim: Claim, day: datetime) -> Refusal | None:
    """The first refusal for the claim as things stood on a day, or ``None``."""
    need_partners(case.situation, sorted({leg.partner for leg in claim.legs}))
    for number in in_order(case.rules, OF_THE_CLAIM):
        if number in REFUSING and applies(case, claim, number, day):
            refusal = REFUSING[number](case, claim, day)
            if refusal is not None:
                return refusal
    barred = (_barred(case, leg.partner, claim, day) for leg in claim.legs if leg.state in LIVE)
    return next((found for found in barred if found is not None), None)


def refusal_today(case: Case, claim: Claim) -> Refusal | None:
    """The same on the day on which a freed line is offered or taken (rules.md section 1, Queue)."""
    return refusal_on(case, claim, case.now) or refused_today(case, claim, case.now)


def refusal_to_join(case: Case, partner: str, tier: Tier, there: Claim) -> Refusal | None:
    """ROE-1, the bar and a flagged account on the day of joining (ROE-10)."""
    return refusal_to_supply(case, partner, tier, there) or _flagged(case, there)


def refusal_to_supply(case: Case, partner: str, tier: Tier, there: Claim) -> Refusal | None:
    """ROE-1 and the bar alone: a change of distributor keeps the old end, so a flagged account allows it (ROE-17, ROE-20)."""
    need_partners(case.situation, [partner])
    refused = _leg_refused(case, partner, tier, there, case.now) if applies(case, there, "ROE-1") else None
    return refused or _barred(case, partner, there, case.now)


def refusal_to_extend(case: Case, partner: str, claim: Claim) -> Refusal | None:
    """A standing that lets only run what runs (ROE-1), the bar of ROE-21, and a flagged account (ROE-20), on the day of the request."""
    need_partners(case.situation, [partner])
    standing = partner_of(case.situation, partner).standing_at(case.now)
    if applies(case, claim, "ROE-1") and standing is not Standing.GOOD:
        return Refusal(
            "ROE-1", f"the partner's standing is {standing}; what runs, runs, and nothing is extended", "standing"
        )
    return _barred(case, partner, claim, case.now) or _flagged(case, claim)


def _flagged(case: Case, claim: Claim) -> Refusal | None:
    """ROE-20: nothing more is given on a flagged account's line, by extension or joining."""
    return REFUSED_TODAY["ROE-20"](case, claim, case.now) if applies(case, claim, "ROE-20") else None


def _ineligible(case: Case, claim: Claim, day: datetime) -> Refusal | None:
    """ROE-1 for every leg of the claim, and a rival brand for which its filer holds the same deal (C36)."""
    submitted = registration_of(case.situation, claim.registration).submitted
    if case.rules.clauses.eligibility.rival_brand and submitted is not None and submitted.rival_brand is not None:
        return Refusal(
            "ROE-1", f"the partner holds the same deal for a rival brand, {submitted.rival_brand}", "rival_brand"
        )
    refused = (_leg_refused(case, leg.partner, leg.tier, claim, day) for leg in claim.legs if leg.state in LIVE)
    return next((found for found in refused if found is not None), None)


def _too_small(case: Case, claim: Claim, _: datetime) -> Refusal | None:
    """ROE-3: the value was converted on the day of completeness, whenever it is looked at."""
    return below_minimum(case.rules, claim.value)


REFUSING = {"ROE-1": _ineligible, "ROE-3": _too_small}
"""What the clauses of the group refuse; ROE-2 was answered before the claim came into its file."""


def _leg_refused(case: Case, partner: str, tier: Tier, claim: Claim, day: datetime) -> Refusal | None:
    state = partner_of(case.situation, partner)
    allowed = state.authorisation_at(day)
    checked = Checked(
        track=state.track_at(day),
        tier=state.tier_at(day),
        standing=state.standing_at(day),
        lines=allowed.lines,
        territories=allowed.territories,
        specialisations=allowed.specialisations,
    )
    return ineligible(case.rules, line=claim.line, territory=claim.scope.territory, tier=tier, partner=checked)


def _barred(case: Case, partner: str, claim: Claim, day: datetime) -> Refusal | None:
    """ROE-21: a bar refuses new claims, joinings and offers of the named partners."""
    if not applies(case, claim, "ROE-21"):
        return None
    territories = touching(case.rules, claim.scope.territory)
    if partner_of(case.situation, partner).barred_at(day, claim.line, territories) is None:
        return None
    return Refusal("ROE-21", "the partner may not claim this line now, by a decision of the manufacturer", "barred")
