"""A key that both sides hold and that comes along with every request: Dataverse, and API destinations of Amazon EventBridge.

Nothing of the request is signed and no instant either, so a request that was overheard can be sent again; the core decides it once.
"""

import hashlib
import hmac
from datetime import datetime
from typing import Final

from dealreg.service.webhooks.posted import Evidence, Forged, Posted, needed
from dealreg.service.webhooks.settings import Webhook

DIGEST: Final = "dealreg-key-sha256"
"""The key itself is never kept: after a slip in the settings it may be the right one."""


class SharedKey:
    """Whoever holds the key."""

    def __init__(self, name: str, answer_seconds: float) -> None:
        """``name`` is the header or, after ``?``, the parameter, where the settings name none."""
        self._name, self.answer_seconds = name, answer_seconds

    def evidence(self, posted: Posted, settings: Webhook) -> Evidence:
        """The key's digest."""
        name = settings.name or self._name
        key = posted.query.get(name[1:]) if name.startswith("?") else posted.headers.get(name.lower())
        return {DIGEST: _digest(key)} if key else {}

    def check(self, evidence: Evidence, body: bytes, settings: Webhook, secret: str, at: datetime) -> None:  # noqa: ARG002 - a key says nothing of body and instant
        """Raises ``Forged``."""
        if not hmac.compare_digest(needed(evidence, DIGEST).encode(), _digest(secret).encode()):
            raise Forged("the key is another")


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
