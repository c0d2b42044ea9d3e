"""Whether a registration is complete, and what is recorded when it is (ROE-2, ROE-3, ROE-4)."""

from datetime import datetime
from uuid import UUID

from dealreg.engagement import complete as roe_2
from dealreg.engagement.money import convert
from dealreg.engagement.parameters import Doctrine
from dealreg.engagement.rulebook import RulebookDocument
from dealreg.process.case import need_partners, partner_of
from dealreg.registration.events import CheckedLeg, RegistrationCompleted, RequestedLine
from dealreg.registration.state import REGISTRATION, Registration
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.situation import TRIED, Situation
from dealreg.vocabulary.values import PartnerTier, Standing, Tier, Track


def missing(situation: Situation, rules: RulebookDocument, state: Registration) -> tuple[str, ...]:
    """What is missing by ROE-2; empty when it is complete."""
    if situation.tracing:
        situation.tries("ROE-2", TRIED)
    convertible = state.value is None or convert(state.value, rules, situation.at) is not None
    supplied = roe_2.Supplied(
        customer=state.customer is not None,
        contact=state.contact,
        value=state.value is not None,
        close_date=state.close_on is not None,
        convertible=convertible,
        legs=tuple(frozenset(leg.tier for leg in line.legs) for line in state.lines),
        evidence={proof.kind for proof in state.evidence},
        programme=not any(_direct(situation, line) and not line.scope.sites for line in state.lines),
    )
    return roe_2.missing(rules, supplied)


def _direct(situation: Situation, line: RequestedLine) -> bool:
    """Whether an equipment maker that buys direct claims the line for itself."""
    uppers = [leg.partner for leg in line.legs if leg.tier is Tier.DISTRIBUTOR]
    need_partners(situation, uppers)
    return any(partner_of(situation, partner).track_at(situation.at) is Track.OEM for partner in uppers)


def complete(
    situation: Situation, rules: RulebookDocument, registration: UUID, keep_time: datetime | None
) -> Registration:
    """Record completeness; ``keep_time`` is the earlier time that an answer within the return's limit keeps."""
    state = situation.of(REGISTRATION, registration)
    completed_at = keep_time or situation.at
    return situation.record(
        REGISTRATION,
        registration,
        RegistrationCompleted(
            registration=registration,
            completed_at=completed_at,
            priority_at=_priority(rules, state, completed_at),
            rulebook_version=rules.version,
            value=convert(state.value, rules, situation.at) if state.value is not None else None,
            checked=_checked(situation, state),
        ),
    )


def _priority(rules: RulebookDocument, state: Registration, completed_at: datetime) -> datetime:
    """What the doctrine ranks by: submission, else completeness; approval and merit need no earlier time (ROE-4)."""
    if rules.clauses.priority.doctrine is Doctrine.FIRST_SUBMITTED and state.submitted is not None:
        return state.submitted.submitted_at
    return completed_at


def _checked(situation: Situation, state: Registration) -> tuple[CheckedLeg, ...]:
    """Every leg's partner as it stood on the day of completeness (ROE-1)."""
    legs = {(leg.tier, leg.partner) for line in state.lines for leg in line.legs}
    need_partners(situation, sorted(partner for _, partner in legs))
    found = []
    for tier, partner in sorted(legs):
        known = partner_of(situation, partner)
        found.append(
            CheckedLeg(
                partner=PartnerId(partner),
                tier=tier,
                track=known.track_at(situation.at) or Track.DEALER,
                program_tier=known.tier_at(situation.at) or PartnerTier.AUTHORIZED,
                standing=(known.standing_at(situation.at) or Standing.TERMINATED).value
                if known.exists
                else "not_enrolled",
            )
        )
    return tuple(found)
