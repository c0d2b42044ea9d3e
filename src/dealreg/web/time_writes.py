"""What may be asked of time over HTTP: extensions, and stale facts (ROE-13, ROE-22)."""

from typing import Final

from dealreg.registration.commands import AskExtension, DecideExtension, DecideStaleLeg, ReconcileRegistration
from dealreg.web.writes import Write

_REGISTRATION = "/registrations/{registration}"

TIMES: Final = (
    Write(f"{_REGISTRATION}/extension", AskExtension, "registrations", example={"lines": ["storage"]}),
    Write(
        f"{_REGISTRATION}/extension/decision",
        DecideExtension,
        "registrations",
        decides="registration",
        example={"partner": "contoso", "grant": True, "reason": "The customer's budget was moved to the next quarter."},
    ),
    Write(
        f"{_REGISTRATION}/reconcile",
        ReconcileRegistration,
        "registrations",
        decides="registration",
        example={"reason": "Compared with the CRM by hand; nothing is missing."},
    ),
    Write(
        f"{_REGISTRATION}/stale",
        DecideStaleLeg,
        "registrations",
        decides="registration",
        example={
            "line": "storage",
            "tier": "dealer",
            "decision": "run",
            "reason": "The CRM's owner confirmed that it stands as known.",
        },
    ),
)
