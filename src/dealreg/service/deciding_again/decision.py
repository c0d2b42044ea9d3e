"""A decision as the ledger holds it: the facts of one command, in the order recorded, with what was asked."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from dealreg.process.deciding import COMMANDS
from dealreg.service.ledger.recorded import Recorded
from dealreg.vocabulary.fact import Command, Content, Meta, Request


class NotRecorded(Exception):
    """A decision cannot be made again: its command was not recorded, or this build cannot read it."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Every fact of one command, in the order recorded."""

    facts: tuple[Recorded, ...]

    @property
    def meta(self) -> Meta:
        """What is sealed with each of its facts; the instant of effect and the answer are a fact's own."""
        return self.facts[0].meta

    @property
    def carrier(self) -> Recorded | None:
        """The fact that carries the command."""
        return next((fact for fact in self.facts if fact.meta.request and fact.meta.request.content), None)

    @property
    def content(self) -> Content | None:
        """What was asked; ``None`` where it was decided before commands were recorded, or was no command."""
        carrier = self.carrier
        return carrier.meta.request.content if carrier is not None and carrier.meta.request is not None else None

    @property
    def id(self) -> str:
        """The id of its first fact, ``<stream>:<version>``: it names the decision."""
        return f"{self.facts[0].originator_id}:{self.facts[0].originator_version}"

    def request(self) -> Request:
        """The request as it was asked. Raises ``NotRecorded``."""
        content, meta = self.content, self.meta
        if content is None or meta.request is None:
            raise NotRecorded("what was asked was not recorded with it")
        return Request(
            id=meta.request.id,
            program=meta.program,
            actor=meta.actor,
            command=command_of(content),
            on_behalf_of=meta.on_behalf_of,
            reason=meta.reason,
            cause=meta.cause,
            source=meta.source,
            # The door's instant is that of the decision wherever a broker brought it (architecture D17).
            door_at=content.at if meta.source is not None else None,
            source_at=content.source_at,
        )


def command_of(content: Content) -> Command:
    """The command in its present shape. Raises ``NotRecorded`` when this build cannot read it."""
    if content.command not in COMMANDS:
        raise NotRecorded(f"this build knows no command {content.command}")
    try:
        return COMMANDS[content.command].model_validate(content.body)
    except ValidationError as error:
        raise NotRecorded(f"the recorded {content.command} does not have the shape of this build: {error}") from error


def decisions(facts: Iterable[Recorded]) -> Iterator[Decision]:
    """The decisions of a log, in order. A command's facts lie side by side: they were appended as one."""
    gathered: list[Recorded] = []
    for fact in facts:
        if gathered and not together(gathered[-1].meta, fact.meta):
            yield Decision(tuple(gathered))
            gathered = []
        gathered.append(fact)
    if gathered:
        yield Decision(tuple(gathered))


def together(one: Meta, other: Meta) -> bool:
    """Whether two neighbours are of one command: the same request, which had read the same versions."""
    if one.request is None or other.request is None:
        return False
    same = (one.request.id, one.request.caller, one.program) == (other.request.id, other.request.caller, other.program)
    return same and one.read == other.read
