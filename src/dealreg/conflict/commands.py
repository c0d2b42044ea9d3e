"""What a channel manager and the deal desk may ask of a conflict."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from dealreg.conflict.words import Part, Ruling
from dealreg.vocabulary.fact import Command
from dealreg.vocabulary.values import Key, Text

Reason = Annotated[Text, Field(min_length=1)]


class OfConflict(Command):
    """A command on one conflict."""

    conflict: UUID


class RuleOnConflict(OfConflict):
    """Rule on an open conflict; a ruling that departs from the proposal says why.

    ``awarded`` is the registration that prevails, that joins or that shares; ``parts`` come with ``split_lines``: which part of the
    contested scope each party has; ``refer_to`` comes with ``refer``: who is to rule.
    """

    ruling: Ruling
    awarded: UUID | None = None
    parts: Annotated[tuple[Part, ...], Field(max_length=50)] = ()
    refer_to: Key | None = None
    reason: Reason


class SuggestRuling(OfConflict):
    """Say, as the region's channel manager, how the desk should rule (rules.md section 4: propose a ruling)."""

    ruling: Ruling
    awarded: UUID | None = None
    reason: Reason


class StayRuling(OfConflict):
    """Let a ruling that was appealed rest until the appeal is ruled (ROE-29)."""

    reason: Reason
