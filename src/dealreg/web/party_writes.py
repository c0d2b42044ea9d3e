"""What may be asked over HTTP of who goes with a registration, with its place and an example (ROE-1, 16, 17, 32)."""

from typing import Final

from dealreg.registration import party_commands as asked
from dealreg.web.writes import Write

_REGISTRATION: Final = "/registrations/{registration}"

PARTIES: Final = (
    Write(
        f"{_REGISTRATION}/distributor", asked.ChangeDistributor, "registrations", example={"distributor": "southwind"}
    ),
    Write(f"{_REGISTRATION}/hiding", asked.HideRegistration, "registrations", example={"hidden": False}),
    Write(
        f"{_REGISTRATION}/release",
        asked.ReleaseRegistration,
        "registrations",
        decides="registration",
        example={"clause": "ROE-1", "reason": "The partner holds the same deal for a rival brand."},
    ),
)
