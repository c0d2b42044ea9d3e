"""Every scheme by its name, and the check of a request by the secrets in force."""

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from dealreg.service.webhooks.hubspot import HubSpot
from dealreg.service.webhooks.partner_center import PartnerCenter
from dealreg.service.webhooks.posted import Evidence, Forged, Scheme
from dealreg.service.webhooks.settings import SchemeName, Webhook
from dealreg.service.webhooks.shared_key import SharedKey
from dealreg.service.webhooks.standard import Standard

SCHEMES: Final[Mapping[SchemeName, Scheme]] = {
    SchemeName.HUBSPOT: HubSpot(),
    SchemeName.DATAVERSE: SharedKey("?code", answer_seconds=60.0),
    SchemeName.EVENTBRIDGE: SharedKey("x-api-key", answer_seconds=5.0),
    SchemeName.PARTNER_CENTER: PartnerCenter(),
    SchemeName.STANDARD: Standard(),
}

FILE: Final = "file:"
"""A variable that begins so names a file that holds the secret, as a container gets it."""


class NoSecret(Exception):
    """The installation does not hold what a source is checked by: our fault, not the caller's."""


def check(
    evidence: Evidence, body: bytes, settings: Webhook, at: datetime, environment: Mapping[str, str] = os.environ
) -> None:
    """Raises ``Forged`` when it fits none of the secrets, with what was wrong by the newest, and ``NoSecret`` where there is none."""
    scheme = SCHEMES[settings.scheme]
    wrong: list[Forged] = []
    for variable in (settings.secret, settings.previous):
        secret = _read(variable, environment)
        if secret is None:
            continue
        try:
            scheme.check(evidence, body, settings, secret, at)
        except Forged as forged:
            wrong.append(forged)
        except ValueError as error:
            raise NoSecret(f"{variable} {error}") from error
        else:
            return
    if not wrong:
        raise NoSecret(f"{settings.secret} is not set")
    raise wrong[0]


def _read(variable: str | None, environment: Mapping[str, str]) -> str | None:
    text = environment.get(variable, "") if variable is not None else ""
    if text.startswith(FILE):
        try:
            text = Path(text.removeprefix(FILE)).read_text(encoding="utf-8")
        except OSError as error:
            raise NoSecret(f"{variable} names a file that cannot be read ({error.strerror})") from error
    return text.strip() or None
