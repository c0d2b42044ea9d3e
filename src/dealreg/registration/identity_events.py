"""What becomes of a registration when the company it was filed on turns out to be two (ROE-24)."""

from typing import ClassVar
from uuid import UUID

from dealreg.registration.words import RegistrationEvent
from dealreg.vocabulary.values import Instant


class RegistrationRekeyed(RegistrationEvent):
    """It is of ``customer`` from here on: ``was``, on which it was filed, was two companies (ROE-24)."""

    NAME: ClassVar[str] = "registration_rekeyed.v1"
    customer: UUID
    was: UUID
    rekeyed_at: Instant
