"""From what an adapter heard to the command of the core, with what is personal set beside it (architecture D15)."""

import json
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from pydantic import ValidationError

from dealreg.account.commands import AccountMessage, FoldAccount
from dealreg.feed.commands import ReportFeedGap
from dealreg.opportunity.commands import FoldOpportunity, OpportunityMessage
from dealreg.service.intake.formats.fields import is_nothing
from dealreg.service.intake.heard import Entity, FeedGap, Heard
from dealreg.service.intake.mapping import EntityMapping, Format, MappingDocument
from dealreg.service.intake.unreadable import Unreadable, Why
from dealreg.service.ledger.recorded import PersonalRow
from dealreg.service.mirroring.odd_forms import usual
from dealreg.service.mirroring.treating import plain, treatment
from dealreg.service.personal import SALT_BYTES, digest
from dealreg.vocabulary.crm_record import CUSTOM, IDENTIFIER
from dealreg.vocabulary.fact import Command
from dealreg.vocabulary.field_types import kind_of
from dealreg.vocabulary.ids import derived
from dealreg.vocabulary.values import CustomField, Sealed, Treatment

LONGEST_NAME = 150
"""Characters of a custom field's name."""

LONGEST_VALUE = 4000
"""Characters of a harmless value in the ledger; a longer one lies beside it."""

ALL_TEXTS = frozenset({Format.HUBSPOT})
"""Who writes numbers and truth values as text, so that the form of a text says what it is."""


@dataclass(frozen=True, slots=True)
class Built:
    """A command, and the personal values that its fact will name.

    ``request`` is the digest of the message's identity, which names the request; ``changed_at`` is when the source committed it.
    """

    command: Command
    request: str
    changed_at: datetime
    personal: tuple[PersonalRow, ...] = ()


def built(heard: Heard, mapping: MappingDocument) -> Built:
    """The command of one record. Raises ``Unreadable`` with the field that cannot be taken."""
    entity = _entity(heard, mapping)
    name = _name(heard)
    sealer = _Sealer(name, heard, [])
    said = {key: value for key, value in heard.said.items() if value is not None and key != "identifiers"}
    if "contact" in said:
        said["contact"] = sealer.seal("contact", _text(said["contact"], "contact"))
    schemes = heard.said.get("identifiers") or {}
    kept = {
        key: None if is_nothing(value, entity) else value
        for key, value in heard.custom.items()
        if not entity.is_ignored(key)
    }
    custom = [_custom(key, value, entity, sealer, mapping.format) for key, value in kept.items() if value is not None]
    emptied = [key for key, value in heard.said.items() if value is None]
    emptied += [IDENTIFIER + key for key, value in schemes.items() if value is None]
    emptied += [CUSTOM + key for key, value in kept.items() if value is None]
    fields: dict[str, Any] = {
        "source": heard.source,
        "record": heard.record,
        "digest": name,
        "order": heard.order,
        "change": heard.change,
        "changed_at": heard.changed_at,
        "nulled": tuple(emptied),
        "identifiers": [{"scheme": key, "value": value} for key, value in schemes.items() if value is not None],
        "custom": tuple(custom),
        "treated": tuple(_treated(custom, entity)),
        "why": heard.why,
        **said,
    }
    try:
        command = _command(heard.entity, fields)
    except ValidationError as error:
        raise Unreadable.of(error) from error
    return Built(command, name, heard.changed_at, tuple(sealer.rows))


def _entity(heard: Heard, mapping: MappingDocument) -> EntityMapping:
    """What the document says of this kind of record. Raises ``Unreadable`` where it does not listen to it."""
    if heard.entity is Entity.OPPORTUNITY:
        return mapping
    if mapping.account is None:
        raise Unreadable(Why.SHAPE, f"is an account, and the mapping of {mapping.source} has no accounts", heard.record)
    return mapping.account


def _command(entity: Entity, fields: dict[str, Any]) -> Command:
    """Raises ``ValidationError``."""
    if entity is Entity.ACCOUNT:
        return FoldAccount(message=AccountMessage.model_validate(fields))
    return FoldOpportunity(message=OpportunityMessage.model_validate(fields))


def _name(heard: Heard | FeedGap) -> str:
    """The digest of a message's identity: the same at every delivery."""
    return sha256(json.dumps([heard.source, *heard.identity], ensure_ascii=False).encode()).hexdigest()


def built_gap(gap: FeedGap) -> Built:
    """The command of a gap that names no record. Raises ``Unreadable``."""
    try:
        command = ReportFeedGap(source=gap.source, since=gap.since, why=gap.why, entity=gap.entity)
    except ValidationError as error:
        raise Unreadable.of(error) from error
    return Built(command, _name(gap), gap.since)


@dataclass(frozen=True, slots=True)
class _Sealer:
    """Seals the values of one message. The ref is the same for every delivery, so that a repeat is known for one; the salt is not."""

    message: str
    heard: Heard
    rows: list[PersonalRow]

    def seal(self, name: str, value: str) -> Sealed:
        ref = str(derived("personal", self.message, name))
        subject = f"{self.heard.source}:{self.heard.record}"
        row = PersonalRow(ref, subject, value, secrets.token_bytes(SALT_BYTES))
        self.rows.append(row)
        return Sealed(ref=ref, digest=digest(row.salt, value))


def _custom(name: str, value: Any, mapping: EntityMapping, sealer: _Sealer, format_: Format) -> CustomField:
    if not 0 < len(name) <= LONGEST_NAME or name != name.strip():
        raise Unreadable(
            Why.INVALID, f"is no name of a field: 1 to {LONGEST_NAME} characters, no space around", name[:200]
        )
    value = usual(value, mapping.types.get(name), name, mapping)
    kind = kind_of(value, all_texts=format_ in ALL_TEXTS)
    text = _text(plain(value), name)
    if mapping.is_harmless(name) and len(text) <= LONGEST_VALUE:
        return CustomField(name=name, value=text, kind=kind)
    return CustomField(name=name, sealed=sealer.seal(CUSTOM + name, text), kind=kind)


def _treated(custom: Iterable[CustomField], mapping: EntityMapping) -> Iterator[Treatment]:
    """What the mapping says of the fields, where it says anything."""
    for field in custom:
        too_long = field.sealed is not None and mapping.is_harmless(field.name)
        said = treatment(field.name, mapping, too_long=too_long)
        if said is not None:
            yield said


def _text(value: Any, name: str) -> str:
    """A value of JSON as text: strings as they are, everything else as JSON writes it."""
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return str(value)
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    except (TypeError, ValueError) as error:
        raise Unreadable(Why.INVALID, "is no value of JSON", name) from error
