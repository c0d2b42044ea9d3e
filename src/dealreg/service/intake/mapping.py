"""Mapping documents: what a CRM's fields are in our words, and which of the others are harmless (architecture D15).

A document is YAML, one for each CRM organisation. `mappings/salesforce.yaml` and `mappings/neutral.yaml` are shipped; a folder named
by INTAKE_MAPPINGS adds to them or replaces them, by `source`.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from fnmatch import fnmatchcase
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from dealreg.opportunity.events import FIELDS, Outcome
from dealreg.service.intake.conversions import Conversions, Word, texts
from dealreg.service.intake.formats.salesforce.schemas import Schema, schema_of
from dealreg.service.intake.heard import Entity
from dealreg.service.intake.plain_yaml import plain_yaml
from dealreg.service.mirroring.treating import OwnFields
from dealreg.service.sources.settings import Api
from dealreg.service.webhooks.settings import Webhook
from dealreg.service.writeback.settings import WriteBack
from dealreg.vocabulary.ids import ProgramId
from dealreg.vocabulary.values import Currency, Key, Model

UNMAPPED = frozenset({"outcome", "identifiers"})
"""What no single field of a CRM says: it comes of ``stages`` and of ``identifiers``."""


ACCOUNT_FIELDS = ("name", "country", "place", "street", "postcode", "parent", "merged_into")
"""What a mapping may name of an account; ``parent`` and ``merged_into`` are ids of accounts."""


class Format(StrEnum):
    """In which shape the organisation's messages come."""

    NEUTRAL = "neutral"
    SALESFORCE = "salesforce"
    HUBSPOT = "hubspot"
    DATAVERSE = "dataverse"
    PARTNER_CENTRAL = "partner_central"
    """AWS Partner Central, by EventBridge."""
    PARTNER_CENTER = "partner_center"
    """Microsoft Partner Center referrals."""


class StageMeaning(Model):
    """What a stage of the CRM means: a stage of the rulebook, and how the opportunity stands then."""

    stage: Key | None = None
    outcome: Outcome = Outcome.OPEN


class EventMeaning(Model):
    """What a CloudEvent of one type tells, where its words are not ours."""

    entity: Entity = Entity.OPPORTUNITY
    change: Literal["created", "updated", "deleted", "undeleted", "read", "gap"] = "updated"
    record: Key | None = None
    """Where in the data the record's id lies, with dots between the names; left out, it is the event's ``subject``."""


class EntityMapping(Conversions, OwnFields):
    """What the fields of one kind of record are in our words."""

    entity: Key
    """The CRM's name of the kind."""
    fields: Mapping[Key, Key] = {}
    """Our field → theirs; dots lead into compound fields."""
    identifiers: Mapping[Key, Key] = {}
    """Scheme → their field."""
    always: Mapping[Key, Word] = {}
    """Our field → what holds for every record of the organisation, such as the partner whose account it is."""
    harmless: tuple[Key, ...] = ()
    """Fields without a word of ours whose values may stand in the ledger; ``*`` and ``?`` as in file names. All others are personal."""
    ignored: tuple[Key, ...] = ()
    """Fields that say nothing about the deal: not even kept."""

    def is_harmless(self, name: str) -> bool:
        """Whether a value may stand in the ledger in the clear."""
        return any(fnmatchcase(name, pattern) for pattern in self.harmless)

    def is_ignored(self, name: str) -> bool:
        """Whether a field is not kept at all."""
        return any(fnmatchcase(name, pattern) for pattern in self.ignored)

    def _names_only(self, known: Iterable[str], what: str) -> None:
        strange = sorted((set(self.fields) | set(self.always)) - set(known))
        twice = sorted(set(self.fields) & set(self.always))
        if twice:
            raise ValueError(f"says {twice[0]!r} under 'fields' and under 'always'; keep one of them")
        if strange:
            raise ValueError(f"maps {strange[0]!r}, which is no field of {what}; the fields are {sorted(known)}")


class AccountMapping(EntityMapping):
    """How the organisation speaks of accounts, its companies."""

    entity: Key = "Account"

    @model_validator(mode="after")
    def _names_our_fields(self) -> Self:
        self._names_only(ACCOUNT_FIELDS, "an account")
        return self


