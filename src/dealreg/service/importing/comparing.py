"""Whether the ledger has what the files say: every registration's lines, state and window compared."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

from dealreg.customer.state import CUSTOMER
from dealreg.file.evolve import FILE
from dealreg.file.state import Claim, CustomerFile, LegState
from dealreg.process.import_registration import imported_id
from dealreg.registration.import_commands import ImportRegistration, Past, PastLine
from dealreg.registration.state import REGISTRATION, Registration
from dealreg.service.importing.asking import Asking
from dealreg.service.importing.running import Plan, every
from dealreg.service.ledger.dispatch import Dispatch
from dealreg.vocabulary.ids import StreamId, file_stream

TOGETHER = 500
"""Registrations that are read in one query."""

STATES: Mapping[Past, frozenset[LegState]] = {
    Past.DECLINED: frozenset({LegState.DECLINED}),
    Past.WON: frozenset({LegState.FULFILLED}),
    Past.LOST: frozenset({LegState.RELEASED}),
    Past.LAPSED: frozenset({LegState.LAPSED}),
    Past.WITHDRAWN: frozenset({LegState.WITHDRAWN}),
}
"""How the legs of an imported line stand; one that was approved stands by its window, one that was pending by our decision."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One line of one registration: ``agrees``, ``moved_on`` (what happened since explains it), ``missing`` or ``differs``."""

    record: str
    number: int
    line: str
    past: Past
    word: str
    found: str


def compare(dispatch: Dispatch, made: Plan) -> Iterator[Compared]:
    """Every line of every registration that the files hold. Raises ``Unavailable``."""
    asked = (
        one for one in every(made) if one.request is not None and isinstance(one.request.command, ImportRegistration)
    )
    while batch := list(islice(asked, TOGETHER)):
        yield from _compared(dispatch, made.context.program, batch)


def _compared(dispatch: Dispatch, program: str, batch: list[Asking]) -> Iterator[Compared]:
    told = [(one, one.request) for one in batch if one.request is not None]
    ids = {one.record: imported_id(program, request.id, request.command) for one, request in told}
    seen = dispatch.see({StreamId(stream): REGISTRATION.name for stream in ids.values()})
    states: dict[UUID, Registration] = {stream: held.state for stream, held in seen.held.items()}
    files = _files(dispatch, program, {state.customer for state in states.values() if state.customer is not None})
    for one, request in told:
        state = states.get(ids[one.record])
        for past in request.command.lines:
            claim = _claim(files, state, ids[one.record], past.line)
            word, found = _judged(claim, past, seen.at)
            yield Compared(one.record, one.first, past.line, past.past, word, found)


def _files(dispatch: Dispatch, program: str, customers: set[UUID]) -> dict[UUID, CustomerFile]:
    """The file of each customer as it is after all merges."""
    into = {customer: customer for customer in customers}
    for _ in range(5):
        seen = dispatch.see({StreamId(customer): CUSTOMER.name for customer in into.values()})
        into = {one: seen.held[StreamId(now)].state.into or now for one, now in into.items()}
    held = dispatch.see({file_stream(program, now): FILE.name for now in into.values()}).held
    return {one: held[file_stream(program, now)].state for one, now in into.items()}


def _claim(
    files: Mapping[UUID, CustomerFile], state: Registration | None, registration: UUID, line: str
) -> Claim | None:
    if state is None or state.customer is None:
        return None
    return files[state.customer].claims.get((registration, line))


def _judged(claim: Claim | None, past: PastLine, now: datetime) -> tuple[str, str]:
    if claim is None:
        return "missing", ""
    found = "/".join(sorted({leg.state.value for leg in claim.legs}))
    states = {leg.state for leg in claim.legs}
    if past.past is Past.PENDING:
        return "agrees", found
    if past.past is Past.APPROVED:
        return _by_window(claim, past, now, found)
    return ("agrees" if states <= STATES[past.past] else "moved_on", found)


def _by_window(claim: Claim, past: PastLine, now: datetime, found: str) -> tuple[str, str]:
    """Protected as long as its window says; what was ruled, extended or ended since has moved on."""
    windows = {(leg.window_from, leg.window_to) for leg in claim.legs}
    over = past.window_to is not None and past.window_to <= now
    wanted = {LegState.LAPSED} if over else {LegState.PROTECTED, LegState.APPROVED}
    if not claim.tender and windows != {(past.window_from, past.window_to)}:
        return "moved_on", found
    return ("agrees" if {leg.state for leg in claim.legs} <= wanted else "moved_on", found)


def summed(compared: Iterator[Compared]) -> tuple[Counter[tuple[str, str]], list[Compared]]:
    """How many lines of each past came to each word, and those that are not as the file says."""
    counts: Counter[tuple[str, str]] = Counter()
    others = []
    for one in compared:
        counts[one.past.value, one.word] += 1
        if one.word != "agrees":
            others.append(one)
    return counts, others
