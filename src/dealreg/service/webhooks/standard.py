"""Standard Webhooks (standardwebhooks.com), symmetric signatures v1; the library signs, the window is that of the settings."""

import hmac
from binascii import Error as NoBase64
from datetime import UTC, datetime
from typing import Final

from standardwebhooks import Webhook as Signer
from standardwebhooks.webhooks import EmptyWebhookSecretError

from dealreg.service.webhooks.posted import Evidence, Forged, Posted, needed, present, whole, within
from dealreg.service.webhooks.settings import Webhook

ID: Final = "webhook-id"
INSTANT: Final = "webhook-timestamp"
SIGNATURE: Final = "webhook-signature"


class Standard:
    """Whoever holds the secret. Several signatures may come along: senders rotate as well."""

    answer_seconds = 15.0

    def evidence(self, posted: Posted, settings: Webhook) -> Evidence:  # noqa: ARG002 - what is needed does not depend on the settings
        """Three headers."""
        return present(posted.headers, ID, INSTANT, SIGNATURE)

    def check(self, evidence: Evidence, body: bytes, settings: Webhook, secret: str, at: datetime) -> None:
        """Raises ``Forged``."""
        instant = whole(needed(evidence, INSTANT), INSTANT)
        within(instant, at, settings)
        try:
            signed = Signer(secret).sign(
                needed(evidence, ID), datetime.fromtimestamp(instant, tz=UTC), body.decode("utf-8")
            )
        except UnicodeDecodeError as error:
            raise Forged("what is signed is text, and this is none") from error
        except (NoBase64, EmptyWebhookSecretError) as error:
            raise ValueError("is no secret of Standard Webhooks: whsec_ and base64") from error
        told = needed(evidence, SIGNATURE).split(" ")
        if not any([hmac.compare_digest(signed.encode(), one.encode()) for one in told]):  # noqa: C419 - all are compared, whichever fits
            raise Forged("no signature is that of the secret")
