"""What may be asked of who goes with a registration: another distributor, hiding, release by the desk (ROE-1, 16, 17, 32)."""

from typing import Annotated

from pydantic import Field

from dealreg.registration.commands import OfRegistration
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Key, Text


class ChangeDistributor(OfRegistration):
    """Go through another distributor from now on: the dealer's protection stays as it is (ROE-17, ROE-16)."""

    partner: PartnerId
    distributor: PartnerId


class HideRegistration(OfRegistration):
    """Hide a dealer's own registration from the distributors above it, or show it (ROE-32)."""

    partner: PartnerId
    hidden: bool = True


class ReleaseRegistration(OfRegistration):
    """The desk ends a registration, or one partner's legs, naming the clause: a rival brand, for one (ROE-1)."""

    partner: PartnerId | None = None
    clause: Key = "ROE-1"
    reason: Annotated[Text, Field(min_length=1)]
