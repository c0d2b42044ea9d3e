"""At a window's end: grace, the hold of an extension, a special price; they do not add up, and nothing passes the hard stop (ROE-12)."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from dealreg.engagement.rulebook import RulebookDocument
from dealreg.engagement.windows import extended
from dealreg.file.ends import ends_at
from dealreg.file.events import GraceBegan
from dealreg.file.state import Claim, Leg
from dealreg.file.time_events import ExtensionRefused, HoldBegan, PriceHoldBegan
from dealreg.file.time_state import AskedExtension
from dealreg.process.applies import applies
from dealreg.process.case import Case, registration_of
from dealreg.process.conflict_clock import appeal_limit
from dealreg.process.price_hold import price_hold_end
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Tier


def goes_on(case: Case, claim: Claim, leg: Leg) -> bool:
    """Whether anything protects the leg past its window's end; each reason is a fact with its own end.

    Judged once and on what is known now: where the facts were stale, on those that were reconciled (ROE-22), and never into the past.
    """
    ended, stop = leg.window_to or case.now, leg.hard_stop_at or case.now
    grace = _grace(case, claim, leg, ended, stop)
    held = _held(case, claim, leg, ended, stop)
    price_to = price_hold_end(case, claim, leg)
    priced = price_to is not None and price_to > case.now
    if price_to is not None and priced:
        case.record(PriceHoldBegan(**_of(case, claim, leg), hold_to=price_to))
    return grace or held or priced


def _grace(case: Case, claim: Claim, leg: Leg, ended: datetime, stop: datetime) -> bool:
    """Grace where the stage known at the window's end is the late one or beyond."""
    stage, rules = registration_of(case.situation, claim.registration).stage, case.rules_of(claim)
    if stage is None or not _late(rules, stage) or not applies(replace(case, rules=rules), claim, "ROE-12"):
        return False
    grace_to = min(extended(ended, rules.zone, rules.clauses.lapse.grace_days), stop)
    if grace_to <= case.now:
        return False
    case.record(GraceBegan(**_of(case, claim, leg), stage=stage, grace_to=grace_to))
    return True


def _late(rules: RulebookDocument, stage: str) -> bool:
    late = rules.clauses.lapse.late_stage
    stages = rules.stages
    if late is None or stage not in stages:
        return False
    return stages.index(stage) >= stages.index(late)


def _held(case: Case, claim: Claim, leg: Leg, ended: datetime, stop: datetime) -> bool:
    """An extension that nobody has decided holds the leg, at most so many days past the window's end (ROE-13)."""
    asked = leg.time.asked or _asked_above(claim, leg)
    if asked is None:
        return False
    hold_to = min(extended(ended, case.rules_of(claim).zone, asked.held_days), stop)
    if hold_to <= case.now:
        if leg.time.asked is not None:
            refuse_by_silence(case, claim=claim, leg=leg)
        return False
    case.record(HoldBegan(**_of(case, claim, leg), hold_to=hold_to, own=leg.time.asked is not None))
    return True


def _asked_above(claim: Claim, leg: Leg) -> AskedExtension | None:
    """What the leg above waits for holds a leg that is capped by it: granted, it lifts the cap (ROE-10)."""
    above = claim.leg(Tier.DISTRIBUTOR) or claim.leg(Tier.MASTER)
    return above.time.asked if above is not None and leg.time.capped else None


def refuse_by_silence(case: Case, *, claim: Claim, leg: Leg) -> None:
    """Undecided to the end of the hold: it counts as refused, and the breach is ours (ROE-13)."""
    refuse(case, claim, leg, "rulebook", "nobody decided while the leg was held; the breach is ours", silence=True)


def refuse(case: Case, claim: Claim, leg: Leg, refused_by: str, reason: str, *, silence: bool = False) -> None:
    """Record that there is no extension, and when the leg ends without one: a hold ends now, other ends stand."""
    rest = [end for end in (leg.window_to, leg.grace_to, leg.time.price_hold_to) if end is not None]
    stop = leg.hard_stop_at or case.now
    end = ends_at(leg) if leg.time.hold_to is None else min(max(*rest, case.now), stop)
    case.record(
        ExtensionRefused(
            **_of(case, claim, leg),
            ends_at=end or case.now,
            refused_by=refused_by,
            reason=reason,
            silence=silence,
            refused_at=case.now,
            appeal_to=appeal_limit(case),
        )
    )


def _of(case: Case, claim: Claim, leg: Leg) -> dict[str, Any]:
    return {
        "customer": case.customer,
        "registration": claim.registration,
        "line": claim.line,
        "tier": leg.tier,
        "partner": PartnerId(leg.partner),
    }
