"""How each fact changes the customer file."""

from dealreg.file.account_steps import ACCOUNT_STEPS
from dealreg.file.claim_steps import CLAIM_STEPS
from dealreg.file.conflict_steps import CONFLICT_STEPS
from dealreg.file.identity_steps import IDENTITY_STEPS
from dealreg.file.leg_steps import LEG_STEPS
from dealreg.file.line_steps import LINE_STEPS
from dealreg.file.notice_steps import NOTICE_STEPS
from dealreg.file.price_steps import PRICE_STEPS
from dealreg.file.standing_steps import STANDING_STEPS
from dealreg.file.state import CustomerFile
from dealreg.file.time_steps import with_time
from dealreg.vocabulary.fact import Aggregate, Event

STEPS = with_time(
    {
        **CLAIM_STEPS,
        **LEG_STEPS,
        **LINE_STEPS,
        **CONFLICT_STEPS,
        **PRICE_STEPS,
        **NOTICE_STEPS,
        **STANDING_STEPS,
        **ACCOUNT_STEPS,
        **IDENTITY_STEPS,
    }
)
"""Every fact of a file, and its step."""


def evolve(state: CustomerFile, event: Event) -> CustomerFile:
    """The file after the event; an event that no step knows is a bug and raises ``KeyError``."""
    return STEPS[type(event)](state, event)


FILE = Aggregate("file", CustomerFile(), evolve)
