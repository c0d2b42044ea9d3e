"""JSON as a source wrote it: numbers keep every digit on the way in and on the way out."""

import json
import re
from decimal import Decimal
from typing import Any

_NUMBER = re.compile(r'"\\u0000(-?[0-9]+(?:\.[0-9]+)?(?:E[+-]?[0-9]+)?)"')
"""How a decimal stands in the text for a moment: no text of a source begins with NUL, which nothing here could store."""


def parsed(text: bytes | str) -> Any:
    """A document; numbers with a point become decimals, whole ones stay whole however long. Raises ``ValueError``."""
    return json.loads(text, parse_float=Decimal)


def written(value: Any) -> str:
    """A document with its decimals as numbers."""
    return _NUMBER.sub(r"\1", json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_number))


def _number(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"\x00{value}"
    raise TypeError(f"{type(value).__name__} is no value of JSON")
