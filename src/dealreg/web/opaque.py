"""Words that a client hands back as it got them: cursors, entity tags and the ``seen`` token.

To a partner each is made of its own row only (architecture D9): two that read the same get the same.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from dealreg.web.problems import Trouble


def plain(value: object) -> object:
    """A column as JSON holds it; instants in UTC, so that one row always reads the same."""
    match value:
        case datetime():
            return value.isoformat()
        case date() | UUID() | Decimal():
            return str(value)
        case Mapping():
            return {str(name): plain(inner) for name, inner in value.items()}
        case list() | tuple():
            return [plain(inner) for inner in value]
        case _:
            return value


def etag(row: object) -> str:
    """A strong entity tag of what the reader was shown (RFC 9110 section 8.8.3)."""
    text = json.dumps(plain(row), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def cursor(question: str, last: str) -> str:
    """Where a page ended, for this question and no other; ``last`` is made of key columns of the reader's own last row."""
    return _wrap([question, last])


def resumed(question: str, text: str) -> str:
    """What a cursor holds. Raises ``Trouble`` when it is not one of this question."""
    match _unwrap(text, "the cursor"):
        case [str() as asked, str() as last] if asked == question:
            return last
        case _:
            raise Trouble(
                "malformed", "The cursor belongs to another question; leave it out to begin at the first page."
            )


def seen(position: int) -> str:
    """What a caller has seen: a read that sends it back waits until its answer knows of it."""
    return _wrap(["seen", position])


def position_seen(text: str) -> int:
    """The position in a ``seen`` token. Raises ``Trouble`` when it is none."""
    found = _unwrap(text, "Dealreg-Seen")
    match found:
        case ["seen", int() as position] if not isinstance(position, bool) and 0 <= position < 2**63:
            return position
        case _:
            raise Trouble(
                "malformed", "Dealreg-Seen is not a token of this service; send it as you got it, or not at all."
            )


def _wrap(parts: Sequence[object]) -> str:
    text = json.dumps(parts, separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _unwrap(text: str, name: str) -> object:
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        return json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise Trouble(
            "malformed", f"{name} is not one of this service; send it as you got it, or leave it out."
        ) from error
