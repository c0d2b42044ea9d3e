"""What was posted, and the ways in which it may not be the source's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from dealreg.service.webhooks.settings import Webhook

Evidence = Mapping[str, str]
"""What a signature is checked by, beside the body: headers, and digests of keys. It may be kept; a secret is never in it."""

SECOND: Final = 1000
"""Milliseconds."""


class Forged(Exception):
    """Nobody who holds the secret sent this, or not now. The words say why, for an operator; the caller learns only that it is refused."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A request: its headers in lower case, the parameters of its query, its bytes, and when it came."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    at: datetime


class Scheme(Protocol):
    """How one kind of source proves that it is itself."""

    answer_seconds: float
    """So long the source waits for an answer."""

    def evidence(self, posted: Posted, settings: Webhook) -> Evidence:
        """What of the request the check needs."""

    def check(self, evidence: Evidence, body: bytes, settings: Webhook, secret: str, at: datetime) -> None:
        """Whether the holder of ``secret`` sent it about ``at``. Raises ``Forged``, ``ValueError`` for a secret that is none."""


def present(headers: Mapping[str, str], *names: str) -> dict[str, str]:
    """Those of the headers that are there."""
    return {name: headers[name] for name in names if name in headers}


def needed(evidence: Evidence, name: str) -> str:
    """A header that has to be there. Raises ``Forged``."""
    found = evidence.get(name, "")
    if not found:
        raise Forged(f"has no {name}")
    return found


def within(signed_at: float, at: datetime, settings: Webhook) -> None:
    """Whether an instant, in seconds, lies in the window around ours. Raises ``Forged``."""
    apart = at.timestamp() - signed_at
    if not abs(apart) <= settings.window_seconds:
        when = f"{apart:.0f} s ago" if apart > 0 else f"{-apart:.0f} s ahead"
        raise Forged(f"was signed {when}; {settings.window_seconds} s are allowed")


def whole(text: str, name: str) -> int:
    """A number of a header. Raises ``Forged``."""
    if not (text.isascii() and text.isdigit() and len(text) <= 15):  # noqa: PLR2004 - milliseconds until the year 33658
        raise Forged(f"{name} is no instant")
    return int(text)
