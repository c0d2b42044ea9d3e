"""Which version of the rules of engagement is in force at an instant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dealreg.engagement.rulebook import RulebookDocument
from dealreg.rulebook.events import RulebookPublished
from dealreg.vocabulary.dated import Dated
from dealreg.vocabulary.fact import Aggregate, Event


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Every published version by name, and in order of taking force."""

    versions: Mapping[str, RulebookDocument] = field(default_factory=dict)
    force: Dated[RulebookDocument] = field(default_factory=Dated)

    def in_force(self, at: datetime) -> RulebookDocument | None:
        """The version in force, or ``None`` before the first."""
        return self.force.at(at)

    def version(self, name: str) -> RulebookDocument | None:
        """The version of that name, or ``None``."""
        return self.versions.get(name)


def evolve(state: Rulebook, event: Event) -> Rulebook:
    """The rulebook after the event."""
    match event:
        case RulebookPublished():
            versions = {**state.versions, event.version: event.document}
            return Rulebook(versions, state.force.then(event.force_from, event.document))
        case _:
            return state


RULEBOOK = Aggregate("rulebook", Rulebook(), evolve)
