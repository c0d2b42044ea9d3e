"""What the deal desk may ask of a conflict."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from dealreg.conflict.events import Ruling
from dealreg.vocabulary.fact import Command
from dealreg.vocabulary.values import Text


class RuleOnConflict(Command):
    """Rule on an open conflict. ``awarded`` is the registration that prevails; a ruling that departs from the proposal says why."""

    conflict: UUID
    ruling: Ruling
    awarded: UUID | None = None
    reason: Annotated[Text, Field(min_length=1)]
