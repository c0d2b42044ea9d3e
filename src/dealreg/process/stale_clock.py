"""ROE-22: while what the CRM knows of an opportunity is not known here, nothing but the hard stop ends the legs that ride on it."""

from datetime import datetime
from uuid import UUID

from dealreg.engagement.business import add_business_days
from dealreg.file.ends import end_of, protected_to
from dealreg.file.state import HOLDING, Claim, Leg
from dealreg.file.time_events import FactsReconciled, FactsWentStale
from dealreg.file.words import LegEnd
from dealreg.process.applies import applies
from dealreg.process.case import Case


def freeze(case: Case, registration: UUID, reason: str) -> None:
    """The facts of a registration are stale from now on; one that is stale already stays so from its first instant."""
    for claim in case.file.of_registration(registration):
        if claim.live and claim.time.stale_since is None and applies(case, claim, "ROE-22"):
            days = case.rules.clauses.stale_facts.limit_business_days
            _record(case, claim, case.now, add_business_days(case.now, days, case.rules), reason)


def freeze_too(case: Case, claim: Claim) -> None:
    """A line that is approved, or a leg that joins, while the facts are stale rides on them as well."""
    claim = case.again(claim)
    if claim.time.stale_since is not None:
        _record(case, claim, claim.time.stale_since, claim.time.stale_limit_at, "it rides on facts that are stale")


def _record(case: Case, claim: Claim, since: datetime, limit_at: datetime | None, reason: str) -> None:
    case.record(
        FactsWentStale(
            customer=case.customer,
            registration=claim.registration,
            line=claim.line,
            reason=reason,
            since=since,
            limit_at=limit_at,
            legs=tuple(
                end_of(leg, leg.hard_stop_at)
                for leg in claim.legs
                if leg.state in HOLDING and leg.hard_stop_at is not None and not _let_go(leg, since)
            ),
        )
    )


def _let_go(leg: Leg, since: datetime) -> bool:
    """Whether the desk has decided that this leg's clocks run, stale as its facts are."""
    return leg.time.thawed_at is not None and leg.time.thawed_at >= since


def thaw(case: Case, registration: UUID, by: str, reason: str) -> list[Claim]:
    """The facts are known again: what was due meanwhile falls due now. Returns the claims that were stale."""
    stale = [claim for claim in case.file.of_registration(registration) if claim.time.stale_since is not None]
    for claim in stale:
        case.record(
            FactsReconciled(
                customer=case.customer,
                registration=claim.registration,
                line=claim.line,
                reconciled_by=by,
                reason=reason,
                legs=tuple(thawed_end(leg, case.now) for leg in claim.legs if leg.time.frozen),
                reconciled_at=case.now,
            )
        )
    return stale


def thawed_end(leg: Leg, now: datetime) -> LegEnd:
    """When a leg ends once its clocks run again: what was due before is due now, not earlier."""
    stop = leg.hard_stop_at or now
    end = min(max(protected_to(leg) or now, now), stop)
    hold = leg.time.hold_to if leg.time.asked is not None else None
    return end_of(leg, end, max(hold, now) if hold is not None else None)
