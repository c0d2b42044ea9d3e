"""What an adapter heard in a message, before anything of it is looked at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dealreg.vocabulary import field_types

Entity = field_types.Entity
"""Of what kind a record of a CRM is: the core's own word, so that one is never mistaken for another of the same name."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a message says of one record.

    ``identity`` names the message: equal for every delivery of it. ``said`` has our fields (``identifiers`` by scheme), ``custom`` the
    others by their own name; a ``None`` in any of them empties the field. ``change`` is a word of ``Change``; for ``gap``, which gives
    no field, ``why`` says in words why nothing is known.
    """

    source: str
    record: str
    identity: tuple[str, ...]
    order: str
    change: str
    changed_at: datetime
    said: Mapping[str, Any] = field(default_factory=dict)
    custom: Mapping[str, Any] = field(default_factory=dict)
    entity: Entity = Entity.OPPORTUNITY
    why: str | None = None


@dataclass(frozen=True, slots=True)
class FeedGap:
    """The source says that records changed from ``since`` on, and not which (ROE-22).

    ``identity`` names the message, as in ``Heard``; ``entity`` is missing where it may be any.
    """

    source: str
    identity: tuple[str, ...]
    since: datetime
    why: str
    entity: Entity | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """A message, or a part of one, in which there is nothing to decide; ``why`` is the word under which it is counted."""

    why: str


ECHO = Ignored("echo")
"""A change that our own write-back made."""

NOT_MEANT = Ignored("not_meant")
"""What the mapping's ``only`` leaves out."""
