"""What differs between two pasts, and when a thing was first known: each with the facts that did it."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field, JsonValue

from dealreg.service.insight import Insight
from dealreg.service.past.flattening import Fields, matches
from dealreg.service.past.moment import Moment, When
from dealreg.service.past.subject import Kind, Subject, streams
from dealreg.service.past.walking import Step, Walk
from dealreg.service.replay import Replay, Told
from dealreg.service.telling import AsOf, as_of
from dealreg.service.tokens import Claims
from dealreg.vocabulary.fact import PARTNER_ROLES, event_id
from dealreg.vocabulary.refused import Unknown
from dealreg.vocabulary.values import Instant, Key, Model, Text, Whole


class Because(Model):
    """A fact: its id, when it was recorded, from when it counts, who brought it about, under which clause and why."""

    fact: Key
    event: Key
    recorded_at: Instant
    effective_at: Instant
    actor_role: Key
    actor: Key
    clause: Key | None
    reason: Text | None
    source: str | None = Field(
        description="The message that brought it: stream and number in the broker, SHA-256 of its bytes."
    )
    position: Whole


class Changed(Model):
    """A field that differs; a field that is not there is null. ``because`` names every fact between that changed it, the last one last.

    None of them: it was said before, to count from an instant between. To a partner they are not named.
    """

    field: str
    before: JsonValue
    after: JsonValue
    because: tuple[Because, ...]


class Diff(Model):
    """Two pasts of one thing, field by field."""

    kind: Kind
    id: Key
    before: AsOf
    after: AsOf
    changes: tuple[Changed, ...]


class Spell(Model):
    """For how long it was known so: from the fact that made it known to the one after which it was not; null: it is known so now."""

    field: str
    value: JsonValue
    known_from: Because
    known_to: Because | None


class FirstKnown(Model):
    """When a field was first known to have a value, and every time since."""

    kind: Kind
    id: Key
    asked: str
    value: str | None
    first: Spell | None
    spells: tuple[Spell, ...]


class Past:
    """Comparisons by one caller."""

    def __init__(self, replay: Replay, claims: Claims) -> None:
        """``claims`` say who asks: nobody reads here what he may not read otherwise."""
        self._replay, self._claims = replay, claims

    def diff(self, subject: Subject, before: When, after: When) -> Diff:
        """Field by field. Raises ``Unknown`` where it is at neither for this caller, ``Refused`` and ``Unavailable``."""
        walk, insight = Walk(self._replay, self._claims, subject), Insight(self._replay, self._claims)
        start, end = insight.moment(before), insight.moment(after)
        steps = list(walk.steps(streams(self._replay, self._claims.program, subject), start, end))
        first, last = steps[0].before, steps[-1].after
        if not first and not last:
            raise Unknown(f"there is no such {subject.kind} at either of the two; check its id and the instants")
        changed = sorted(path for path in {**first, **last} if first.get(path) != last.get(path))
        return Diff(
            kind=subject.kind,
            id=subject.identity,
            before=as_of(start),
            after=as_of(end),
            changes=tuple(
                Changed(
                    field=path, before=first.get(path), after=last.get(path), because=tuple(self._because(path, steps))
                )
                for path in changed
            ),
        )

    def first_known(self, subject: Subject, field: str, value: str | None) -> FirstKnown:
        """Since when it is, or was, known: the spells of a field's value in the order in which they became known.

        ``field`` is a path or its end, ``value`` as it is shown; without one any value counts. Raises ``Unknown`` where the thing or the
        field never was, ``NotAllowed`` for partners, and ``Unavailable``.
        """
        Insight(self._replay, self._claims).require_insider()
        walk = Walk(self._replay, self._claims, subject)
        everywhere = streams(self._replay, self._claims.program, subject)
        now = self._replay.moment(When())
        steps = list(walk.steps(everywhere, Moment(0, None, final=True), now))
        known = {path for step in steps for path in step.after}
        if not known:
            raise Unknown(f"there is no such {subject.kind}; check its id")
        if not (paths := sorted(path for path in known if matches(path, field))):
            raise Unknown(f"it never had a field {field!r}; it had {', '.join(sorted(known))}")
        spells = sorted(
            (spell for path in paths for spell in _spells(path, value, steps)),
            key=lambda spell: (spell.known_from.position, spell.field),
        )
        return FirstKnown(
            kind=subject.kind,
            id=subject.identity,
            asked=field,
            value=value,
            first=spells[0] if spells else None,
            spells=tuple(spells),
        )

    def _because(self, path: str, steps: list[Step]) -> Iterator[Because]:
        if self._claims.role in PARTNER_ROLES:
            return
        for step in steps:
            if step.fact is not None and step.before.get(path) != step.after.get(path):
                yield because(step.fact)


def because(told: Told) -> Because:
    """A fact as the cause of something."""
    recorded, meta = told.recorded, told.recorded.meta
    said: Mapping[str, Any] = recorded.event.model_dump(mode="json", include={"clause", "reason"})
    source = meta.source
    return Because(
        fact=event_id(recorded.originator_id, recorded.originator_version),
        event=recorded.event.NAME,
        recorded_at=told.recorded_at,
        effective_at=meta.effective_at,
        actor_role=meta.actor.role,
        actor=meta.actor.subject,
        clause=said.get("clause"),
        reason=meta.reason or said.get("reason") or None,
        source=f"{source.stream}:{source.sequence} sha256:{source.digest}" if source is not None else None,
        position=told.position,
    )


def _spells(path: str, value: str | None, steps: list[Step]) -> Iterator[Spell]:
    since: Told | None = None
    held: JsonValue = None
    for step in steps:
        if step.fact is None:
            continue
        now = _said(path, step.after, value)
        if since is not None and now != held:
            yield Spell(field=path, value=held, known_from=because(since), known_to=because(step.fact))
            since = None
        if since is None and now is not None:
            since, held = step.fact, now
    if since is not None:
        yield Spell(field=path, value=held, known_from=because(since), known_to=None)


def _said(path: str, fields: Fields, value: str | None) -> JsonValue:
    """The value where it is the one that is asked for; ``None`` else."""
    found = fields.get(path)
    if found is None or value is None:
        return found
    return found if _word(found) == value.strip().casefold() else None


def _word(value: JsonValue) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value).strip().casefold()
