"""A fact as a CloudEvent 1.0 for those who read the whole log, and what a partner's row says now for that partner.

``sequence`` of the house's streams is the position in the ledger, ``number`` counts the messages of the stream. A partner's stream has
only its own number: positions, versions and ids of streams would tell how much happens that it must not know (architecture D9).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from dealreg.service.exporting.cloudevents import TYPE
from dealreg.service.exporting.stored import instant
from dealreg.service.ledger.stored_names import StoredNames
from dealreg.service.outbox.audiences import Audience, Channel
from dealreg.service.projecting.binding import Row, open_row

SOURCE: Final = "dealreg:log"
SCHEMA: Final = "urn:dealreg:schema:"
CONTENT: Final = "application/cloudevents+json"


@dataclass(frozen=True, slots=True)
class Message:
    """What is published: the broker takes a ``message_id`` once within its window, and ``key`` keeps together what belongs together."""

    subject: str
    message_id: str
    key: str
    event: Mapping[str, Any]

    @property
    def body(self) -> bytes:
        """The structured form."""
        return json.dumps(self.event, ensure_ascii=False, separators=(",", ":")).encode()


def of_fact(row: Row, audience: Audience, channel: Channel, number: int, names: StoredNames) -> Message:
    """A fact, in its present shape. Raises ``KeyError`` and ``ValueError`` for one that this build cannot read."""
    known = open_row(row, names)
    name = names.newest(row.topic).NAME
    fact_id = f"{row.stream}:{row.version}"
    meta = known.meta
    at = instant(datetime.fromisoformat(row.recorded_at))
    event = {
        "specversion": "1.0",
        "id": fact_id,
        "source": SOURCE,
        "type": f"{TYPE}{name}",
        "subject": row.stream,
        "time": at,
        "datacontenttype": "application/json",
        "dataschema": f"{SCHEMA}{name}",
        "sequence": f"{row.position:020d}",
        "number": f"{number:020d}",
        "streamversion": str(row.version),
        "program": meta["program"],
        "effectiveat": meta["effective_at"],
        "actorrole": meta["actor"]["role"],
        **({"cause": meta["cause"]} if meta.get("cause") else {}),
        "data": known.data,
    }
    # After a restored backup an id may name another fact: its instant tells them apart.
    return Message(channel.subject(meta["program"], known.word), f"{audience} {fact_id} {at}", row.stream, event)


@dataclass(frozen=True, slots=True)
class Shown:
    """A change of a row that a partner reads: as it stands now, or that it is ``gone`` from what it reads."""

    reader: UUID
    number: int
    program: str
    model: str
    gone: bool
    shown: Mapping[str, Any]
    recorded_at: datetime


def of_row(one: Shown, channel: Channel) -> Message:
    """What a partner is told."""
    name = f"{one.model}_row_{'gone' if one.gone else 'shown'}.v1"
    event = {
        "specversion": "1.0",
        "id": f"{one.reader}:{one.number}",
        "source": f"dealreg:partner:{one.reader}",
        "type": f"{TYPE}{name}",
        "time": instant(one.recorded_at),
        "datacontenttype": "application/json",
        "dataschema": f"{SCHEMA}{name}",
        "sequence": f"{one.number:020d}",
        "program": one.program,
        "data": one.shown,
    }
    return Message(channel.subject(one.program, name.rpartition(".v")[0]), str(event["id"]), str(one.reader), event)
