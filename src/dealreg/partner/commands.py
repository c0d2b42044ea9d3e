"""What the deal desk may ask of a partner; ``effective_from`` missing means the instant of the decision."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from dealreg.vocabulary.fact import Command
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Instant, Key, Model, PartnerTier, Sealed, Standing, Track

Names = Annotated[tuple[Key, ...], Field(max_length=1000)]
Parents = Annotated[tuple[PartnerId, ...], Field(max_length=50)]


class OfPartner(Command):
    """A command on one partner."""

    partner: PartnerId
    effective_from: Instant | None = None


class EnrolPartner(OfPartner):
    """Take a partner into the program; it may have been one before this service knew, so ``effective_from`` may be past."""

    track: Track
    tier: PartnerTier = PartnerTier.AUTHORIZED
    lines: Names = ()
    territories: Names = ()
    specialisations: Names = ()
    parents: Parents = ()
    display_name: Sealed | None = None


class PastChange(Model):
    """What changed about a partner on a day of the past; what is left out stayed as it was."""

    since: Instant
    parents: Parents | None = None
    tier: PartnerTier | None = None
    lines: Names | None = None
    territories: Names | None = None
    specialisations: Names | None = None
    standing: Standing | None = None


class ImportPartner(EnrolPartner):
    """Take a partner over from another system, with what changed about it since, in order (architecture D5)."""

    changes: Annotated[tuple[PastChange, ...], Field(max_length=1000)] = ()

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        since = [change.since for change in self.changes]
        first = [] if self.effective_from is None else [self.effective_from]
        if [*first, *since] != sorted({*first, *since}):
            raise ValueError("changes come each on a later instant than the one before, and after the first day")
        return self


class NameParents(OfPartner):
    """Say through whom the partner buys; the list replaces the one before it."""

    parents: Parents


class ChangeTier(OfPartner):
    """Change the partner's tier in the program; running windows keep their length (rules.md section 1a)."""

    tier: PartnerTier


class AuthorisePartner(OfPartner):
    """Say what the partner may claim; the lists replace those before them."""

    lines: Names
    territories: Names
    specialisations: Names = ()


class ChangeStanding(OfPartner):
    """Put the partner on hold, suspend or terminate it, or take it back (ROE-1)."""

    standing: Standing
