"""ROE-19: the manufacturer's own opportunity meets a claim; who was recorded first comes first, and somebody outside sales rules."""

from datetime import datetime, timedelta

from dealreg.conflict.events import Kind, Party, PartyStanding, Ruling
from dealreg.engagement.clause import Refusal
from dealreg.engagement.territory import scopes_overlap
from dealreg.engagement.windows import local_day
from dealreg.file.account import DirectOpportunity
from dealreg.file.state import Claim, LegState
from dealreg.process.applies import applies
from dealreg.process.case import Case
from dealreg.process.close_conflict import rule
from dealreg.process.open_conflict import contest, opened_against
from dealreg.process.propose_ruling import propose
from dealreg.process.seller_of_record import is_seller_of_record


def direct_first(case: Case, claim: Claim, day: datetime) -> DirectOpportunity | None:
    """The open opportunity of the direct team that was recorded before the claim's priority time and was active in the look-back."""
    met = (
        known
        for known in case.file.account.direct
        if _meets(case, claim, known, day) and known.recorded_at < claim.priority_at
    )
    return min(met, default=None, key=lambda known: known.recorded_at)


def _meets(case: Case, claim: Claim, known: DirectOpportunity, day: datetime) -> bool:
    look_back = timedelta(days=case.rules.clauses.direct.look_back_days)
    zone = case.rules.zone
    return (
        known.open
        and known.line == claim.line
        and scopes_overlap(case.rules, known.scope, claim.scope)
        and local_day(day, zone) <= local_day(known.active_at, zone) + look_back
    )


def direct_comes_first(case: Case, claim: Claim) -> bool:
    """Recorded before the claim's priority time: a ground to decline, which a person outside the direct team rules on."""
    if claim.tender or is_seller_of_record(case, claim):
        return False
    known = direct_first(case, claim, claim.completed_at)
    if known is None:
        return False
    ground = shown(case, known)
    conflict = opened_against(case, claim, _party(known), Kind.VERTICAL_DIRECT, ground)
    contest(case, case.again(claim), conflict, "ROE-19", ground)
    reasons = (ground, "it was recorded before the claim's priority time, which is a ground to decline (ROE-19)")
    propose(case, conflict, Ruling.UPHOLD_INCUMBENT, known.opportunity, "ROE-19", reasons)
    return True


def shown(case: Case, known: DirectOpportunity) -> str:
    """What a partner may read of it: its kind and its date."""
    day = local_day(known.recorded_at, case.rules.zone)
    return f"the manufacturer's own opportunity, recorded on {day.isoformat()}"


def direct_refuses_today(case: Case, claim: Claim, day: datetime) -> Refusal | None:
    """The same on the day on which a freed line is offered or taken; what is protected already stands."""
    if claim.tender or claim.holds or is_seller_of_record(case, claim):
        return None
    known = direct_first(case, claim, day)
    return Refusal("ROE-19", shown(case, known), "direct") if known is not None else None


def uphold_partners(case: Case, known: DirectOpportunity) -> None:
    """Recorded later, whatever date it bears: every claim that is there is upheld, and that is written down."""
    for claim in case.file.living(known.line):
        concerned = claim.holds or claim.state_is(LegState.PENDING)
        if (
            claim.tender
            or not concerned
            or not _meets(case, claim, known, case.now)
            or not applies(case, claim, "ROE-19")
        ):
            continue
        if any(line == claim.line and claim.registration in sides for line, sides in case.file.conflicts.values()):
            continue
        ground = shown(case, known)
        conflict = opened_against(case, claim, _party(known), Kind.VERTICAL_DIRECT, ground, party_challenges=True)
        reasons = (ground, "it was recorded after the claim's priority time, so the partner is upheld (ROE-19)")
        propose(case, conflict, Ruling.UPHOLD_INCUMBENT, claim.registration, "ROE-19", reasons)
        if case.rules.clauses.conflicts.rulebook_upholds:
            rule(case, conflict, Ruling.UPHOLD_INCUMBENT, claim.registration, by="rulebook", reason=reasons[1])


def _party(known: DirectOpportunity) -> Party:
    return Party(
        registration=known.opportunity,
        filed_by=None,
        distributor=None,
        dealer=None,
        priority_at=known.recorded_at,
        standing=PartyStanding.DIRECT,
    )
