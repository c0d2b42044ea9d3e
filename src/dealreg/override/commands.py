"""What the manufacturer may ask of an override (ROE-21)."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from dealreg.override.events import Ground, OverrideVerb
from dealreg.vocabulary.fact import Command
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Instant, Key, Scope, Text

Reason = Annotated[Text, Field(min_length=1)]


class ProposeOverride(Command):
    """Ask to depart from the rules for a customer's line, or for partners where the verb is ``bar``, from one instant to another."""

    verb: OverrideVerb
    ground: Ground
    reason: Reason
    customer: UUID | None = None
    line: Key | None = None
    scope: Scope | None = None
    partners: tuple[PartnerId, ...] = ()
    override_from: Instant | None = None
    override_to: Instant
    replaces: UUID | None = None


class ApproveOverride(Command):
    """Approve an override; two people other than the proposer must."""

    override: UUID


class RevokeOverride(Command):
    """Take an override back before its date."""

    override: UUID
    reason: Reason
