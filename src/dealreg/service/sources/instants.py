"""Instants as the interfaces of the sources write them."""

import re
from datetime import UTC, datetime
from typing import Any

from dealreg.service.sources.client import SourceAway

_FRACTION = re.compile(r"(\.\d{6})\d+")
"""Microsoft writes seven digits, Python takes six."""


def instant(value: Any) -> datetime:
    """ISO 8601 in any of its usual spellings. Raises ``SourceAway``: a record whose last change is unreadable was cut or garbled."""
    try:
        found = datetime.fromisoformat(_FRACTION.sub(r"\1", str(value)))
    except ValueError as error:
        raise SourceAway(f"a record's last change is {str(value)[:60]!r}, which is no instant") from error
    return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).astimezone(UTC)


def zulu(at: datetime) -> str:
    """With milliseconds and a Z, as every source takes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
