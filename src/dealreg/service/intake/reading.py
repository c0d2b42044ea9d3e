"""From a delivery to commands: which shape it has, which mapping it goes by, which program it feeds."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from dealreg.service.intake import cloudevents, read_again
from dealreg.service.intake.building import Built, built, built_gap
from dealreg.service.intake.delivery import Delivery
from dealreg.service.intake.formats.adapter import Adapter
from dealreg.service.intake.formats.known import ADAPTERS
from dealreg.service.intake.heard import FeedGap, Heard, Ignored
from dealreg.service.intake.mapping import MappingDocument, Mappings
from dealreg.service.intake.strict_json import strict_json
from dealreg.service.intake.unreadable import Unreadable, Why
from dealreg.vocabulary.ids import ProgramId

PROGRAM_HEADER = "dealreg-program"
"""Names the program that a message feeds, where its mapping names none."""

SOURCE_HEADER = "dealreg-source"
"""Names the organisation of a message that does not say so itself: Salesforce's."""

_PROGRAM: TypeAdapter[ProgramId] = TypeAdapter(ProgramId)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A message as commands, one for each record that it is about; none where there is nothing to decide (our own echo)."""

    program: ProgramId
    source: str
    commands: tuple[Built, ...]
    ignored: tuple[str, ...] = ()
    """Why parts of it were left alone, one word each: to be counted."""


class Reading:
    """Reads deliveries by the mappings of this installation; ``program`` is fed where nothing names one."""

    def __init__(self, mappings: Mappings, program: str) -> None:
        """``program``: that of the installation's settings."""
        self._mappings = mappings
        self._program = program

    def parse(self, delivery: Delivery) -> Parsed:
        """The commands of a delivery. Raises ``Unreadable``."""
        value = strict_json(delivery.body)
        attributes = cloudevents.said_of(value, delivery.headers)
        if attributes.get("type") == read_again.TYPE:
            mapping, heard = read_again.heard(*cloudevents.opened(value, delivery.headers), self._mappings)
            if delivery.header(SOURCE_HEADER) not in {None, mapping.source}:
                raise Unreadable(
                    Why.SHAPE, "tells of a record of another source than the one that posted it", SOURCE_HEADER
                )
            return self._parsed(delivery, mapping, None, [heard])
        adapter = self._adapter(value, delivery)
        mapping = self._mapping(adapter, value, delivery)
        return self._parsed(
            delivery, mapping, attributes.get(cloudevents.PROGRAM), adapter.heard(value, delivery, mapping)
        )

    def _adapter(self, value: Any, delivery: Delivery) -> Adapter:
        """By its shape."""
        for adapter in ADAPTERS:
            if adapter.recognises(value, delivery):
                return adapter
        raise Unreadable(Why.SHAPE, "is neither a CloudEvent nor a message of a CRM that is read here")

    def _mapping(self, adapter: Adapter, value: Any, delivery: Delivery) -> MappingDocument:
        """That of the source through whose door it came, else of whom the message names; the two may not differ."""
        named, door = adapter.organisation(value, delivery), delivery.header(SOURCE_HEADER)
        mapping = self._mappings.of(adapter.format, source=door, named=named)
        if mapping is None:
            raise Unreadable(Why.SHAPE, "comes from an organisation that no mapping names", SOURCE_HEADER)
        if named is not None and not mapping.speaks_for(named):
            words = f"names {named[:200]!r}, and came in as {mapping.source!r}"
            raise Unreadable(Why.SHAPE, words, SOURCE_HEADER)
        return mapping

    def _parsed(
        self, delivery: Delivery, mapping: MappingDocument, named: Any, heard: Iterable[Heard | FeedGap | Ignored]
    ) -> Parsed:
        told = list(heard)
        known = [one for one in told if not isinstance(one, Ignored)]
        ignored = tuple(one.why for one in told if isinstance(one, Ignored))
        source = known[0].source if known else mapping.source
        commands = tuple(built_gap(one) if isinstance(one, FeedGap) else built(one, mapping) for one in known)
        return Parsed(self._fed(delivery, mapping.program or named), source, commands, ignored)

    def _fed(self, delivery: Delivery, named: Any) -> ProgramId:
        try:
            return _PROGRAM.validate_python(named or delivery.header(PROGRAM_HEADER) or self._program)
        except ValidationError as error:
            raise Unreadable(Why.INVALID, "is no name of a program", PROGRAM_HEADER) from error
