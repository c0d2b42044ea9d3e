"""How what is noted changes the customer file."""

from dataclasses import replace

from dealreg.file import notice_events as facts
from dealreg.file.state import CustomerFile
from dealreg.file.stepping import Step
from dealreg.vocabulary.fact import Event


def _noted(state: CustomerFile, event: facts.MinimumReachedTogether) -> CustomerFile:
    return replace(state, noted=state.noted | frozenset(event.registrations))


NOTICE_STEPS: dict[type[Event], Step] = {facts.MinimumReachedTogether: _noted}
