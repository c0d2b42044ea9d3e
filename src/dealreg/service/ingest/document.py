"""The mapping file of an export: which column says what of a record, who its partners are, and which facts a row holds.

A column is named by its name, or as ``companion.column`` for one of a companion file that is joined to the row. The whole form with a
worked example: docs/maven.md.
"""

from codecs import lookup
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import AfterValidator, Field, ValidationError, model_validator

from dealreg.service.intake.conversions import Conversions, Word
from dealreg.service.intake.heard import Entity
from dealreg.service.intake.plain_yaml import plain_yaml
from dealreg.vocabulary.crm_record import Change
from dealreg.vocabulary.ids import ProgramId
from dealreg.vocabulary.values import Day, Key, Model, PartnerTier, Track

FILLS = ("partner", "distributor", "master", "filed_by")
"""The fields of an opportunity that name a partner; nothing but ``partners`` fills them, so that no person's name can."""


class MappingFault(Exception):
    """The mapping file, or a file that it names, cannot be used as it is; the message says what to change."""

    exit_code = 2


class Companion(Model):
    """A file beside the export: ``key`` is its column that is joined to ``column`` of the row; each key stands in it once."""

    file: Key
    key: Key
    column: Key


class Said(Model):
    """Where a field's value comes from: a column, translated by ``words`` where it is one of them, or always the same."""

    column: Key | None = None
    words: Mapping[str, str] = {}
    always: str | None = None

    @model_validator(mode="after")
    def _has_one_origin(self) -> Self:
        if (self.column is None) == (self.always is None):
            raise ValueError("names either a column or what is always said; give exactly one of 'column' and 'always'")
        return self


class PartnerRule(Model):
    """How a column names a partner.

    The key is ``prefix`` with the number of the companion's row that first holds the value (1 is the row below the header): names of
    people stay out of the ledger, and lie beside it as display names that can be erased.
    """

    prefix: Annotated[Key, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=40)]
    companion: Key
    column: Key
    """A column of the companion."""
    fills: Literal["partner", "distributor", "master"]
    track: Track
    tier: PartnerTier = PartnerTier.AUTHORIZED
    below: Key | None = None
    """The prefix of the partners above it, found in the same row of the companion."""
    territory: Key | None = None
    """A column of the companion that names a territory; none: every territory of the rulebook without one above it."""


def _encoding(name: str) -> str:
    try:
        return lookup(name).name if name != "utf-8-sig" else name
    except LookupError as error:
        raise ValueError(f"{name!r} is no way to write letters; try utf-8-sig or cp1252") from error


class Undated(StrEnum):
    """What becomes of a fact whose row has no date for it."""

    OMIT = "omit"
    LAST_DAY = "last_day"
    """Said on the last day of the file: it was there then, and nothing proves that it was there before."""


class FactRule(Model):
    """One thing that happened to the record, told as one message: at its instant, or at the start of its day in the program's zone."""

    fact: Annotated[Key, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=40)]
    date: Key | None = None
    """The column with its day or instant; None: no row has one."""
    when: Annotated[Mapping[Key, tuple[Word, ...]], Field(max_length=20)] = {}
    """Only rows whose column has one of these values hold the fact."""
    undated: Undated = Undated.OMIT
    change: Change = Change.UPDATED
    names_partners: bool = False
    says: Mapping[Key, Said | str]

    def fields(self) -> Iterator[tuple[str, Said]]:
        """Every field with its origin; a bare word is a column."""
        for name, said in self.says.items():
            yield name, Said(column=said) if isinstance(said, str) else said


class IngestMapping(Conversions):
    """How one export is read; how its values are written stands in ``words``, ``dates``, ``decimal``, ``zone`` and ``nothing``."""

    program: ProgramId
    source: Annotated[Key, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)]
    """The CRM organisation's name in the ledger; the rulebook may trust it by this name."""
    rulebook: Key
    """A file beside this one, else the name of a shipped rulebook."""
    record: Key
    """The column with the CRM's id of the record."""
    entity: Entity = Entity.OPPORTUNITY
    """What a row is: an opportunity or an account."""
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    encoding: Annotated[str, AfterValidator(_encoding)] = "utf-8-sig"
    """How the file's letters are written: spreadsheets often save as cp1252."""
    separator: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    """Between several product lines in one cell; None: a cell has one."""
    as_of: Day | None = None
    """The day on which the export was made: on it is told what has no date, if it is later than every date of the file."""
    partner_ids: Mapping[Literal["partner", "distributor", "master", "filed_by"], Key] = {}
    """Columns that hold the ids of partners who are enrolled already; never a person's name."""
    companions: Mapping[Key, Companion] = {}
    fixes: Mapping[Key, Mapping[str, str]] = {}
    """By column: what stands there for what was meant; applied before anything is joined."""
    partners: tuple[PartnerRule, ...] = ()
    facts: Annotated[tuple[FactRule, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        prefixes = [rule.prefix for rule in self.partners]
        for rule in self.partners:
            if rule.companion not in self.companions:
                raise ValueError(f"partners {rule.prefix!r}: no companion is called {rule.companion!r}; add it")
            if rule.below is not None and rule.below not in prefixes:
                raise ValueError(f"partners {rule.prefix!r}: 'below' names {rule.below!r}, which no partner rule has")
        for fact in self.facts:
            if filled := sorted(set(FILLS) & set(fact.says)):
                raise ValueError(f"fact {fact.fact!r} says {filled[0]!r}; only 'partners' name a partner")
            if fact.date is None and fact.undated is Undated.OMIT:
                raise ValueError(
                    f"fact {fact.fact!r} names no date; say 'undated: last_day' and give the file an 'as_of'"
                )
            if "identifiers" in fact.says:
                raise ValueError(f"fact {fact.fact!r}: name each identifier by itself, as 'identifiers.duns'")
        if len(set(prefixes)) != len(prefixes):
            raise ValueError("two partner rules have one prefix; give each its own")
        if len({fact.fact for fact in self.facts}) != len(self.facts):
            raise ValueError("two facts have one name; give each its own")
        return self

    def columns(self) -> Iterator[tuple[str, str]]:
        """Every column that is named, with where it is named: what the files have to have."""
        yield self.record, "record"
        for name, companion in self.companions.items():
            yield companion.column, f"companions.{name}.column"
        for column in self.fixes:
            yield column, f"fixes.{column}"
        for ours, column in self.partner_ids.items():
            yield column, f"partner_ids.{ours}"
        for fact in self.facts:
            if fact.date is not None:
                yield fact.date, f"facts.{fact.fact}.date"
            for column in fact.when:
                yield column, f"facts.{fact.fact}.when"
            for field, said in fact.fields():
                if said.column is not None:
                    yield said.column, f"facts.{fact.fact}.says.{field}"
        for rule in self.partners:
            for column in (rule.column, *([rule.territory] if rule.territory else [])):
                yield f"{rule.companion}.{column}", f"partners.{rule.prefix}"


def read_document(path: Path) -> IngestMapping:
    """The mapping of a file. Raises ``MappingFault`` with the place and what to do."""
    try:
        written = plain_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MappingFault(f"{path}: {error.strerror}; name a mapping file with --mapping") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise MappingFault(f"{path} is no YAML that can be read: {error}") from error
    try:
        return IngestMapping.model_validate(written)
    except ValidationError as error:
        faults = [f"  {'.'.join(map(str, fault['loc'])) or 'the file'}: {fault['msg']}" for fault in error.errors()]
        raise MappingFault("\n".join([f"{path} is no mapping of an export:", *faults])) from error
