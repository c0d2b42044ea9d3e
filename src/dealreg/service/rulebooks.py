"""The versions of a program's rulebook as they were published, and a text that may become one."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import Field

from dealreg.engagement.difference import Change, changes
from dealreg.engagement.document import DocumentError, load
from dealreg.engagement.guards.custom_fields import CustomFieldRules
from dealreg.engagement.parameters import fields_by_number
from dealreg.engagement.rulebook import RulebookDocument
from dealreg.rulebook.events import RulebookPublished
from dealreg.rulebook.state import RULEBOOK
from dealreg.service.mirroring.rulebook_fields import Mirrored, declarable, notes
from dealreg.service.replay import Replay
from dealreg.vocabulary.ids import rulebook_stream
from dealreg.vocabulary.refused import Unknown
from dealreg.vocabulary.values import Instant, Key, Model, Text


class VersionTold(Model):
    """A published version: when it takes force, when and by whom it was published, and whether it is in force now."""

    version: Key
    title: Text
    force_from: Instant
    published_at: Instant
    published_by: Key
    in_force: bool


class Checked(Model):
    """What a text is as a rulebook; where it has faults, nothing else is known of it."""

    holds: bool = Field(description="It can be published.")
    faults: tuple[str, ...] = Field(default=(), description="Each with line, column, setting and what to do.")
    program: Key | None = None
    version: Key | None = None
    force_from: Instant | None = None
    territories: int | None = None
    product_lines: tuple[Key, ...] = ()
    clauses: tuple[Key, ...] = Field(default=(), description="Those in force.")
    guarded: tuple[Key, ...] = Field(default=(), description="Those that apply only when an expression holds.")
    order: tuple[Key, ...] = Field(
        default=(), description="Clauses that are tried in another order than the usual one."
    )
    custom_fields: tuple[CustomFieldRules, ...] = Field(
        default=(),
        description="Fields of the CRM that guards may name: as declared, and as learned where they were not.",
    )
    notes: tuple[str, ...] = Field(
        default=(), description="What can be published and may not work: fields that CRMs send otherwise."
    )


class Differences(Model):
    """How a version differs from another, clause by clause."""

    before: Key
    after: Key
    changes: tuple[Change, ...]


class Rulebooks:
    """Questions about the versions of one program. Raises ``Unavailable``."""

    def __init__(self, replay: Replay, program: str) -> None:
        """``program`` whose rulebook it is."""
        self._replay, self._program = replay, program

    @property
    def _stream(self) -> UUID:
        return rulebook_stream(self._program)

    def versions(self, now: datetime) -> list[VersionTold]:
        """Every version in the order published."""
        moment = self._replay.moment()
        told = list(self._replay.facts([self._stream], moment))
        state = RULEBOOK.initial
        for one in told:
            state = RULEBOOK.evolve(state, one.recorded.event)
        current = state.in_force(now)
        return [
            VersionTold(
                version=event.version,
                title=event.document.title,
                force_from=event.force_from,
                published_at=one.recorded_at,
                published_by=one.recorded.meta.actor.subject,
                in_force=current is not None and current.version == event.version,
            )
            for one in told
            if isinstance(event := one.recorded.event, RulebookPublished)
        ]

    def document(self, version: str) -> RulebookDocument:
        """A published version. Raises ``Unknown``."""
        state, _ = self._replay.state(RULEBOOK, self._stream, self._replay.moment())
        found = state.version(version)
        if found is None:
            known = ", ".join(state.versions) or "none"
            raise Unknown(f"program {self._program!r} has published no version {version!r}; there are: {known}")
        return found


def differences(before: RulebookDocument, after: RulebookDocument) -> Differences:
    """How ``after`` differs from ``before``."""
    return Differences(before=before.version, after=after.version, changes=tuple(changes(before, after)))


def check(text: str, fields: Sequence[Mirrored] | None = None) -> Checked:
    """Whether a text is a rulebook that hangs together, and what it has in force; ``fields``: what is known of CRMs' own."""
    try:
        document = load(text, declarable(fields or ()))
    except DocumentError as error:
        return Checked(holds=False, faults=tuple(error.faults))
    clauses = [(number, document.clauses.of(number)) for number in fields_by_number()]
    return Checked(
        holds=True,
        program=document.program,
        version=document.version,
        force_from=document.force_from,
        territories=len(document.territories),
        product_lines=tuple(line.line for line in document.product_lines),
        clauses=tuple(number for number, clause in clauses if clause.in_force),
        guarded=tuple(number for number, clause in clauses if clause.when is not None),
        order=document.clauses.order,
        custom_fields=document.custom_fields,
        notes=tuple(notes(document, fields)) if fields is not None else (),
    )
