"""Events to bytes and back, in one pass of pydantic's core each way."""

from functools import cache
from typing import Any, Generic, TypeVar
from uuid import UUID

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Mapper, StoredEvent, Transcoder
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, from_json, to_json

from dealreg.service.ledger.errors import Unstorable
from dealreg.service.ledger.recorded import Recorded
from dealreg.service.ledger.stored_names import StoredNames, stored_names
from dealreg.vocabulary.fact import Event, Meta
from dealreg.vocabulary.ids import StreamId
from dealreg.vocabulary.values import Model

E = TypeVar("E", bound=Event)


class Envelope(Model, Generic[E]):
    """What is stored of an event: everything about it is sealed, because nothing of it is a column (architecture D16)."""

    meta: Meta
    data: E


@cache
def _envelope(cls: type[Event]) -> TypeAdapter[Envelope[Any]]:
    """Reader and writer of the envelopes of one class."""
    return TypeAdapter(Envelope[cls])  # type: ignore[valid-type]  # a class known only when running


def encode(meta: Meta, event: Event) -> bytes:
    """The stored bytes: ``{"meta": …, "data": …}`` in UTF-8. Raises ``Unstorable`` when JSON cannot hold a value."""
    try:
        envelope: Envelope[Any] = Envelope.model_construct(meta=meta, data=event)
        return _envelope(type(event)).dump_json(envelope, warnings="error")
    except (PydanticSerializationError, UnicodeEncodeError) as error:
        raise Unstorable(f"{event.NAME} cannot be written as JSON: {error}") from error


def decode(names: StoredNames, topic: str, state: bytes) -> tuple[Meta, Event]:
    """The event in its present shape. Raises ``ValueError`` when this build cannot read it."""
    try:
        if (present := names.present(topic)) is not None:
            found = _envelope(present).validate_json(state)
        else:
            stored = from_json(state)
            cls, data = names.resolve(topic, stored["data"])
            found = _envelope(cls).validate_json(to_json({"meta": stored["meta"], "data": data}))
    except KeyError as error:
        raise ValueError(f"this build does not know the fact {topic}; it is older than the ledger") from error
    except ValidationError as error:
        raise ValueError(f"a stored {topic} does not have the shape of this build: {error}") from error
    return found.meta, found.data


class PydanticMapper(Mapper[UUID]):
    """The library's mapper for ``Recorded`` events: the topic is the stored name, upcasting is by stored name."""

    names: StoredNames | None = None
    """The names to read by; those of this build unless a test gives others."""

    def __init__(self, transcoder: Transcoder, compressor: Any = None, cipher: Any = None) -> None:
        """The transcoder is not used: pydantic is the transcoder."""
        super().__init__(transcoder, compressor, cipher)
        if compressor is not None or cipher is not None:
            raise ValueError("stored bytes are neither compressed nor encrypted; remove COMPRESSOR_TOPIC and CIPHER_*")

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        """Raises ``Unstorable`` when JSON cannot hold a value."""
        if not isinstance(domain_event, Recorded):
            raise TypeError(f"{type(domain_event).__name__} is not a recorded fact")
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=domain_event.event.NAME,
            state=encode(domain_event.meta, domain_event.event),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Recorded:
        """Raises ``ValueError`` when this build cannot read the fact."""
        meta, event = decode(self.names or stored_names(), stored_event.topic, stored_event.state)
        stream = StreamId(UUID(str(stored_event.originator_id)))
        return Recorded(stream, stored_event.originator_version, meta, event)
