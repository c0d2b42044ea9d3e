"""Everything that happened to a thing, fact by fact, to those who may read it: who, when, from when on, why, from which message."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from pydantic import JsonValue

from dealreg.service.explaining import facts_of
from dealreg.service.insight import WHOLE_PROGRAM, Insight
from dealreg.service.past.moment import Moment, When
from dealreg.service.past.subject import Kind, Subject, streams
from dealreg.service.past.walking import told as told_of
from dealreg.service.replay import Replay, Told
from dealreg.service.telling import FileTold
from dealreg.service.tokens import Claims
from dealreg.vocabulary.fact import Event, Source
from dealreg.vocabulary.ids import file_stream
from dealreg.vocabulary.values import Instant, Key, Model, Text, Whole


class FactTold(Model):
    """A fact as it was recorded. ``source`` is the message that brought it, ``cause`` the fact that a policy answered to with it."""

    position: Whole
    stream: UUID
    version: Whole
    event: Key
    registration: UUID | None
    line: Key | None
    recorded_at: Instant
    effective_at: Instant
    actor_role: Key
    actor_subject: Key
    actor_partner: Key | None
    on_behalf_of: Key | None
    request: Key | None
    clause: Key | None
    reason: Text | None
    source: Source | None
    cause: Key | None
    build: Key
    data: dict[str, JsonValue]


def history(replay: Replay, claims: Claims, subject: Subject, when: When) -> tuple[FactTold, ...]:
    """Every fact up to a moment, in the order recorded; of a customer a manager reads those of its region's registrations.

    Raises ``Unknown`` for what is not there or not for this caller, ``NotAllowed`` and ``Unavailable``.
    """
    insight = Insight(replay, claims)
    moment = insight.moment(when)
    seen = told_of(insight, subject, when)
    found = _facts(replay, claims, subject, moment)
    if claims.role in WHOLE_PROGRAM:
        return tuple(fact_told(told) for told in found)
    if isinstance(seen, FileTold):
        own = {claim.registration for claim in seen.claims}
        return tuple(fact_told(told) for told in found if getattr(told.recorded.event, "registration", None) in own)
    return tuple(fact_told(told) for told in found if told.recorded.originator_id == subject.id)


def fact_told(told: Told) -> FactTold:
    """A fact with all that is recorded about it."""
    recorded, meta = told.recorded, told.recorded.meta
    data: dict[str, Any] = recorded.event.model_dump(mode="json")
    return FactTold(
        position=told.position,
        stream=recorded.originator_id,
        version=recorded.originator_version,
        event=recorded.event.NAME.rpartition(".v")[0],
        registration=data.get("registration") if isinstance(data.get("registration"), str) else None,
        line=data.get("line"),
        recorded_at=told.recorded_at,
        effective_at=meta.effective_at,
        actor_role=meta.actor.role,
        actor_subject=meta.actor.subject,
        actor_partner=meta.actor.partner,
        on_behalf_of=meta.on_behalf_of,
        request=meta.request.id if meta.request is not None else None,
        clause=data.get("clause"),
        reason=meta.reason or data.get("reason") or None,
        source=meta.source,
        cause=meta.cause,
        build=meta.build,
        data=data,
    )


def _facts(replay: Replay, claims: Claims, subject: Subject, moment: Moment) -> Iterator[Told]:
    """The facts of its streams that are about it; of an override also what it did in the file of the customer that it names."""
    if subject.kind is Kind.REGISTRATION:
        then = replay.registration(claims.program, subject.id, moment)
        return iter(facts_of(replay, claims.program, then, moment)[1])
    found = list(replay.facts(streams(replay, claims.program, subject), moment))
    if subject.kind is Kind.OVERRIDE:
        customers = {getattr(told.recorded.event, "customer", None) for told in found} - {None}
        for customer in customers:
            acted = replay.facts(_files(replay, claims.program, customer, moment), moment)
            found += [told for told in acted if _names(told.recorded.event, subject.id)]
    return (told for told in sorted(found, key=lambda told: told.position) if _own(told, claims, subject))


def _files(replay: Replay, program: str, customer: Any, moment: Moment) -> list[UUID]:
    return [file_stream(program, customer), *replay.files(program, customer, moment)[1:]]


def _names(event: Event, override: UUID) -> bool:
    return getattr(event, "override", None) == override


def _own(told: Told, claims: Claims, subject: Subject) -> bool:
    """Another program's facts stand in none of its streams but a customer's, whose identity is one for all programs."""
    return told.recorded.meta.program == claims.program or (
        subject.kind is Kind.CUSTOMER and told.recorded.originator_id == subject.id
    )
