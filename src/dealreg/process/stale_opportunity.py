"""A CRM says that it does not say what changed: the registration that rides on the record is stale until it is read whole (ROE-22)."""

from uuid import UUID

from pydantic import JsonValue

from dealreg.opportunity.commands import OpportunityMessage
from dealreg.opportunity.events import OpportunityWentStale
from dealreg.opportunity.state import OPPORTUNITY, Opportunity
from dealreg.process.case import registration_of
from dealreg.process.read_opportunity import filing_party
from dealreg.process.record_outcome import opened
from dealreg.process.stale_clock import freeze
from dealreg.process.stale_facts import facts_known
from dealreg.registration.state import REGISTRATION
from dealreg.vocabulary.ids import registration_id
from dealreg.vocabulary.situation import Situation


def went_stale(situation: Situation, message: OpportunityMessage, before: Opportunity) -> dict[str, JsonValue]:
    """Freeze what rides on the record, unless a newer message told the whole of it already. Answers ``stale`` or ``nothing_newer``."""
    stream = message.opportunity
    told: dict[str, JsonValue] = {"opportunity": str(stream)}
    if before.whole is not None and before.whole > (message.order, message.digest):
        return {**told, "did": "nothing_newer"}
    gap = OpportunityWentStale(
        opportunity=stream,
        source=message.source,
        record=message.record,
        message=message.digest,
        order=message.order,
        changed_at=message.changed_at,
        why=message.why,
    )
    situation.record(OPPORTUNITY, stream, gap)
    filed_by = filing_party(before)
    if filed_by is not None:
        freeze_registration(
            situation, registration_id(situation.program, filed_by, str(stream)), "the CRM did not say what changed"
        )
    return {**told, "did": "stale"}


def freeze_registration(situation: Situation, registration: UUID, reason: str) -> None:
    """Freeze every line of a registration; one that was never filed has none."""
    if not situation.of(REGISTRATION, registration).exists:
        return
    case = opened(situation, registration)
    if case is not None and not registration_of(situation, registration).closed:
        freeze(case, registration, reason)


def thaw_registration(situation: Situation, registration: UUID) -> None:
    """The record was read whole: what was due is judged on it."""
    customer = situation.of(REGISTRATION, registration).customer
    case = opened(situation, registration) if customer is not None else None
    if case is not None:
        facts_known(case, registration, "crm", "the CRM record was read whole")
