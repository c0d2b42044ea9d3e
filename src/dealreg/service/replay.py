"""What was true at a recorded instant, by folding the ledger up to it: for the desk, managers, auditors, and of a partner's own records.

A recorded instant T means the last position whose ``recorded_at`` is at or before T. Instants grow strictly from save to save, so it
never cuts one (architecture D18). What has been recorded by T never changes, so an answer about the past is the same for ever; one
about an instant later than the newest fact is not, and says so. Of what was recorded, the facts that count by a business instant alone
may be folded too (``Moment.effective``): what was true then, as known at the place in the log.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from dealreg.conflict.state import CONFLICT, Conflict
from dealreg.file.events import LegJoined
from dealreg.file.evolve import FILE
from dealreg.file.state import Claim, CustomerFile
from dealreg.override.state import OVERRIDE, Override
from dealreg.registration.events import Readers
from dealreg.registration.state import REGISTRATION, Registration
from dealreg.service.condition import recorded_newest
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.recorded import Recorded
from dealreg.service.past.moment import Moment, When
from dealreg.vocabulary.fact import Aggregate, event_id
from dealreg.vocabulary.ids import StreamId, file_stream, partner_reader
from dealreg.vocabulary.refused import Unknown

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Told:
    """A fact with its place and the instant at which it was recorded."""

    position: int
    recorded_at: datetime
    recorded: Recorded


@dataclass(frozen=True, slots=True)
class RegistrationThen:
    """A registration as it was: what was said, and the claims that its customer's file held for it.

    ``left_out`` are readers that joined once and read no longer: a change of distributor left them behind (ROE-17), or it is hidden (ROE-32).
    """

    registration: UUID
    said: Registration
    readers: Readers
    claims: Sequence[Claim] = ()
    joined: Sequence[LegJoined] = ()
    left_out: frozenset[UUID] = frozenset()


class Replay:
    """Folds streams up to a moment. Threads may share one."""

    def __init__(self, ledger: Ledger) -> None:
        """``ledger`` as a role that may read it."""
        self._ledger = ledger

    def moment(self, when: datetime | When | None = None) -> Moment:
        """Where an instant or a size of the log lies; without one, the newest fact. Raises ``Unavailable``."""
        asked = when if isinstance(when, When) else When(when)
        at, size = asked.at, asked.size
        newest = recorded_newest(self._ledger)
        head = newest[0] if newest is not None else 0
        if size is not None:
            return Moment(min(size, head), None, final=size <= head, effective=asked.effective, size=size)
        if newest is None or at is None or at > newest[1]:
            return Moment(head, at, final=False, effective=asked.effective)
        return Moment(self._ledger.position_at(at), at, final=True, effective=asked.effective)

    @property
    def ledger(self) -> Ledger:
        """What is replayed."""
        return self._ledger

    def recorded_at(self, moment: Moment) -> datetime | None:
        """When the last fact of a size of the log was recorded; ``None`` where no size was asked for. Raises ``Unavailable``."""
        if moment.size is None or moment.position == 0:
            return None
        return self._ledger.notifications(moment.position - 1, 1)[0].recorded_at

    def facts(self, streams: Sequence[UUID], moment: Moment) -> Iterator[Told]:
        """The facts of some streams up to a moment, in the order recorded. Raises ``Unavailable``."""
        rows = self._ledger.read_many({StreamId(stream): 0 for stream in streams}, moment.position).rows
        for row in sorted(rows):
            told = Told(row.position, row.recorded_at, self._ledger.read(row))
            if moment.takes(told.recorded):
                yield told

    def state(self, aggregate: Aggregate[S], stream: UUID, moment: Moment) -> tuple[S, int]:
        """The state of a stream at a moment, and its version then (0: it did not exist). Raises ``Unavailable``."""
        state, version = aggregate.initial, 0
        for told in self.facts([stream], moment):
            state, version = folded(aggregate, state, told.recorded, moment), told.recorded.originator_version
        return state, version

    def registration(self, program: str, registration: UUID, moment: Moment) -> RegistrationThen:
        """A registration as it was. Raises ``Unknown`` where the program had none, and ``Unavailable``."""
        said, readers = REGISTRATION.initial, Readers()
        for fact in self._own(program, REGISTRATION.name, registration, moment):
            said = folded(REGISTRATION, said, fact, moment)
            readers = getattr(fact.event, "readers", None) or readers
        if not said.exists:
            raise no_registration()
        if said.customer is None:
            return RegistrationThen(registration, said, readers)
        file, joined = FILE.initial, []
        for stream in self.files_of(program, said, moment):
            file = FILE.initial
            for fact in self._own(program, FILE.name, stream, moment):
                file = folded(FILE, file, fact, moment)
                if isinstance(fact.event, LegJoined) and fact.event.registration == registration:
                    joined.append(fact.event)
        out = frozenset[UUID](partner_reader(program, partner) for partner in said.out)
        if said.hidden:
            out |= {reader for one in joined for reader in one.distributors}
        return RegistrationThen(registration, said, readers, file.of_registration(registration), joined, out)

    def conflict(self, program: str, conflict: UUID, moment: Moment) -> tuple[Conflict, int]:
        """A conflict as it was, and its version. Raises ``Unknown`` and ``Unavailable``."""
        found, version = self.of_program(program, CONFLICT, conflict, moment)
        if not version:
            raise Unknown("there is no such conflict; check its id and the instant")
        return found, version

    def override(self, program: str, override: UUID, moment: Moment) -> tuple[Override, int]:
        """An override as it was, and its version. Raises ``Unknown`` and ``Unavailable``."""
        found, version = self.of_program(program, OVERRIDE, override, moment)
        if not version:
            raise Unknown("there is no such override; check its id")
        return found, version

    def customer_file(self, program: str, customer: UUID, moment: Moment) -> CustomerFile:
        """Every claim on a customer as it was; after a merge in the file that took them over. Raises ``Unavailable``."""
        return self.state(FILE, self.files(program, customer, moment)[-1], moment)[0]

    def files(self, program: str, customer: UUID, moment: Moment) -> list[StreamId]:
        """The customer's file, and those that took its claims over one after another; in the last they stand (ROE-24)."""
        found: list[StreamId] = []
        into: UUID | None = customer
        while into is not None:
            found.append(file_stream(program, into))
            into = self.state(FILE, found[-1], moment)[0].closed_into
        return found

    def files_of(self, program: str, said: Registration, moment: Moment) -> list[StreamId]:
        """The files in which a registration's claims stood one after another; in the last they stand. Raises ``Unavailable``."""
        customers = (*said.was_of, *((said.customer,) if said.customer is not None else ()))
        return list(dict.fromkeys(file for customer in customers for file in self.files(program, customer, moment)))

    def of_program(self, program: str, aggregate: Aggregate[S], stream: UUID, moment: Moment) -> tuple[S, int]:
        """The state of a stream and how many facts made it; nothing of another program or kind. Raises ``Unavailable``."""
        state, version = aggregate.initial, 0
        for fact in self._own(program, aggregate.name, stream, moment):
            state, version = folded(aggregate, state, fact, moment), version + 1
        return state, version

    def _own(self, program: str, kind: str, stream: UUID, moment: Moment) -> Iterator[Recorded]:
        """The facts of a stream, but none of another program or another kind: an id is no permission."""
        for told in self.facts([stream], moment):
            if told.recorded.meta.program != program or told.recorded.event.AGGREGATE != kind:
                return
            yield told.recorded


def folded(aggregate: Aggregate[S], state: S, recorded: Recorded, moment: Moment) -> S:
    """The state after a fact; one that rests on a fact which does not count yet changes nothing, and is told so."""
    try:
        return aggregate.evolve(state, recorded.event)
    except (KeyError, StopIteration):
        if moment.effective is None and not moment.partial:
            raise
        moment.left_out.append(event_id(recorded.originator_id, recorded.originator_version))
        return state


def no_registration() -> Unknown:
    """One sentence for what does not exist and for what the asker may not see: they must not be told apart."""
    return Unknown("there is no such registration; check its id")


def readers_of(then: RegistrationThen) -> Mapping[str, frozenset[UUID]]:
    """Who read a registration then: ``dealers``, ``distributors``, ``managers`` (architecture D9)."""
    named, joined = then.readers, then.joined
    return {
        "dealers": frozenset({*named.dealers, *(reader for one in joined for reader in one.dealers)}),
        "distributors": frozenset({*named.distributors, *(reader for one in joined for reader in one.distributors)})
        - then.left_out,
        "managers": frozenset({*named.managers, *(reader for claim in then.claims for reader in claim.managers)}),
    }
