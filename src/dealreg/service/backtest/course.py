"""``--course``: the new outcomes stand, and all that follows is decided again in a world of its own (architecture D6).

Partners, the rulebook and who is which end customer are what was recorded: no clause changes them. What people decided is asked again
where its case still exists. Where a file takes another way than it took, the clock visits it when something falls due there.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from dealreg.engagement.rulebook import RulebookDocument
from dealreg.rulebook.state import RULEBOOK
from dealreg.service.backtest.candidate import everywhere, since
from dealreg.service.backtest.cases import Cases, renamed
from dealreg.service.backtest.comparing import Where, changes_between
from dealreg.service.backtest.each import within
from dealreg.service.backtest.part import Part
from dealreg.service.backtest.report import Unkept
from dealreg.service.backtest.said import Known, Outcomes, said_by
from dealreg.service.backtest.visiting import Visiting
from dealreg.service.deciding_again.again import Outcome, outcome_of
from dealreg.service.deciding_again.decision import Decision, NotRecorded, command_of
from dealreg.service.deciding_again.past import Past
from dealreg.service.ledger.recorded import Recorded
from dealreg.vocabulary.fact import Content, Fact, Held, Role
from dealreg.vocabulary.ids import StreamId, rulebook_stream

SHARED: Final = frozenset({"partner", "rulebook", "customer", "identifier", "name_key"})
"""Kinds of streams that are in the other course what they were."""

GIVEN: Final = frozenset({"partner", "rulebook"})
"""A decision that made facts of these alone is not asked again: no clause has a part in it."""

BY_THEMSELVES: Final = frozenset({Role.CRM, Role.CLOCK})
"""Whose requests are no decisions of people."""


NOTHING: Final = Outcome(None, (), ())
"""What comes of what cannot be asked."""


@dataclass(slots=True)
class Course:
    """Two worlds side by side: ``_past`` as recorded, ``_other`` as it would have become."""

    program: str
    candidate: RulebookDocument
    begins: datetime | None = None
    ends: datetime | None = None
    part: Part = field(default_factory=Part)
    _past: Past = field(default_factory=Past)
    _other: Past = field(default_factory=Past)
    _known: Known = field(default_factory=Known)
    _cases: Cases = field(default_factory=Cases)
    _other_cases: Cases = field(default_factory=Cases)
    _recorded: Outcomes = field(default_factory=dict)
    _outcomes: Outcomes = field(default_factory=dict)
    _visiting: Visiting = field(default_factory=Visiting)
    _parted: set[StreamId] = field(default_factory=set)

    def pass_by(self, fact: Recorded) -> None:
        """A fact that is not to be decided again here: it stands in both worlds."""
        self._visit(fact.meta.effective_at)
        self._known.learn(fact.event)
        self._stands((fact,))

    def take(self, decision: Decision) -> None:
        """Ask for one decision in the other world, and go past it in both."""
        content = decision.content
        self.part.counts["decisions"] += 1
        if content is None:
            self.part.counts["not_recorded"] += 1
        else:
            self._visit(content.at)
        if content is None or not self._again(decision, content):
            self._stands(decision.facts)
            return
        outcome = self._asked(decision, content)
        recorded = [Fact(one.originator_id, one.event, one.meta.effective_at) for one in decision.facts]
        self._goes_on(decision, recorded, outcome, content.at)

    def finish(self, last: datetime | None) -> Part:
        """Let what is due by the log's last instant take place, and compare where everything has come to."""
        end = min((at for at in (last, self.ends) if at is not None), default=None)
        if end is not None:
            self._visit(end)
            self._visiting.everything(end)
            self._visit(end)
        found = changes_between(self._recorded, self._outcomes, self._known, Where())
        self.part.changes.extend(found)
        return self.part

    def _again(self, decision: Decision, content: Content) -> bool:
        given = all(fact.event.AGGREGATE in GIVEN for fact in decision.facts)
        return not given and within(content.at, self.begins, self.ends)

    def _stands(self, facts: tuple[Recorded, ...], known: Outcome | None = None) -> None:
        """What was recorded, in both worlds; ``known`` is what came of it when it was decided again to the letter."""
        if known is None:
            self._past.fold(facts)
        else:
            self._past.adopt(facts, known.states)
        plain = [Fact(one.originator_id, one.event, one.meta.effective_at) for one in facts]
        said_by(plain, self._known, self._recorded)
        said_by(plain, self._known, self._outcomes)
        for fact in facts:
            self._cases.learn(fact.event)
            self._other_cases.learn(fact.event)
            self._share(fact.originator_id) if fact.originator_id not in self._parted else self._other.fold((fact,))
        stream = rulebook_stream(self.program)
        if any(fact.originator_id == stream for fact in facts):
            self._publish(stream)

    def _publish(self, stream: StreamId) -> None:
        recorded = self._past.state(RULEBOOK, stream)
        now = (
            everywhere(recorded, self.candidate)
            if self.begins is None
            else since(recorded, self.candidate, self.begins)
        )
        self._other.held[stream] = Held(self._past.version(stream), now, {})

    def _share(self, stream: StreamId) -> None:
        """While a stream went the same way, one state serves both worlds."""
        if stream in self._past.held:
            self._other.held[stream] = self._past.held[stream]

    def _asked(self, decision: Decision, content: Content) -> Outcome:
        """What comes of the same asking in the other world; nothing where its case does not exist there."""
        self.part.counts["made_again"] += 1
        body, exists = renamed(content.body, self._cases, self._other_cases)
        if not exists:
            self._unkept(decision, content, "no such case in this course")
            return NOTHING
        try:
            request = decision.request()
            if body != content.body:
                command = command_of(content.model_copy(update={"body": body}))
                request = request.model_copy(update={"command": command})
        except NotRecorded as error:
            self.part.broke(decision.id, str(error))
            return NOTHING
        outcome = outcome_of(
            request, self._other.situation(self.program, content.at, content.watermarks, content.candidates)
        )
        self._visiting.watermarks.update(content.watermarks)
        if outcome.broken is not None:
            self.part.broke(decision.id, outcome.broken)
        elif outcome.refused is not None:
            self._unkept(decision, content, outcome.refused.reason)
        elif request.actor.role not in BY_THEMSELVES:
            self.part.counts["kept"] += 1
        return outcome

    def _unkept(self, decision: Decision, content: Content, why: str) -> None:
        self.part.counts["unkept"] += 1
        by = decision.meta.actor.role.value
        self.part.unkept.append(Unkept(at=content.at, decision=decision.id, command=content.command, by=by, why=why))

    def _goes_on(self, decision: Decision, recorded: list[Fact], outcome: Outcome, at: datetime) -> None:
        """Both worlds go past the decision; a stream that got other facts than were recorded parts from then on."""
        facts = list(outcome.facts)
        if facts == recorded and self._parted.isdisjoint(fact.stream for fact in recorded):
            self.part.counts["as_recorded"] += 1
            self._stands(decision.facts, outcome)
            return
        self.part.counts["differing" if facts != recorded else "as_recorded"] += 1
        before, now = _by_stream(recorded), _by_stream(facts)
        self._past.fold(decision.facts)
        for fact in decision.facts:
            self._cases.learn(fact.event)
        said_by(recorded, self._known, self._recorded)
        for stream in {**before, **now}:
            kind = (before.get(stream) or now[stream])[0].event.AGGREGATE
            if kind in SHARED or (stream not in self._parted and before.get(stream) == now.get(stream)):
                self._share(stream)
            else:
                self._parted.add(stream)
                for one in now.get(stream, []):
                    self._other.go_on(one)
        self._told_otherwise(facts, at)

    def _told_otherwise(self, facts: list[Fact], at: datetime) -> None:
        said_by(facts, self._known, self._outcomes)
        for fact in facts:
            self._other_cases.learn(fact.event)
        self._visiting.plan(self._other, self.program, facts, at)

    def _visit(self, at: datetime) -> None:
        """What fell due in the other world alone since the last decision."""
        while (visit := self._visiting.next(at)) is not None:
            instant, request = visit
            situation = self._other.situation(self.program, instant, self._visiting.watermarks)
            outcome = outcome_of(request, situation)
            self.part.counts["visits"] += 1
            if outcome.broken is not None:
                self.part.broke(request.id, outcome.broken)
            for fact in outcome.facts:
                if fact.event.AGGREGATE not in SHARED:
                    self._parted.add(fact.stream)
                    self._other.go_on(fact)
            self._told_otherwise(list(outcome.facts), instant)


def _by_stream(facts: list[Fact]) -> dict[StreamId, list[Fact]]:
    found: dict[StreamId, list[Fact]] = {}
    for fact in facts:
        found.setdefault(fact.stream, []).append(fact)
    return found
