"""From one past to another, fact by fact: how a thing looked before and after each, to the same caller."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from pydantic import BaseModel

from dealreg.service.insight import Insight
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.past.flattening import Fields, flat
from dealreg.service.past.moment import Moment, When
from dealreg.service.past.subject import Kind, Subject, concerns
from dealreg.service.replay import Replay, Told
from dealreg.service.tokens import Claims
from dealreg.vocabulary.fact import PARTNER_ROLES
from dealreg.vocabulary.refused import NotAllowed, Refused, Unknown

MOST_STEPS: Final = 3000
"""Facts between two pasts: each is looked at from both sides, so the work grows with their square."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one fact did to the fields: ``fact`` is ``None`` where only the instant that is looked at moved; ``taken``: it came, else it went."""

    fact: Told | None
    before: Fields
    after: Fields
    taken: bool = True


class Chosen(Replay):
    """A replay in which some streams hold exactly the facts that were chosen, and all others what they held at the moment."""

    def __init__(self, ledger: Ledger, moment: Moment, streams: Iterable[UUID]) -> None:
        """``streams`` are those of which facts are chosen; none is at first."""
        super().__init__(ledger)
        self.at = replace(moment, partial=True)
        self._chosen: dict[UUID, list[Told]] = {stream: [] for stream in streams}
        self._others: dict[UUID, list[Told]] = {}

    def choose(self, facts: Iterable[Told]) -> None:
        """Exactly these, in the order recorded."""
        for kept in self._chosen.values():
            kept.clear()
        for told in sorted(facts, key=lambda told: told.position):
            self._chosen[told.recorded.originator_id].append(told)

    def moment(self, _: object = None) -> Moment:
        """Always the same."""
        return replace(self.at, left_out=[])

    def facts(self, streams: Sequence[UUID], moment: Moment) -> Iterator[Told]:
        """As chosen, else as they stand at the moment."""
        found: list[Told] = []
        for stream in streams:
            if stream in self._chosen:
                found += self._chosen[stream]
                continue
            if stream not in self._others:
                self._others[stream] = list(super().facts([stream], moment))
            found += self._others[stream]
        return iter(sorted(found, key=lambda told: told.position))


def told(insight: Insight, subject: Subject, when: When) -> BaseModel:
    """How a thing was, in the words of the caller's role. Raises ``Unknown``, ``NotAllowed`` and ``Unavailable``."""
    if insight.role in PARTNER_ROLES:
        if subject.kind is not Kind.REGISTRATION:
            raise NotAllowed(f"a {subject.kind} is not for partners; ask for a registration of your own")
        return insight.own_registration(subject.id, when)
    match subject.kind:
        case Kind.REGISTRATION:
            return insight.registration(subject.id, when)
        case Kind.CONFLICT:
            return insight.conflict(subject.id, when)
        case Kind.OVERRIDE:
            return insight.override(subject.id, when)
        case Kind.CUSTOMER:
            return insight.customer(subject.id, when)
        case Kind.PARTNER:
            return insight.partner(subject.identity, when)


@dataclass(frozen=True, slots=True)
class Walk:
    """Looks at one thing as one caller."""

    replay: Replay
    claims: Claims
    subject: Subject

    def look(self, replay: Replay, when: When | None = None) -> Fields:
        """How it looks; nothing where it is not there, or not for this caller."""
        try:
            return flat(told(Insight(replay, self.claims), self.subject, when or When()))
        except Unknown:
            return {}

    def steps(self, streams: Sequence[UUID], start: Moment, end: Moment) -> Iterator[Step]:
        """From the start to the end: the instant moves first, then facts go that do not count at the end, then others come.

        Raises ``Refused`` where too many facts lie between, and ``Unavailable``.
        """
        held, wanted = ({told.position: told for told in self.replay.facts(streams, one)} for one in (start, end))
        moving = [held[position] for position in sorted(held.keys() - wanted.keys(), reverse=True)]
        moving += [wanted[position] for position in sorted(wanted.keys() - held.keys())]
        if sum(concerns(told.recorded.event, self.subject) for told in moving) > MOST_STEPS:
            raise Refused(
                f"more than {MOST_STEPS} facts lie between; ask for two moments that are nearer to each other"
            )
        now = dict(held)
        before = self._seen(streams, start, now)
        chosen = Chosen(self.replay.ledger, end, streams)
        yield Step(None, before, before := self._of(chosen, now))
        for told in moving:
            taken = told.position in wanted
            now = {**now, told.position: told} if taken else {at: one for at, one in now.items() if at != told.position}
            if concerns(told.recorded.event, self.subject):
                after = self._of(chosen, now)
                yield Step(told, before, after, taken)
                before = after

    def _seen(self, streams: Sequence[UUID], moment: Moment, facts: dict[int, Told]) -> Fields:
        return self._of(Chosen(self.replay.ledger, moment, streams), facts)

    def _of(self, chosen: Chosen, facts: dict[int, Told]) -> Fields:
        chosen.choose(facts.values())
        return self.look(chosen)
