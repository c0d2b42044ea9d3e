"""From what an adapter heard to the command of the core, with what is personal set beside it (architecture D15)."""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from pydantic import ValidationError

from dealreg.opportunity.commands import FoldOpportunity, OpportunityMessage
from dealreg.service.intake.heard import Entity, FeedGap, Heard
from dealreg.service.intake.mapping import MappingDocument
from dealreg.service.intake.unreadable import Unreadable, Why
from dealreg.service.ledger.recorded import PersonalRow
from dealreg.service.personal import SALT_BYTES, digest
from dealreg.vocabulary.crm_record import CUSTOM, IDENTIFIER
from dealreg.vocabulary.fact import Command
from dealreg.vocabulary.ids import derived
from dealreg.vocabulary.values import CustomField, Sealed

LONGEST_NAME = 150
"""Characters of a custom field's name."""

LONGEST_VALUE = 4000
"""Characters of a harmless value in the ledger; a longer one lies beside it."""


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
    if heard.entity is Entity.ACCOUNT:
        raise Unreadable(Why.SHAPE, "is an account, and only opportunities are mapped", heard.record)
    name = sha256(json.dumps([heard.source, *heard.identity], ensure_ascii=False).encode()).hexdigest()
    sealer = _Sealer(name, heard, [])
    said = {key: value for key, value in heard.said.items() if value is not None and key != "identifiers"}
    if "contact" in said:
        said["contact"] = sealer.seal("contact", _text(said["contact"], "contact"))
    schemes = heard.said.get("identifiers") or {}
    kept = {key: value for key, value in heard.custom.items() if not mapping.is_ignored(key)}
    emptied = [key for key, value in heard.said.items() if value is None]
    emptied += [IDENTIFIER + key for key, value in schemes.items() if value is None]
    emptied += [CUSTOM + key for key, value in kept.items() if value is None]
    try:
        message = OpportunityMessage(
            source=heard.source,
            record=heard.record,
            digest=name,
            order=heard.order,
            change=heard.change,  # type: ignore[arg-type]  # pydantic reads the word
            changed_at=heard.changed_at,
            nulled=tuple(emptied),
            identifiers=[{"scheme": key, "value": value} for key, value in schemes.items() if value is not None],  # type: ignore[arg-type]  # pydantic reads them
            custom=tuple(_custom(key, value, mapping, sealer) for key, value in kept.items() if value is not None),
            **said,
        )
    except ValidationError as error:
        raise Unreadable.of(error) from error
    return Built(FoldOpportunity(message=message), name, heard.changed_at, tuple(sealer.rows))


def built_gap(gap: FeedGap) -> Built:
    """The command of a gap that names no record. Raises ``Unreadable``."""
    raise Unreadable(Why.GAP, gap.why)


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


def _custom(name: str, value: Any, mapping: MappingDocument, sealer: _Sealer) -> CustomField:
    if not 0 < len(name) <= LONGEST_NAME or name != name.strip():
        raise Unreadable(
            Why.INVALID, f"is no name of a field: 1 to {LONGEST_NAME} characters, no space around", name[:200]
        )
    text = _text(value, name)
    if mapping.is_harmless(name) and len(text) <= LONGEST_VALUE:
        return CustomField(name=name, value=text)
    return CustomField(name=name, sealed=sealer.seal(CUSTOM + name, text))


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
