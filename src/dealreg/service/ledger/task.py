"""A request on its way through a sitting, and what was made of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from pydantic import BaseModel, JsonValue

from dealreg.service.ledger.cache import AnyHeld, remember
from dealreg.service.ledger.recorded import Recorded
from dealreg.vocabulary.fact import Asked, Content, Held, Meta, Request
from dealreg.vocabulary.ids import StreamId
from dealreg.vocabulary.refused import Refused
from dealreg.vocabulary.situation import Situation
from dealreg.vocabulary.values import Sealed


@dataclass(slots=True)
class Task:
    """A request, where its answer is remembered, and every stream it has asked for so far with its aggregate's name."""

    number: int
    request: Request
    home: StreamId
    digest: str
    wanted: dict[StreamId, str]


@dataclass(frozen=True, slots=True)
class Made:
    """What a sitting made of a request: an answer with facts, a refusal, or an exception.

    ``read`` is what that rests on, ``after`` the streams that its facts change as they then stand.
    """

    read: Mapping[StreamId, int]
    answer: dict[str, JsonValue] | None = None
    facts: Sequence[Recorded] = ()
    after: Mapping[StreamId, AnyHeld] | None = None
    refused: Refused | None = None
    broken: Exception | None = None


def digest_of(request: Request) -> str:
    """SHA-256 of what is asked, in canonical JSON: a repeat has the same, whoever carries it.

    Of a sealed value only that it is there: ref and salt are drawn anew each time a door seals it.
    """
    command: BaseModel = request.command
    asks = _without_seals(command.model_dump(mode="json"))
    asked = {"program": request.program, "command": type(command).__name__, "asks": asks}
    return sha256(json.dumps(asked, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def _without_seals(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return (
            "sealed" if value.keys() == Sealed.model_fields.keys() else {k: _without_seals(v) for k, v in value.items()}
        )
    return [_without_seals(item) for item in value] if isinstance(value, list) else value


def content_of(request: Request, situation: Situation) -> Content:
    """What was asked and passed in, so that it can be decided again (architecture D5, D6)."""
    command: BaseModel = request.command
    return Content(
        command=type(command).__name__,
        body=command.model_dump(mode="json", exclude_defaults=True),
        at=situation.began_at,
        source_at=request.source_at,
        watermarks=situation.watermarks.seen,
        candidates=situation.candidates.seen,
    )


def sealed(
    task: Task, situation: Situation, read: Mapping[StreamId, int], answer: dict[str, JsonValue], build: str
) -> list[Recorded]:
    """The facts of a decision with all that is recorded about it; the last one in the home stream carries the answer.

    It also carries the content; where the home stream got no fact the last of all does: a decision's command is recorded once.
    Raises ``ValidationError`` when the answer is not JSON.
    """
    request = task.request
    asked = Asked(caller=request.actor.caller, id=request.id, digest=task.digest, answer=answer)
    if not situation.facts:
        return []
    meta = Meta(
        program=request.program,
        actor=request.actor,
        on_behalf_of=request.on_behalf_of,
        reason=request.reason,
        request=asked.model_copy(update={"answer": None}),
        cause=request.cause,
        source=request.source,
        effective_at=situation.at,
        read={str(stream): version for stream, version in read.items()},
        build=build,
    )
    answers = max((n for n, fact in enumerate(situation.facts) if fact.stream == task.home), default=-1)
    carries = answers if answers >= 0 else len(situation.facts) - 1
    given = {"content": content_of(request, situation), "answer": answer if answers >= 0 else None}
    asked = asked.model_copy(update=given)
    metas: dict[tuple[datetime, bool], Meta] = {}  # Most facts of a decision share theirs.
    made: dict[StreamId, int] = {}
    facts = []
    for number, fact in enumerate(situation.facts):
        made[fact.stream] = made.get(fact.stream, 0) + 1
        effective_at, is_answer = fact.effective_at.astimezone(UTC), number == carries
        if (effective_at, is_answer) not in metas:
            update: dict[str, Any] = {"effective_at": effective_at} | ({"request": asked} if is_answer else {})
            metas[effective_at, is_answer] = meta.model_copy(update=update)
        version = read[fact.stream] + made[fact.stream]
        facts.append(Recorded(fact.stream, version, metas[effective_at, is_answer], fact.event))
    return facts


def left_by(
    now: Mapping[StreamId, AnyHeld], situation: Situation, facts: Sequence[Recorded]
) -> dict[StreamId, AnyHeld]:
    """The streams that a decision changed, as they stand after it."""
    after: dict[StreamId, AnyHeld] = {}
    for stream, state in situation.states().items():
        answered = dict(now[stream].answered)
        for fact in facts:
            if fact.originator_id == stream:
                remember(answered, fact)
        after[stream] = Held(situation.version(stream), state, answered)
    return after
