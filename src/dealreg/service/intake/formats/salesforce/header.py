"""The header of a change event: of which records it is, what happened, in which commit, and which fields it speaks of.

Source: Change Data Capture Developer Guide, Change Event Header Fields; design, domain.md section 3.1.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dealreg.service.intake.formats import orders
from dealreg.service.intake.formats.dates import instant
from dealreg.service.intake.formats.salesforce import record_ids
from dealreg.service.intake.unreadable import Unreadable, Why

HEADER = "ChangeEventHeader"
NOBODY = "000000000000000AAA"
"""The record of an event that is about no record in particular."""

_CLIENT = re.compile(r"client=([^;/]*)")


@dataclass(frozen=True, slots=True)
class Header:
    """The part of it that is used; ``changed``, ``emptied`` and ``differing`` are names of fields, or bitmaps."""

    entity: str
    records: tuple[str, ...]
    change: str
    clients: tuple[str, ...]
    transaction: str
    sequence: int
    commit: int
    committed_at: datetime
    changed: tuple[str, ...]
    emptied: tuple[str, ...]
    differing: tuple[str, ...]

    @property
    def names_records(self) -> bool:
        """Whether it says of which records it is: ``001*`` are all accounts."""
        return NOBODY not in self.records and not any("*" in record for record in self.records)

    def ids(self) -> tuple[str, ...]:
        """Each record once, by its canonical id. Raises ``Unreadable``."""
        seen = (record_ids.canonical(record, f"{HEADER}.recordIds") for record in self.records)
        return tuple(dict.fromkeys(seen))

    def identity(self, record: str, *more: str) -> tuple[str, ...]:
        """What names the message of one record, equal at every delivery."""
        return ("salesforce", self.transaction, str(self.sequence), self.entity, record, *more)

    def order(self, *more: str) -> str:
        """Its place among the changes of a record: commits are numbered beyond 53 bits, and one transaction has many events."""
        return orders.order(self.committed_at, f"{self.commit:020d}", f"{self.sequence:010d}", *more)


def header_of(header: Mapping[str, Any]) -> Header:
    """The header, checked. Raises ``Unreadable`` with the field that cannot be relied on."""
    records = header.get("recordIds")
    if not isinstance(records, list) or not records or not all(isinstance(record, str) for record in records):
        raise Unreadable(Why.INVALID, "has to be a list of ids", f"{HEADER}.recordIds")
    origin = header.get("changeOrigin")
    return Header(
        entity=_word(header, "entityName"),
        records=tuple(records),
        change=_word(header, "changeType"),
        clients=tuple(_CLIENT.findall(origin)) if isinstance(origin, str) else (),
        transaction=_word(header, "transactionKey"),
        sequence=_number(header, "sequenceNumber", 2**31),
        commit=_number(header, "commitNumber", 2**63),
        committed_at=instant(_number(header, "commitTimestamp", 2**63), f"{HEADER}.commitTimestamp"),
        changed=_names(header, "changedFields"),
        emptied=_names(header, "nulledFields"),
        differing=_names(header, "diffFields"),
    )


def _word(header: Mapping[str, Any], name: str) -> str:
    value = header.get(name)
    if not isinstance(value, str) or not value:
        raise Unreadable(Why.INVALID, "is missing or no text", f"{HEADER}.{name}")
    return value


def _number(header: Mapping[str, Any], name: str, below: int) -> int:
    value = header.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < below:
        raise Unreadable(Why.INVALID, f"is no whole number from 0 to {below - 1}", f"{HEADER}.{name}")
    return value


def _names(header: Mapping[str, Any], key: str) -> tuple[str, ...]:
    names = header.get(key) or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Unreadable(Why.INVALID, "has to be a list of names", f"{HEADER}.{key}")
    return tuple(names)
