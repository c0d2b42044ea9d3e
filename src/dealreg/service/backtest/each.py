"""``--each``: every decision on what it really read, only the rulebook replaced (architecture D6)."""

from dataclasses import dataclass, field
from datetime import datetime

from dealreg.engagement.rulebook import RulebookDocument
from dealreg.rulebook.commands import PublishRulebook
from dealreg.rulebook.state import RULEBOOK
from dealreg.service.backtest.candidate import everywhere
from dealreg.service.backtest.comparing import Where, changes_between, refusal
from dealreg.service.backtest.part import Part
from dealreg.service.backtest.said import Known, said_by
from dealreg.service.deciding_again.again import Outcome, outcome_of
from dealreg.service.deciding_again.decision import Decision, NotRecorded
from dealreg.service.deciding_again.past import Past
from dealreg.service.ledger.recorded import Recorded
from dealreg.vocabulary.fact import Content, Fact, Held, Request
from dealreg.vocabulary.ids import rulebook_stream


@dataclass(slots=True)
class Each:
    """Decisions made again one by one; ``past`` holds what was recorded, the candidate in the place of the rulebook."""

    program: str
    candidate: RulebookDocument
    begins: datetime | None = None
    ends: datetime | None = None
    part: Part = field(default_factory=Part)
    _past: Past = field(default_factory=Past)
    _known: Known = field(default_factory=Known)
    _rulebook: Past = field(default_factory=Past)

    def pass_by(self, fact: Recorded) -> None:
        """A fact that is not to be decided again here."""
        self._known.learn(fact.event)
        self._fold((fact,))

    def take(self, decision: Decision) -> None:
        """Make one decision again and note what differs, then go past it."""
        same = self._look(decision)
        for fact in decision.facts:
            self._known.learn(fact.event)
        if same is None:
            self._fold(decision.facts)
        else:
            self._past.adopt(decision.facts, same.states)

    def finish(self, _last: datetime | None) -> Part:
        """What came of it; nothing is left to do at the log's last instant."""
        return self.part

    def _fold(self, facts: tuple[Recorded, ...]) -> None:
        self._past.fold(facts)
        stream = rulebook_stream(self.program)
        published = [fact for fact in facts if fact.originator_id == stream]
        if published:
            self._rulebook.fold(published)
            self._put(everywhere(self._rulebook.state(RULEBOOK, stream), self.candidate))

    def _put(self, rulebook: object) -> None:
        stream = rulebook_stream(self.program)
        self._past.held[stream] = Held(self._rulebook.version(stream), rulebook, {})

    def _look(self, decision: Decision) -> Outcome | None:
        """Make it again and tell what differs; what came of it, where that is to the letter what was recorded."""
        counts = self.part.counts
        counts["decisions"] += 1
        content = decision.content
        if content is None:
            counts["not_recorded"] += 1
            return None
        if content.command == PublishRulebook.__name__ or not within(content.at, self.begins, self.ends):
            return None
        try:
            request = decision.request()
        except NotRecorded as error:
            self.part.broke(decision.id, str(error))
            return None
        counts["made_again"] += 1
        now = self._outcome(request, content)
        recorded = [Fact(one.originator_id, one.event, one.meta.effective_at) for one in decision.facts]
        if now.refused is None and now.broken is None and list(now.facts) == recorded:
            counts["as_recorded"] += 1
            return now
        self._compare(decision, request, content, recorded, now)
        return None

    def _outcome(self, request: Request, content: Content) -> Outcome:
        return outcome_of(
            request, self._past.situation(request.program, content.at, content.watermarks, content.candidates)
        )

    def _compare(
        self, decision: Decision, request: Request, content: Content, recorded: list[Fact], now: Outcome
    ) -> None:
        """What differs, and whether it is the candidate that makes it differ."""
        if now.broken is not None:
            self.part.broke(decision.id, now.broken)
            return
        before = self._under_the_recorded(request, content)
        if before.refused is None and before.broken is None and list(before.facts) != recorded:
            # This build decides otherwise by itself: only what the candidate changes on top of that is its doing.
            recorded = list(before.facts)
            self.part.counts["by_build"] += now.refused is None and list(now.facts) == recorded
        if now.refused is not None or list(now.facts) != recorded:
            self._tell(decision, content, recorded, now)

    def _under_the_recorded(self, request: Request, content: Content) -> Outcome:
        """What this build makes of it under the rulebook as it was."""
        stream = rulebook_stream(self.program)
        self._put(self._rulebook.state(RULEBOOK, stream))
        before = self._outcome(request, content)
        self._put(everywhere(self._rulebook.state(RULEBOOK, stream), self.candidate))
        return before

    def _tell(self, decision: Decision, content: Content, recorded: list[Fact], now: Outcome) -> None:
        where = Where(decision.id, content.command)
        before = said_by(recorded, self._known)
        if now.refused is not None:
            named = getattr(decision.request().command, "registration", None)
            refused = now.refused
            change = refusal(content.at, refused.clause, refused.reason, named, self._known, where)
            self.part.changes.append(change)
            self.part.counts["differing"] += 1
            return
        found = list(changes_between(before, said_by(now.facts, self._known), self._known, where))
        self.part.changes.extend(found)
        self.part.counts["differing" if found else "other_words"] += 1


def within(at: datetime, begins: datetime | None, ends: datetime | None) -> bool:
    """Whether an instant lies in a period, half-open; an end that is missing is open."""
    return (begins is None or at >= begins) and (ends is None or at < ends)