class MappingDocument(EntityMapping):
    """How one CRM organisation speaks: at the top of its opportunities, under ``account`` of its accounts."""

    source: Key
    """The organisation's name in the ledger; it never changes. For CloudEvents it is their ``source`` attribute; ``*`` is any."""
    format: Format
    program: ProgramId | None = None
    """The partner program that it feeds; without one, that of the message or of the installation."""
    entity: Key = "Opportunity"
    organisation: Word | None = None
    """By what the messages themselves name the organisation, where that is not ``source``: HubSpot's portal id, for instance."""
    client: Word | None = None
    """The client id of our own connected app: what it changed is our echo and is dropped."""
    events: Mapping[Key, EventMeaning] = {}
    """For CloudEvents in words that are not ours: the event's ``type`` → what it tells."""
    only: Mapping[Key, tuple[Word, ...]] = {}
    """Which messages are meant: a field of the message itself → the values taken; others are left alone, and counted."""
    currency: Currency | None = None
    """The currency of an organisation that has one; ``None`` where each record names its own."""
    stages: Annotated[Mapping[Key, StageMeaning], BeforeValidator(texts)] = {}
    """Their stage → its meaning; a stage that is not named here is taken as it is."""
    separator: Annotated[str, Field(min_length=1, max_length=1)] = ";"
    """Between the product lines of a multi-select picklist."""
    account: AccountMapping | None = None
    """None: its accounts are not listened to."""
    schemas: Mapping[Key, Annotated[Schema, BeforeValidator(schema_of)]] = {}
    """Salesforce by the Pub/Sub API: schema id → the Avro schema, inline or as the name of a file beside this document."""
    webhook: Webhook | None = None
    """How what it posts is signed; without it nothing posted in its name is taken."""
    api: Api | None = None
    """Where its records can be read again; without it a gap is closed by hand."""
    write: WriteBack | None = None
    """What is written back into its records; without it nothing is."""

    @model_validator(mode="before")
    @classmethod
    def _writes_values_alike(cls, written: Any) -> Any:
        """What is said at the top of how days, numbers and nothing are written holds for accounts too, unless they say otherwise."""
        account = written.get("account") if isinstance(written, dict) else None
        if not isinstance(account, dict):
            return written
        alike = {key: written[key] for key in ("nothing", "dates", "zone", "decimal") if key in written}
        return {**written, "account": {**alike, **account}}

    def speaks_for(self, named: str) -> bool:
        """Whether a message that calls its organisation so may be of this source."""
        if self.format is Format.NEUTRAL:
            return self.source in {named, "*"}
        return self.organisation is None or named in {self.source, self.organisation}

    @model_validator(mode="after")
    def _names_our_fields(self) -> Self:
        self._names_only(set(FIELDS) - UNMAPPED, "an opportunity")
        return self


class Mappings:
    """Every mapping of this installation."""

    def __init__(self, documents: Iterable[MappingDocument]) -> None:
        """A later document takes the place of an earlier one of the same format and source."""
        self._documents = {(document.format, document.source): document for document in documents}

    def of(self, format_: Format, *, source: str | None = None, named: str | None = None) -> MappingDocument | None:
        """That of a ``source``; else of whom a message names, or the only one that may speak for it. ``None`` where that is none or several."""
        found = [document for (known, _), document in self._documents.items() if known is format_]
        if source is not None:
            return next((document for document in found if document.source == source), None)
        exact = [
            document for document in found if named is not None and named in {document.source, document.organisation}
        ]
        fits = exact or [document for document in found if named is None or document.speaks_for(named)]
        return fits[0] if len(fits) == 1 else None

    def of_source(self, source: str) -> MappingDocument | None:
        """That of a source, whatever its format; ``None`` where there is none or several."""
        found = [document for document in self._documents.values() if document.source == source]
        return found[0] if len(found) == 1 else None

    def __iter__(self) -> Iterator[MappingDocument]:
        """Every document."""
        return iter(self._documents.values())


def load_mappings(folder: Path | None = None) -> Mappings:
    """The shipped documents, and those of a folder on top.

    A document of one's own replaces the shipped ones of its format, whatever its source is called; the neutral one for any stays. Raises
    ``ValidationError``, ``yaml.YAMLError`` and ``OSError``.
    """
    written = sorted(folder.glob("*.y*ml")) if folder else []
    own = [_read(path, folder) for path in written]
    theirs = {document.format for document in own} - {Format.NEUTRAL}
    shipped = sorted((resources.files("dealreg.service.intake") / "mappings").iterdir(), key=lambda path: path.name)
    documents = [read_mapping(path.read_text("utf-8")) for path in shipped if path.name.endswith(".yaml")]
    return Mappings([*(document for document in documents if document.format not in theirs), *own])


def _read(path: Path, folder: Path | None) -> MappingDocument:
    """One file; what is wrong in it is told with its name."""
    try:
        with path.open(encoding="utf-8") as file:
            return MappingDocument.model_validate(plain_yaml(file), context={"folder": folder})
    except ValidationError as error:
        faults = [{key: one[key] for key in ("type", "loc", "input", "ctx") if key in one} for one in error.errors()]
        raise ValidationError.from_exception_data(f"the mapping {path.name}", faults) from error  # type: ignore[arg-type]  # these are their own details


def read_mapping(text: str, folder: Path | None = None) -> MappingDocument:
    """A mapping document from its YAML; ``folder`` holds the files that it names. Raises ``ValidationError`` and ``yaml.YAMLError``."""
    return MappingDocument.model_validate(plain_yaml(text), context={"folder": folder})
