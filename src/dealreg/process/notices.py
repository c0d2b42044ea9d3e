"""What is shown to the channel manager although no clause decides by it (ROE-3, rules.md section 3)."""

from datetime import timedelta
from decimal import Decimal

from dealreg.engagement.windows import local_day
from dealreg.file.notice_events import MinimumReachedTogether
from dealreg.file.state import Claim
from dealreg.partner.events import UnsupportedClaimNoted
from dealreg.partner.state import PARTNER
from dealreg.process.case import Case, partner_of, registration_of
from dealreg.vocabulary.ids import PartnerId, partner_stream
from dealreg.vocabulary.values import Money


def note_pooled(case: Case, claim: Claim) -> None:
    """After ROE-3 declined a claim: with others of its partner within the look-back it may reach the minimum only together.

    Nothing is pooled; one registration counts once, however many lines it has.
    """
    minimum = case.rules.clauses.minimum
    oldest = claim.completed_at - timedelta(days=minimum.look_back_days)
    values: dict[object, Decimal] = {}
    for other in case.file.claims.values():
        declined = other.declined_clause == "ROE-3" and other.filed_by == claim.filed_by
        if declined and other.value is not None and oldest <= other.completed_at <= claim.completed_at:
            values[other.registration] = other.value.amount
    registrations = tuple(key[0] for key in case.file.claims if key[0] in values)
    together = tuple(dict.fromkeys(registrations))
    if len(together) == 1 or sum(values.values()) < minimum.amount or case.file.noted >= frozenset(together):
        return
    case.record(
        MinimumReachedTogether(
            customer=case.customer,
            line=claim.line,
            partner=PartnerId(claim.filed_by),
            registrations=together,
            value=Money(amount=sum(values.values(), Decimal(0)), currency=case.rules.currency),
            managers=claim.managers,
            noted_at=case.now,
        )
    )


def note_unsupported(case: Case, claim: Claim) -> None:
    """A claim without any evidence met a protected line: its partner's month counts it once."""
    if registration_of(case.situation, claim.registration).evidence:
        return
    partner = partner_of(case.situation, claim.filed_by)
    month = local_day(case.now, case.rules.zone).strftime("%Y-%m")
    seen = partner.unsupported if partner.unsupported_in == month else frozenset()
    if not partner.exists or claim.registration in seen:
        return
    count = len(seen) + 1
    noted = UnsupportedClaimNoted(
        partner=PartnerId(claim.filed_by),
        registration=claim.registration,
        month=month,
        count=count,
        shown=count > case.rules.clauses.conflicts.without_evidence_a_month,
        managers=claim.managers,
        noted_at=case.now,
    )
    case.situation.record(PARTNER, partner_stream(case.situation.program, claim.filed_by), noted)
