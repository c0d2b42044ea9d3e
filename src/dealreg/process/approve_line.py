"""A claim that no clause refuses and that meets no other is approved, and its windows begin (ROE-30, ROE-7, ROE-8)."""

from datetime import datetime

from dealreg.engagement.money import exceeds
from dealreg.engagement.parameters import Anchor, Requirement, WindowLengths
from dealreg.engagement.windows import day_start, window_end
from dealreg.file.events import ClaimDeclined, LegWindow, LineApproved
from dealreg.file.state import LIVE, Claim, Leg
from dealreg.process.applies import applies, set_aside
from dealreg.process.case import Case, need_partners, partner_of
from dealreg.process.conflict_clock import appeal_limit
from dealreg.process.meetings import meetings_of
from dealreg.process.progress_clock import first_limits
from dealreg.process.review_clock import hold_for_review
from dealreg.process.stale_clock import freeze_too
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import PartnerTier, Tier


def approve_or_hold(case: Case, claim: Claim) -> bool:
    """Approve by the rulebook up to its value, else hold the claim for a person. True when it was approved or declined."""
    approval = case.rules.clauses.approval
    limit = approval.by_rulebook_up_to
    optional = claim.value is None and Requirement.VALUE not in case.rules.clauses.completeness.required
    by_itself = applies(case, claim, "ROE-30")
    if claim.in_review and claim.time.review_clause == "ROE-12":
        return False  # a person says whether its new evidence counts, whatever its value
    if by_itself and limit is not None and (optional or not exceeds(claim.value, limit)):
        return approve(
            case, claim, "rulebook", f"no clause refuses it and its value is at most {limit} {case.rules.currency}"
        )
    reason = f"its value is above {limit} {case.rules.currency}, so the region's channel manager decides"
    if limit is None or not by_itself:
        reason = "this rulebook leaves the approval to the region's channel manager"
    if not claim.in_review:
        hold_for_review(case, claim, "ROE-30", reason + set_aside(case, claim))
    return False


def approve(case: Case, claim: Claim, approved_by: str, reason: str, *, clause: str = "ROE-30") -> bool:
    """Approve all legs of the line together; declined where the anchor leaves nothing. True in both cases: it is decided.

    Raises ``AssertionError`` where another exclusive claim blocks the place and no override lets this one in: the hard invariant of the
    file (architecture D4) is kept here, whatever led to the approval.
    """
    if clause != "ROE-21" and not claim.tender:
        blocking = [
            m.there.registration
            for m in meetings_of(case, claim)
            if m.there.exclusive and m.there.approved_clause != "ROE-21"
        ]
        if blocking:
            raise AssertionError(f"claim {claim.key} would be protected beside {blocking[0]}")
    windows = () if claim.tender else tuple(_window(case, claim, leg) for leg in claim.legs if leg.state in LIVE)
    spent = [window for window in windows if window.window_to <= window.window_from]
    if spent:
        decline(
            case,
            claim,
            "ROE-30",
            f"counted from its {case.rules.clauses.approval.anchor} nothing is left of the window",
        )
        return True
    case.record(
        LineApproved(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            clause=clause,
            reason=reason + set_aside(case, claim),
            rulebook_version=case.rules.version,
            approved_by=approved_by,
            approved_at=case.now,
            legs=windows,
            progress=first_limits(case, claim, windows[0].window_from) if windows else None,
        )
    )
    freeze_too(case, claim)
    return True


def approve_without_window(case: Case, claim: Claim, reason: str) -> None:
    """The second under ``graded`` gets part of the benefit, no exclusivity and no window (ROE-4)."""
    case.record(
        LineApproved(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            clause="ROE-4",
            reason=reason,
            rulebook_version=case.rules.version,
            approved_by="rulebook",
            approved_at=case.now,
            legs=(),
            benefit=case.rules.clauses.priority.graded_share,
        )
    )


def decline(
    case: Case, claim: Claim, clause: str, reason: str, *, by: str = "rulebook", disputable: bool = True
) -> None:
    """A clause refuses the claim. It may be appealed, save under an override; where a ruling brings it, that is (ROE-29)."""
    case.record(
        ClaimDeclined(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            clause=clause,
            reason=reason + set_aside(case, claim),
            rulebook_version=case.rules.version,
            conflict=claim.conflict,
            declined_at=case.now,
            declined_by=by,
            appeal_to=None if not disputable or clause == "ROE-21" else appeal_limit(case),
            shown=reason if clause == "ROE-19" and by == "rulebook" else None,
        )
    )


def _window(case: Case, claim: Claim, leg: Leg) -> LegWindow:
    """The leg's window from the anchor, bounded by the hard stop."""
    approval, zone = case.rules.clauses.approval, case.rules.zone
    begins = day_start(case.now, zone, approval.activation_days) if approval.activation_days else case.now
    anchor = _anchor(case, claim, begins)
    length = window_days(case, leg.tier, leg.partner, case.now)
    hard_stop = window_end(claim.first_protected_at or begins, zone, case.rules.clauses.lapse.hard_stop_days)
    return LegWindow(
        tier=leg.tier,
        partner=PartnerId(leg.partner),
        window_from=begins,
        window_to=min(window_end(anchor, zone, length), hard_stop),
        hard_stop_at=hard_stop,
    )


def _anchor(case: Case, claim: Claim, begins: datetime) -> datetime:
    return {
        Anchor.SUBMISSION: claim.submitted_at,
        Anchor.COMPLETENESS: claim.completed_at,
        Anchor.APPROVAL: case.now,
        Anchor.ACTIVATION: begins,
    }[case.rules.clauses.approval.anchor]


def window_days(case: Case, tier: Tier, partner: str, at: datetime) -> int:
    """The length of a leg in days: by track where the track sets it, else by the partner's tier in the program."""
    need_partners(case.situation, [partner])
    state = partner_of(case.situation, partner)
    track = state.track_at(at)
    rules = case.rules.track(track) if track is not None else None
    if rules is not None and rules.window_days is not None:
        return rules.window_days
    clauses = case.rules.clauses
    lengths = (
        clauses.dealer_exclusivity.window_days if tier is Tier.DEALER else clauses.distributor_exclusivity.window_days
    )
    return _length(lengths, state.tier_at(at))


def _length(lengths: WindowLengths, tier: PartnerTier | None) -> int:
    return int(getattr(lengths, (tier or PartnerTier.AUTHORIZED).value))
