"""How overrides and conflicts over a product line change the customer file."""

from dataclasses import replace

from dealreg.file import events as facts
from dealreg.file.state import ActiveOverride, CustomerFile
from dealreg.file.stepping import Step
from dealreg.vocabulary.fact import Event


def _override_began(state: CustomerFile, event: facts.OverrideBegan) -> CustomerFile:
    active = ActiveOverride(
        event.override,
        event.verb,
        event.line,
        event.scope,
        event.partner,
        event.ground,
        event.stops_clock,
        event.override_to,
    )
    return replace(state, customer=event.customer, overrides=(*state.overrides, active))


def _override_lifted(state: CustomerFile, event: facts.OverrideLifted) -> CustomerFile:
    rest = tuple(o for o in state.overrides if (o.override, o.line) != (event.override, event.line))
    return replace(state, overrides=rest)


def _conflict_opened(state: CustomerFile, event: facts.ConflictOpened) -> CustomerFile:
    return replace(state, conflicts={**state.conflicts, event.conflict: (event.line, event.parties)})


def _conflict_settled(state: CustomerFile, event: facts.ConflictSettled) -> CustomerFile:
    return replace(state, conflicts={key: value for key, value in state.conflicts.items() if key != event.conflict})


LINE_STEPS: dict[type[Event], Step] = {
    facts.OverrideBegan: _override_began,
    facts.OverrideLifted: _override_lifted,
    facts.ConflictOpened: _conflict_opened,
    facts.ConflictSettled: _conflict_settled,
}
