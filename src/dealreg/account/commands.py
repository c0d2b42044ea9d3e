"""What a CRM's feed asks: fold one message into the account that it is about."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from dealreg.account.events import AccountSaid, names_of
from dealreg.vocabulary.crm_record import Change
from dealreg.vocabulary.fact import Command
from dealreg.vocabulary.ids import account_id
from dealreg.vocabulary.values import Digest, Instant, Key, Text, Treatment


class AccountMessage(AccountSaid):
    """A change of one account as its source committed it; ``digest``, ``order``, ``changed_at``, ``treated`` as with an opportunity."""

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

    @model_validator(mode="after")
    def _names_others(self) -> Self:
        if self.merged_into == self.record:
            raise ValueError("says that the account was merged into itself; name the account that survived")
        if self.parent == self.record:
            raise ValueError("says that the account is its own parent; name the account above it, or none")
        return self

    def emptied(self) -> tuple[str, ...]:
        """The names of the fields that it empties: an account that is brought back is merged no more."""
        back = self.change is Change.UNDELETED and self.merged_into is None and "merged_into" not in self.nulled
        return (*self.nulled, "merged_into") if back else self.nulled

    def given(self) -> tuple[str, ...]:
        """The names of the fields with a value."""
        return names_of(self)

    @property
    def account(self) -> UUID:
        """The stream of the record."""
        return account_id(self.source, self.record)


class FoldAccount(Command):
    """Take a message into account."""

    message: AccountMessage


class FollowAccount(Command):
    """Let some of those that waited for an account follow it, now that it is known. Asked by the intake until nobody waits."""

    source: Key
    record: Key
