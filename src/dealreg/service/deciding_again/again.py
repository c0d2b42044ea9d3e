"""One decision made again, and whether the same came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import JsonValue

from dealreg.process.deciding import decide
from dealreg.service.deciding_again.decision import Decision, NotRecorded
from dealreg.service.deciding_again.differing import Difference, of_answers, of_facts
from dealreg.service.deciding_again.past import Past
from dealreg.vocabulary.fact import Fact, Request
from dealreg.vocabulary.ids import StreamId
from dealreg.vocabulary.refused import Refused
from dealreg.vocabulary.situation import Situation, Tried


@dataclass(frozen=True, slots=True)
class Outcome:
    """What comes of a request: an answer and facts, a refusal, or (``broken``) what is no answer at all.

    ``states`` are those of the streams in which it made facts, as they then stand.
    """

    answer: dict[str, JsonValue] | None
    facts: Sequence[Fact]
    tried: Sequence[Tried]
    refused: Refused | None = None
    broken: str | None = None
    states: Mapping[StreamId, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Again:
    """A decision made again. ``differs`` is empty where the same came of it; ``unable`` says why it could not be made at all."""

    decision: Decision
    outcome: Outcome | None
    differs: tuple[Difference, ...]
    unable: str | None = None

    @property
    def equal(self) -> bool | None:
        """Whether the same came of it; ``None`` where it could not be made again."""
        return None if self.outcome is None else not self.differs


def decide_again(decision: Decision, past: Past, *, tracing: bool = False) -> Again:
    """Make a decision again on the states as they were; ``past`` stands right before its first fact.

    ``tracing`` notes every clause as it comes to be tried.
    """
    try:
        request, content = decision.request(), decision.content
    except NotRecorded as error:
        return Again(decision, None, (), str(error))
    if content is None:
        raise AssertionError("a request was built from no content")
    situation = past.situation(request.program, content.at, content.watermarks, content.candidates)
    situation.tracing = tracing
    outcome = outcome_of(request, situation)
    return Again(decision, outcome, (*_other_inputs(decision, past), *_other_outcome(decision, outcome)))


def outcome_of(request: Request, situation: Situation) -> Outcome:
    """What comes of a request in a situation in which everything is read."""
    try:
        answer = decide(request, situation)
    except Refused as refused:
        return Outcome(None, (), situation.tried, refused=refused)
    except Exception as error:  # noqa: BLE001 - whatever the core raises is told beside the decision that stands
        return Outcome(None, (), situation.tried, broken=f"{type(error).__name__}: {error}")
    return Outcome(answer, situation.facts, situation.tried, states=situation.states())


def _other_inputs(decision: Decision, past: Past) -> list[Difference]:
    """Streams that do not stand at the version that the decision says it read: then the log is not what was decided on."""
    return [
        Difference(what=f"version of {stream}", recorded=str(version), again=str(past.version(UUID(stream))))
        for stream, version in decision.meta.read.items()
        if past.version(UUID(stream)) != version
    ]


def _other_outcome(decision: Decision, outcome: Outcome) -> list[Difference]:
    if outcome.refused is not None:
        return [Difference(what="decision", recorded="decided", again=f"refused: {outcome.refused.reason}")]
    if outcome.broken is not None:
        return [Difference(what="decision", recorded="decided", again=f"broken: {outcome.broken}")]
    recorded = [Fact(fact.originator_id, fact.event, fact.meta.effective_at) for fact in decision.facts]
    answers = (fact.meta.request.answer for fact in decision.facts if fact.meta.request is not None)
    said = next((answer for answer in answers if answer is not None), None)
    return [*of_facts(recorded, outcome.facts), *of_answers(said, outcome.answer)]
