"""That a registration was decided before this service knew of it."""

from typing import ClassVar

from dealreg.registration.words import RegistrationEvent
from dealreg.vocabulary.values import Instant, Key


class RegistrationImported(RegistrationEvent):
    """What follows was decided in another system: our rules were not asked, and its instants are that system's word.

    ``system`` and ``record`` say where it stands there; ``imported_at`` is when we were told, which is when all of it was recorded.
    """

    NAME: ClassVar[str] = "registration_imported.v1"
    system: Key
    record: Key
    filed_at: Instant
    imported_by: Key
    imported_at: Instant
