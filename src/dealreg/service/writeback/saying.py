"""What the CRM is to read about an opportunity, from everything that rides on it, as the ledger stands."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from dealreg.file.ends import protected_to
from dealreg.file.state import LegState
from dealreg.process.view import FIRST_OF, LAST_OF, state_of
from dealreg.rulebook.state import RULEBOOK
from dealreg.service.past.moment import Moment
from dealreg.service.replay import RegistrationThen, Replay
from dealreg.service.telling import last_day
from dealreg.service.writeback.settings import Said, WriteBack
from dealreg.vocabulary.ids import rulebook_stream

_ORDER = (*FIRST_OF, *LAST_OF)


class Riding(NamedTuple):
    """A registration on an opportunity."""

    program: str
    registration: UUID


def said(replay: Replay, riding: Sequence[Riding], moment: Moment, write: WriteBack) -> dict[str, Any]:
    """The values by the CRM's own field names. Raises ``Unavailable``."""
    found = [replay.registration(one.program, one.registration, moment) for one in riding]
    if not found:
        return {}
    leading = min(found, key=lambda one: (_ORDER.index(_state(one)), str(one.registration)))
    ends = [
        end
        for one in found
        for claim in one.claims
        for leg in claim.legs
        if leg.state in {LegState.APPROVED, LegState.PROTECTED} and (end := protected_to(leg)) is not None
    ]
    end = max(ends, default=None)
    state = _state(leading)
    day = last_day(end, _zone(replay, riding[0].program, moment))
    values = {
        Said.STATUS: write.states.get(state, state),
        Said.PROTECTED_UNTIL: day.isoformat() if day is not None else None,
        Said.PROTECTED_TO: end.isoformat() if end is not None else None,
        Said.PARTNER: leading.said.submitted.filed_by if leading.said.submitted is not None else None,
        Said.REGISTRATION: str(leading.registration),
    }
    return {field: values[word] for word, field in write.fields.items()}


def _zone(replay: Replay, program: str, moment: Moment) -> ZoneInfo:
    """The program's, as the rulebook says it that is in force now."""
    rules, _ = replay.state(RULEBOOK, rulebook_stream(program), moment)
    document = rules.in_force(datetime.now(UTC))
    return document.zone if document is not None else ZoneInfo("UTC")


def _state(one: RegistrationThen) -> str:
    states = {str(leg.state) for claim in one.claims for leg in claim.legs}
    return state_of(states) if states else "withdrawn" if one.said.closed or one.said.withdrawn else "incomplete"
