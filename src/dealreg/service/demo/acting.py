"""What the people of the story ask: their commands, with the ids that only the ledger knows."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from dealreg.conflict.events import ConflictDetected
from dealreg.file.events import ClaimEntered, JoiningAsked
from dealreg.partner.commands import EnrolPartner
from dealreg.process.deciding import COMMANDS
from dealreg.rulebook.commands import PublishRulebook
from dealreg.service.demo.story import SOURCE, Asking, Heard, Story
from dealreg.service.ingest.due import events_of
from dealreg.service.ingest.seeding import DESK, facts_of
from dealreg.service.ledger.dispatch import Dispatch
from dealreg.service.ledger.dispatcher import Dispatcher
from dealreg.service.personal import seal
from dealreg.vocabulary.fact import Actor, Command, Event, Request, Role
from dealreg.vocabulary.ids import OverrideId, PartnerId, ProgramId, opportunity_id, override_id, registration_id
from dealreg.vocabulary.values import PartnerTier, Track

E = TypeVar("E", bound=Event)


class Acting:
    """The people of a story, in front of a dispatcher."""

    def __init__(self, story: Story, dispatch: Dispatch) -> None:
        """Nothing is asked yet."""
        self._story, self._dispatch = story, dispatch
        self._dispatcher = Dispatcher(dispatch)
        self._named = {step.name: step for step in story.steps if isinstance(step, Asking) and step.name is not None}
        self._finders: Mapping[str, Callable[[str], UUID]] = {
            "registration": self.registration,
            "customer": self.customer,
            "conflict": self.conflict,
            "joining": self._joining,
            "override": self._override,
        }

    def enrol(self) -> int:
        """Publish the rulebook and enrol every partner, those above first; how many facts that took."""
        story = self._story
        made = self._ask("rulebook", DESK, PublishRulebook(document=story.rules))
        for key, partner in story.cast.partners.items():
            sealed, row = seal(f"partner:{story.program}:{key}", partner.name)
            command = EnrolPartner(
                partner=PartnerId(key),
                effective_from=story.cast.since,
                track=partner.track,
                tier=partner.tier,
                lines=tuple(line.line for line in story.rules.product_lines),
                territories=partner.territories,
                specialisations=partner.specialisations,
                parents=tuple(PartnerId(parent) for parent in partner.above),
                display_name=sealed,
            )
            request = self._request(f"enrol:{key}", DESK, command, None)
            made += facts_of(request, self._dispatcher.submit(request, [row]))
        return made

    def act(self, step: Asking) -> int:
        """Ask what a person asked; how many facts that made. Raises ``SeedingFault`` where it is refused."""
        command = COMMANDS[step.command].model_validate(self._filled(step.given))
        return self._ask(f"{step.number}:{step.command}", self.actor(step.by), command, step.at)

    def actor(self, name: str) -> Actor:
        """A person or a partner as it asks."""
        person = self._story.cast.people.get(name)
        if person is not None:
            return Actor(role=person.role, subject=name, region=person.region)
        return Actor(role=self._role(name), subject=name, partner=PartnerId(name))

    def registration(self, deal: str) -> UUID:
        """The registration of a deal, as it was filed first."""
        first = next(step for step in self._story.steps if isinstance(step, Heard) and step.deal == deal)
        by = first.said.get("filed_by") or first.said.get("partner") or first.said.get("distributor")
        return registration_id(self._story.program, str(by), str(opportunity_id(SOURCE, deal)))

    def customer(self, deal: str) -> UUID:
        """The customer of a deal, as the ledger resolved it."""
        wanted = self.registration(deal)
        return next(one.customer for one in self._events(ClaimEntered) if one.registration == wanted)

    def _ask(self, name: str, actor: Actor, command: Command, at: datetime | None = None) -> int:
        request = self._request(name, actor, command, at)
        return facts_of(request, self._dispatcher.submit(request))

    def _request(self, name: str, actor: Actor, command: Command, at: datetime | None) -> Request:
        program = ProgramId(self._story.program)
        return Request(id=f"demo:{name}", program=program, actor=actor, command=command, door_at=at)

    def _role(self, partner: str) -> Role:
        known = self._story.cast.partners[partner]
        if known.track is not Track.DISTRIBUTOR:
            return Role.DEALER
        return Role.MASTER if known.tier is PartnerTier.MASTER else Role.DISTRIBUTOR

    def _filled(self, value: Any) -> Any:
        """The value with every ``@kind:name`` as the id that it stands for."""
        if isinstance(value, dict):
            return {name: self._filled(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._filled(inner) for inner in value]
        if isinstance(value, str) and value.startswith("@"):
            kind, _, name = value[1:].partition(":")
            return str(self._finders[kind](name))
        return value

    def conflict(self, deal: str) -> UUID:
        """The conflict that a deal opened as the challenger."""
        wanted = self.registration(deal)
        return next(one.conflict for one in self._events(ConflictDetected) if one.challenger.registration == wanted)

    def _joining(self, deal: str) -> UUID:
        wanted = self.registration(deal)
        return next(one.joining for one in self._events(JoiningAsked) if one.challenger == wanted)

    def _override(self, name: str) -> OverrideId:
        step = self._named[name]
        return override_id(self._story.program, self.actor(step.by).caller, f"demo:{step.number}:{step.command}")

    def _events(self, kind: type[E]) -> Iterator[E]:
        return events_of(self._dispatch.ledger, self._story.program, kind)
