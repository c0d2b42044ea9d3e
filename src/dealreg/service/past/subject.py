"""What a question about the past may be about, and in which streams its facts stand."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from dealreg.conflict.state import CONFLICT
from dealreg.override.state import OVERRIDE
from dealreg.registration.state import REGISTRATION
from dealreg.service.past.moment import When
from dealreg.service.replay import Replay
from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.ids import file_stream, partner_stream
from dealreg.vocabulary.refused import Unknown


class Kind(StrEnum):
    """What has a past of its own."""

    REGISTRATION = "registration"
    CONFLICT = "conflict"
    OVERRIDE = "override"
    CUSTOMER = "customer"
    PARTNER = "partner"


OF_AGGREGATE = {REGISTRATION.name: Kind.REGISTRATION, CONFLICT.name: Kind.CONFLICT, OVERRIDE.name: Kind.OVERRIDE}
"""By whose fact the first in a stream is."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One of them: ``identity`` is a partner's name, else a UUID as text."""

    kind: Kind
    identity: str

    @property
    def id(self) -> UUID:
        """Raises ``Unknown``: what is no id names nothing."""
        try:
            return UUID(self.identity)
        except ValueError:
            raise Unknown(f"there is no such {self.kind}; check its id") from None


def named(replay: Replay, program: str, identity: str) -> Subject:
    """What an id means. A name that is no UUID is a partner's; a customer is what has a stream of no other kind. Raises ``Unavailable``."""
    try:
        stream = UUID(identity)
    except ValueError:
        return Subject(Kind.PARTNER, identity)
    first = next(iter(replay.facts([stream], replay.moment())), None)
    if first is not None and first.recorded.event.AGGREGATE == Kind.PARTNER.value:
        return Subject(Kind.PARTNER, str(getattr(first.recorded.event, "partner", identity)))
    if first is not None and first.recorded.meta.program == program:
        return Subject(OF_AGGREGATE.get(first.recorded.event.AGGREGATE, Kind.CUSTOMER), str(stream))
    return Subject(Kind.CUSTOMER, str(stream))


def streams(replay: Replay, program: str, subject: Subject) -> list[UUID]:
    """Every stream in which a fact of it stands, by all that is recorded now. Raises ``Unavailable``."""
    now = replay.moment(When())
    if subject.kind is Kind.PARTNER:
        return [partner_stream(program, subject.identity)]
    if subject.kind is Kind.CUSTOMER:
        return [subject.id, *replay.files(program, subject.id, now)]
    if subject.kind is not Kind.REGISTRATION:
        return [subject.id]
    said, _ = replay.of_program(program, REGISTRATION, subject.id, now)
    if said.customer is None:
        return [subject.id]
    own = file_stream(program, said.customer)
    return [subject.id, *(stream for stream in (own, *replay.files(program, said.customer, now)[1:]))]


def concerns(event: Event, subject: Subject) -> bool:
    """Whether a fact of these streams can be about it: in a customer's file others' claims stand too."""
    if subject.kind is not Kind.REGISTRATION:
        return True
    named = getattr(event, "registration", None)
    return named is None or named == subject.id
