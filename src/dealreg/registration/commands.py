"""What a partner, a channel manager or the CRM may ask of a registration."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from dealreg.registration.events import OutcomeKind, RegistrationClass, RequestedLine, StaleDecision
from dealreg.vocabulary.fact import Command
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Day, Digest, Instant, Key, Model, Money, Sealed, Text, Tier

Lines = Annotated[tuple[RequestedLine, ...], Field(min_length=1, max_length=200)]


class Named(Model):
    """An identifier of the end customer: its scheme (``lei``, ``duns``, ``vat``, ``registry:<country>``, ``domain``, …) and value."""

    scheme: Key
    value: Key


class EndCustomer(Model):
    """Who will buy: by customer id, by identifiers, or by name and place. Never the same on a name alone (ROE-24)."""

    customer: UUID | None = None
    identifiers: tuple[Named, ...] = ()
    name: Text | None = None
    country: Key | None = None
    place: Key | None = None
    street: Key | None = None
    postcode: Key | None = None


class ProofGiven(Model):
    """A dated proof that comes with the claim."""

    kind: Key
    dated_on: Day
    digest: Digest


class FileRegistration(Command):
    """Ask for protection. ``filed_by`` files; the legs of each line name who is to be protected at which tier.

    ``hidden``: from the distributors above (ROE-32). ``specifier`` wrote the job's specification, and may show it as evidence (C42).
    ``rival_brand``: one for which the filing partner holds the same deal (ROE-1).
    """

    filed_by: PartnerId
    customer: EndCustomer
    lines: Lines
    registration_class: RegistrationClass = RegistrationClass.EXCLUSIVE
    value: Money | None = None
    close_on: Day | None = None
    contact: Sealed | None = None
    evidence: tuple[ProofGiven, ...] = ()
    stage: Key | None = None
    hidden: bool = False
    specifier: PartnerId | None = None
    rival_brand: Key | None = None


class OfRegistration(Command):
    """A command on one registration."""

    registration: UUID


class SupplementRegistration(OfRegistration):
    """Supply what was missing or asked for; what is left out stays as it was."""

    customer: EndCustomer | None = None
    lines: Lines | None = None
    value: Money | None = None
    close_on: Day | None = None
    contact: Sealed | None = None
    evidence: tuple[ProofGiven, ...] = ()


class ReturnRegistration(OfRegistration):
    """Send a pending registration back for more (ROE-2)."""

    reason: Annotated[Text, Field(min_length=1)]


class ApproveRegistration(OfRegistration):
    """Approve what waits for a person (ROE-30)."""


class DeclineRegistration(OfRegistration):
    """Decline what waits for a person, naming the clause (ROE-30)."""

    clause: Key
    reason: Annotated[Text, Field(min_length=1)]


class WithdrawRegistration(OfRegistration):
    """Give up a partner's own legs (ROE-31)."""

    partner: PartnerId


class RecordProgress(OfRegistration):
    """Say that the opportunity moved."""

    stage: Key | None = None
    note: Sealed | None = None


class AddEvidence(OfRegistration):
    """Add a dated proof."""

    evidence: ProofGiven


class AskExtension(OfRegistration):
    """Ask for more time for a partner's own leg before its window ends; no lines means all of them (ROE-13)."""

    partner: PartnerId
    lines: tuple[Key, ...] = ()


class DecideExtension(OfRegistration):
    """Grant or refuse the extensions that a partner asked for; no lines means all of them (ROE-13)."""

    partner: PartnerId
    lines: tuple[Key, ...] = ()
    grant: bool
    reason: Annotated[Text, Field(min_length=1)]


class ReconcileRegistration(OfRegistration):
    """The desk's word that what the CRM knows of the opportunity is known here again (ROE-22)."""

    reason: Annotated[Text, Field(min_length=1)]


class DecideStaleLeg(OfRegistration):
    """What becomes of a leg whose facts were not reconciled in time: its clocks run again, or it is released (ROE-22)."""

    line: Key
    tier: Tier
    decision: StaleDecision
    reason: Annotated[Text, Field(min_length=1)]


class ReportOutcome(OfRegistration):
    """Say that lines were won, lost or reopened; no lines means all; ``closed_at`` is when it was so."""

    outcome: OutcomeKind
    lines: tuple[Key, ...] = ()
    closed_at: Instant | None = None
    partner: PartnerId | None = None


class AnswerOffer(OfRegistration):
    """Take or refuse the line that the queue offers."""

    line: Key
    partner: PartnerId
    accept: bool


class InvitePartner(OfRegistration):
    """Invite a partner to the empty leg of a line (ROE-10)."""

    line: Key
    tier: Tier
    partner: PartnerId


class AnswerJoining(OfRegistration):
    """Say yes or no to a joining that is asked of ``partner`` (ROE-10)."""

    joining: UUID
    partner: PartnerId
    agree: bool
