"""That a partner appealed for its registration, and that somebody judged it (ROE-29); what follows stands in the file or the conflict."""

from typing import ClassVar

from dealreg.registration.words import RegistrationEvent
from dealreg.vocabulary.ids import PartnerId
from dealreg.vocabulary.values import Instant, Key


class AppealAsked(RegistrationEvent):
    """The partner appealed against what was decided on a line; the same request again finds its answer by this fact."""

    NAME: ClassVar[str] = "appeal_asked.v1"
    line: Key
    partner: PartnerId
    asked_at: Instant


class AppealJudged(RegistrationEvent):
    """An appeal outside of a conflict was judged: the decision stands, or it is reversed."""

    NAME: ClassVar[str] = "appeal_judged.v1"
    line: Key
    reversed: bool
    judged_by: Key
    judged_at: Instant
