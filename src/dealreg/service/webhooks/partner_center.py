"""Microsoft Partner Center: RSA with SHA-256 over the body, by a certificate of Microsoft.

Microsoft has the receiver fetch the certificate from the address in the request and check its chain and organisation. Here an operator
does that once, and installs the certificate: an address that a stranger may name is not fetched (decision 26). Source: Microsoft,
"Partner Center webhooks", how to authenticate the callback.
"""

import re
from base64 import b64decode
from binascii import Error as NoBase64
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate

from dealreg.service.webhooks.posted import Evidence, Forged, Posted, needed, present
from dealreg.service.webhooks.settings import Webhook

AUTHORIZATION: Final = "authorization"
SIGNATURE: Final = "x-ms-signature"
ALGORITHM: Final = "x-ms-signature-algorithm"
CERTIFICATE: Final = "x-ms-certificate-url"
_SIGNATURE: Final = re.compile(r"signature\s+([A-Za-z0-9+/=]+)", re.IGNORECASE)


class PartnerCenter:
    """Whoever holds the key of the certificate. No instant is signed; the core decides what comes again once."""

    answer_seconds = 5.0
    """Microsoft names none: the shortest of the others."""

    def evidence(self, posted: Posted, settings: Webhook) -> Evidence:  # noqa: ARG002 - what is needed does not depend on the settings
        """The signature is in ``Authorization``, or in a header of its own where the registration says so."""
        found = present(posted.headers, ALGORITHM, CERTIFICATE)
        signature = _SIGNATURE.fullmatch(posted.headers.get(SIGNATURE) or posted.headers.get(AUTHORIZATION, ""))
        return {**found, SIGNATURE: signature[1]} if signature else found

    def check(self, evidence: Evidence, body: bytes, settings: Webhook, secret: str, at: datetime) -> None:  # noqa: ARG002 - the settings say nothing of certificates
        """Raises ``Forged``, ``ValueError`` for what is no certificate."""
        certificate = load_pem_x509_certificate(secret.encode())
        key = certificate.public_key()
        if not isinstance(key, RSAPublicKey):
            raise ValueError("is a certificate without a key of RSA")  # noqa: TRY004 - the value of a setting, not a type of ours
        if needed(evidence, ALGORITHM).lower() != "rsa-sha256":
            raise Forged("is not signed with rsa-sha256")
        if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
            raise Forged(
                f"the certificate is valid until {certificate.not_valid_after_utc:%Y-%m-%d}; install the new one"
            )
        try:
            key.verify(b64decode(needed(evidence, SIGNATURE), validate=True), body, PKCS1v15(), SHA256())
        except (InvalidSignature, NoBase64) as error:
            raise Forged("the signature is not that of the certificate") from error
