"""HubSpot's signature v3: HMAC-SHA256 with the app's secret over method, address, body and instant, in base64.

The address is the one that is registered, decoded where HubSpot says so; a proxy in front of us may have changed what we see of it.
Sources: HubSpot, "Validating requests"; the signatures that its official clients publish in their tests.
"""

import hashlib
import hmac
import re
from base64 import b64encode
from datetime import datetime
from typing import Final

from dealreg.service.webhooks.posted import SECOND, Evidence, Forged, Posted, needed, present, whole, within
from dealreg.service.webhooks.settings import Webhook

SIGNATURE: Final = "x-hubspot-signature-v3"
INSTANT: Final = "x-hubspot-request-timestamp"

_DECODED: Final = {
    "%3A": ":",
    "%2F": "/",
    "%3F": "?",
    "%40": "@",
    "%21": "!",
    "%24": "$",
    "%27": "'",
    "%28": "(",
    "%29": ")",
    "%2A": "*",
    "%2C": ",",
    "%3B": ";",
}
"""All other encodings stay."""


class HubSpot:
    """Whoever holds the secret of the app."""

    answer_seconds = 5.0

    def evidence(self, posted: Posted, settings: Webhook) -> Evidence:  # noqa: ARG002 - what is needed does not depend on the settings
        """Two headers."""
        return present(posted.headers, SIGNATURE, INSTANT)

    def check(self, evidence: Evidence, body: bytes, settings: Webhook, secret: str, at: datetime) -> None:
        """Raises ``Forged``."""
        told, instant = needed(evidence, SIGNATURE), needed(evidence, INSTANT)
        within(whole(instant, INSTANT) / SECOND, at, settings)
        text = b"POST" + decoded(settings.url or "").encode() + body + instant.encode()
        right = b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest())
        if not hmac.compare_digest(right, told.encode()):
            raise Forged("the signature is not that of the app")


def decoded(address: str) -> str:
    """As HubSpot has it in the text that it signs."""
    return re.sub("%[0-9A-Fa-f]{2}", lambda found: _DECODED.get(found[0].upper(), found[0]), address)
