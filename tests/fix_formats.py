"""Messages of the sources as their adapters read them: helpers without a broker or a database."""

import json
from typing import Any

from dealreg.account.commands import FoldAccount
from dealreg.opportunity.commands import FoldOpportunity
from dealreg.opportunity.decide import fold
from dealreg.opportunity.state import Opportunity, evolve
from dealreg.service.intake.building import Built
from dealreg.service.intake.mapping import Mappings, load_mappings, read_mapping
from dealreg.service.intake.reading import Parsed, Reading
from dealreg.service.intake.unreadable import Unreadable, Why
from tests.fix_intake import delivered

SHIPPED = load_mappings()


def reads(*documents: str) -> Reading:
    """A reading by mapping documents; without any, by the shipped ones."""
    return Reading(Mappings([read_mapping(one) for one in documents]) if documents else SHIPPED, "acme")


def shipped_with(source: str, **changes: Any) -> Reading:
    """A reading by a shipped document with some of its words changed."""
    document = next(one for one in SHIPPED if one.source == source)
    written = document.model_dump(mode="json", exclude_unset=True)
    return Reading(Mappings([type(document).model_validate({**written, **changes})]), "acme")


def parsed(value: Any, reading: Reading, **headers: str) -> Parsed:
    body = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    return reading.parse(delivered(body, 1, headers))


def message_in(one: Built) -> Any:
    """The message that a command folds in."""
    assert isinstance(one.command, FoldOpportunity | FoldAccount)
    return one.command.message


def told(value: Any, reading: Reading, **headers: str) -> list[Any]:
    """The messages of a delivery, one a record."""
    return [message_in(one) for one in parsed(value, reading, **headers).commands]


def refusal(value: Any, reading: Reading, **headers: str) -> tuple[Why, str]:
    try:
        parsed(value, reading, **headers)
    except Unreadable as unreadable:
        return unreadable.why, unreadable.field
    raise AssertionError("it was read")


def folded(messages: list[Any]) -> Opportunity:
    """One opportunity after messages in this order of arrival; a gap is left out."""
    state = Opportunity()
    for message in messages:
        event = fold(state, message) if message.change != "gap" else None
        state = evolve(state, event) if event is not None else state
    return state
