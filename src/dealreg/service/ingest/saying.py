"""What a row says of its record, as one message."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from dealreg.service.ingest.document import FactRule, IngestMapping, Said
from dealreg.service.ingest.parties import Parties
from dealreg.service.ingest.table import Row
from dealreg.service.intake.cloudevents import ACCOUNT_TYPE, TYPE
from dealreg.service.intake.formats.fields import converted, is_nothing
from dealreg.service.intake.formats.neutral.records import OURS
from dealreg.service.intake.heard import Entity
from dealreg.service.intake.publishing import Outgoing, cloud_event
from dealreg.service.intake.unreadable import Unreadable
from dealreg.vocabulary.crm_record import Change

IDENTIFIERS = "identifiers."


@dataclass(frozen=True, slots=True)
class Told:
    """A message with what it comes from: the row, the fact, and the instant at which it was so."""

    row: int
    fact: str
    at: datetime
    message: Outgoing

    @property
    def digest(self) -> str:
        """SHA-256 of the body: by it a dead letter is known again."""
        return sha256(self.message.body).hexdigest()


def message(
    row: Row, rule: FactRule, mapping: IngestMapping, parties: Parties, when: date | datetime, at: datetime
) -> Told:
    """The message of a fact; ``when`` is what the row says, ``at`` the instant that this is."""
    record = row.cells[mapping.record]
    data: dict[str, Any] = {"record": record, "change": rule.change.value}
    if rule.names_partners:
        data |= parties.named(row)
        ids = {ours: row.cells.get(column, "") for ours, column in mapping.partner_ids.items()}
        data |= {ours: value for ours, value in ids.items() if not is_nothing(value, mapping)}
    for name, said in rule.fields():
        value = _value(name, row, said, mapping)
        if value is not None or rule.change is Change.READ:
            _put(data, name, value)
    # Named by its content: the same row is the same message for ever, a corrected one is a new one.
    content = sha256(json.dumps([data, at.isoformat()], sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]
    name = f"{record}:{rule.fact}:{content}"
    sequence = f"{when.isoformat()}.{0 if rule.change is Change.CREATED else 1}"
    kind = ACCOUNT_TYPE if mapping.entity is Entity.ACCOUNT else TYPE
    event = cloud_event(mapping.source, name, data, at=at, sequence=sequence, program=mapping.program, kind=kind)
    return Told(row.number, rule.fact, at, event)


def _value(name: str, row: Row, said: Said, mapping: IngestMapping) -> Any:
    """What a row says of a field, in its shape; what cannot be brought into it goes as it stands, for the intake to refuse."""
    written = said.always if said.always is not None else row.cells.get(said.column or "", "")
    text = said.words.get(written, written) if said.always is None else written
    if is_nothing(text, mapping):
        return None
    if name not in OURS[mapping.entity]:
        return text
    try:
        found = converted(name, text, said.column or name, mapping, mapping.separator)
    except Unreadable:
        return text
    return str(found) if isinstance(found, Decimal) else found


def _put(data: dict[str, Any], name: str, value: Any) -> None:
    if name.startswith(IDENTIFIERS):
        data.setdefault("identifiers", {})[name.removeprefix(IDENTIFIERS)] = value
    else:
        data[name] = value
