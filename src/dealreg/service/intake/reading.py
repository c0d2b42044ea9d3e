"""From a delivery to commands: which shape it has, which mapping it goes by, which program it feeds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from dealreg.service.intake import cloudevents, salesforce
from dealreg.service.intake.building import Built, built
from dealreg.service.intake.delivery import Delivery
from dealreg.service.intake.mapping import Mappings
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


class Reading:
    """Reads deliveries by the mappings of this installation; ``program`` is fed where nothing names one."""

    def __init__(self, mappings: Mappings, program: str) -> None:
        """``program``: that of the installation's settings."""
        self._mappings = mappings
        self._program = program

    def parse(self, delivery: Delivery) -> Parsed:
        """The commands of a delivery. Raises ``Unreadable``."""
        binary = cloudevents.attributes_of_binary(delivery.headers)
        if "specversion" in binary:
            cloudevents.check(binary)
            return self._event(delivery, binary, strict_json(delivery.body))
        value = strict_json(delivery.body)
        if isinstance(value, dict) and "specversion" in value:
            return self._event(delivery, *cloudevents.envelope(value))
        payload = salesforce.payload_of(value) if isinstance(value, dict) else None
        if payload is not None:
            return self._change(delivery, payload)
        raise Unreadable(Why.SHAPE, "is neither a CloudEvent nor a change event of Salesforce")

    def _event(self, delivery: Delivery, attributes: Mapping[str, Any], data: Any) -> Parsed:
        heard = cloudevents.heard(attributes, data)
        mapping = self._mappings.neutral(heard.source)
        program = mapping.program or attributes.get(cloudevents.PROGRAM)
        return Parsed(self._fed(delivery, program), heard.source, (built(heard, mapping),))

    def _change(self, delivery: Delivery, payload: Mapping[str, Any]) -> Parsed:
        mapping = self._mappings.salesforce(delivery.header(SOURCE_HEADER))
        if mapping is None:
            raise Unreadable(Why.SHAPE, "comes from an organisation that no mapping names", SOURCE_HEADER)
        commands = tuple(built(heard, mapping) for heard in salesforce.heard(payload, mapping))
        return Parsed(self._fed(delivery, mapping.program), mapping.source, commands)

    def _fed(self, delivery: Delivery, named: Any) -> ProgramId:
        try:
            return _PROGRAM.validate_python(named or delivery.header(PROGRAM_HEADER) or self._program)
        except ValidationError as error:
            raise Unreadable(Why.INVALID, "is no name of a program", PROGRAM_HEADER) from error
