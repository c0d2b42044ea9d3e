"""A record that was read, as the message in which it goes through the broker like everything else."""

from datetime import datetime
from uuid import uuid4

from dealreg.service.intake.heard import Entity
from dealreg.service.intake.publishing import Outgoing
from dealreg.service.intake.read_again import TYPE
from dealreg.service.intake.reading import PROGRAM_HEADER
from dealreg.service.sources.client import ReadRecord
from dealreg.service.sources.json_text import written


def message_of(
    source: str, program: str, entity: Entity, read: ReadRecord, *, at: datetime, covers: str | None = None
) -> Outgoing:
    """``at`` is when it was read. Its id is this reading's alone: the same record read twice is two readings."""
    name = str(uuid4())
    event = {
        "specversion": "1.0",
        "type": TYPE,
        "source": source,
        "id": name,
        "time": at.isoformat(),
        "datacontenttype": "application/json",
        "data": {
            "entity": entity.value,
            "record": read.record,
            "covers": covers,
            "gone": read.value is None,
            "value": read.value,
        },
    }
    headers = {"content-type": "application/cloudevents+json", PROGRAM_HEADER: program}
    return Outgoing(written(event).encode(), headers, message_id=f"{source} {name}", key=source)
