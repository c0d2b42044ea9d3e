"""Mapping documents: what a CRM's fields are in our words, and which of the others are harmless (architecture D15).

A document is YAML, one for each CRM organisation. `mappings/salesforce.yaml` and `mappings/neutral.yaml` are shipped; a folder named
by INTAKE_MAPPINGS adds to them or replaces them, by `source`.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from fnmatch import fnmatchcase
from importlib import resources
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import Field, model_validator

from dealreg.opportunity.events import FIELDS, Outcome
from dealreg.vocabulary.ids import ProgramId
from dealreg.vocabulary.values import Currency, Key, Model

UNMAPPED = frozenset({"outcome", "identifiers"})
"""What no single field of a CRM says: it comes of ``stages`` and of ``identifiers``."""


class Format(StrEnum):
    """In which shape the organisation's messages come."""

    NEUTRAL = "neutral"
    SALESFORCE = "salesforce"


class StageMeaning(Model):
    """What a stage of the CRM means: a stage of the rulebook, and how the opportunity stands then."""

    stage: Key | None = None
    outcome: Outcome = Outcome.OPEN


class MappingDocument(Model):
    """How one CRM organisation speaks."""

    source: Key
    """The organisation's name in the ledger; it never changes. For CloudEvents it is their ``source`` attribute; ``*`` is any."""
    format: Format
    program: ProgramId | None = None
    """The partner program that it feeds; without one, that of the message or of the installation."""
    entity: Key = "Opportunity"
    client: Key | None = None
    """The client id of our own connected app: what it changed is our echo and is dropped."""
    currency: Currency | None = None
    """The currency of an organisation that has one; ``None`` where each record names its own."""
    fields: Mapping[Key, Key] = {}
    """Our field → theirs; dots lead into compound fields."""
    identifiers: Mapping[Key, Key] = {}
    """Scheme → their field."""
    stages: Mapping[Key, StageMeaning] = {}
    """Their stage → its meaning; a stage that is not named here is taken as it is."""
    separator: Annotated[str, Field(min_length=1, max_length=1)] = ";"
    """Between the product lines of a multi-select picklist."""
    harmless: tuple[Key, ...] = ()
    """Fields without a word of ours whose values may stand in the ledger; ``*`` and ``?`` as in file names. All others are personal."""
    ignored: tuple[Key, ...] = ()
    """Fields that say nothing about the deal: not even kept."""

    @model_validator(mode="after")
    def _names_our_fields(self) -> Self:
        known = set(FIELDS) - UNMAPPED
        strange = sorted(set(self.fields) - known)
        if strange:
            raise ValueError(
                f"maps {strange[0]!r}, which is no field of an opportunity; the fields are {sorted(known)}"
            )
        return self

    def is_harmless(self, name: str) -> bool:
        """Whether a value may stand in the ledger in the clear."""
        return any(fnmatchcase(name, pattern) for pattern in self.harmless)

    def is_ignored(self, name: str) -> bool:
        """Whether a field is not kept at all."""
        return any(fnmatchcase(name, pattern) for pattern in self.ignored)


class Mappings:
    """Every mapping of this installation."""

    def __init__(self, documents: Iterable[MappingDocument]) -> None:
        """A later document takes the place of an earlier one of the same format and source."""
        self._documents = {(document.format, document.source): document for document in documents}

    def neutral(self, source: str) -> MappingDocument:
        """That of a CloudEvents source, else the one for any."""
        return self._documents.get((Format.NEUTRAL, source)) or self._documents[Format.NEUTRAL, "*"]

    def salesforce(self, source: str | None) -> MappingDocument | None:
        """That of a Salesforce organisation; a message that does not say whose it is belongs to the only one there is."""
        if source is not None:
            return self._documents.get((Format.SALESFORCE, source))
        found = [document for (format_, _), document in self._documents.items() if format_ is Format.SALESFORCE]
        return found[0] if len(found) == 1 else None


def load_mappings(folder: Path | None = None) -> Mappings:
    """The shipped documents, and those of a folder on top.

    A folder that holds a Salesforce mapping replaces the shipped one, whatever its source is called. Raises ``ValidationError``,
    ``yaml.YAMLError`` and ``OSError``.
    """
    own = [read_mapping(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.y*ml"))] if folder else []
    shipped = resources.files("dealreg.service.intake") / "mappings"
    documents = [read_mapping((shipped / name).read_text("utf-8")) for name in ("neutral.yaml", "salesforce.yaml")]
    if any(document.format is Format.SALESFORCE for document in own):
        documents = [document for document in documents if document.format is not Format.SALESFORCE]
    return Mappings([*documents, *own])


def read_mapping(text: str) -> MappingDocument:
    """A mapping document from its YAML. Raises ``ValidationError`` and ``yaml.YAMLError``."""
    return MappingDocument.model_validate(yaml.safe_load(text))
