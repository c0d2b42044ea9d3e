"""What a CRM's feed asks: fold one message into the opportunity that it is about."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from dealreg.opportunity.events import Said, names_of
from dealreg.vocabulary.crm_record import Change
from dealreg.vocabulary.fact import Command
from dealreg.vocabulary.ids import opportunity_id
from dealreg.vocabulary.values import Digest, Instant, Key, Text, Treatment


class OpportunityMessage(Said):
    """A change of one record as its source committed it.

    ``digest`` names the message: the same for every delivery of it, different for every other. ``order`` is the source's own order of
    the changes of a record, compared as text; of two messages with equal order the one with the greater digest counts as newer, so that
    every order of arrival ends alike. ``changed_at`` is the source's commit time. ``why`` says of a gap what is not known. ``treated`` says of fields that only the CRM has how
    the mapping treats them.
    """

    source: Key
    record: Key
    digest: Digest
    order: Annotated[Key, Field(max_length=120)]
    change: Change
    changed_at: Instant
    nulled: tuple[Key, ...] = ()
    why: Text | None = None
    treated: Annotated[tuple[Treatment, ...], Field(max_length=1000)] = ()

    @model_validator(mode="after")
    def _says_each_field_once(self) -> Self:
        names = [*self.given(), *self.nulled]
        if len(set(names)) != len(names):
            raise ValueError("gives a field twice, or both a value and null; give it once")
        if self.change is Change.GAP and names:
            raise ValueError("a gap says that something changed and not what; give no field")
        return self

    def given(self) -> tuple[str, ...]:
        """The names of the fields with a value."""
        return names_of(self)

    @property
    def opportunity(self) -> UUID:
        """The stream of the record."""
        return opportunity_id(self.source, self.record)


class FoldOpportunity(Command):
    """Take a message into account."""

    message: OpportunityMessage
