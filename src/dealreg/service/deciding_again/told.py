"""A decision explained: what was asked, what was true, which clauses were tried, what was decided, and whether it comes out the same."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import JsonValue

from dealreg.conflict.events import ConflictRuled
from dealreg.service.deciding_again.again import Again, decide_again
from dealreg.service.deciding_again.decision import Decision
from dealreg.service.deciding_again.differing import Difference, told
from dealreg.service.deciding_again.order_of_clauses import ClauseTried, order_of_clauses
from dealreg.service.deciding_again.past import Past
from dealreg.service.deciding_again.was_true import was_true
from dealreg.vocabulary.fact import Event
from dealreg.vocabulary.values import Instant, Key, Model

OF_EVERY_FACT = frozenset({"customer", "registration", "line", "readers", "managers"})
"""Fields that every fact about a claim has: left out where a fact is told in a sentence."""


class Decided(Model):
    """One fact that was made: in a few words, by which clause, why, and what more it says."""

    fact: str
    effective_at: Instant
    clause: str | None
    reason: str | None
    said: dict[str, JsonValue]


class DecisionTold(Model):
    """A decision in the words of a channel manager, made again. ``equal`` is null where it cannot be made again; ``unable`` says why.

    ``departed`` says who left the rulebook's proposal and why, where somebody did. ``build`` is the program that decided.
    """

    decision: Key
    asked: str | None
    asked_by: str
    asked_at: Instant
    reason: str | None
    true: tuple[str, ...]
    tried: tuple[ClauseTried, ...]
    decided: tuple[Decided, ...]
    rulebook_version: str | None
    departed: tuple[str, ...]
    equal: bool | None
    differs: tuple[Difference, ...]
    unable: str | None
    build: Key


def decision_told(decision: Decision, past: Past, sentences: dict[str, str]) -> DecisionTold:
    """Explain a decision and make it again; ``past`` stands right before it, ``sentences`` say what each clause says."""
    again = decide_again(decision, past, tracing=True)
    meta, content = decision.meta, decision.content
    at = content.at if content is not None else meta.effective_at
    versions = (getattr(fact.event, "rulebook_version", None) for fact in decision.facts)
    return DecisionTold(
        decision=decision.id,
        asked=words_of(content.command, content.body) if content is not None else None,
        asked_by=_who(decision),
        asked_at=at,
        reason=meta.reason,
        true=was_true(decision, past, at),
        tried=_tried(again, sentences),
        decided=tuple(_decided(decision)),
        rulebook_version=next((version for version in versions if version is not None), None),
        departed=tuple(_departed(decision, past)),
        equal=again.equal,
        differs=again.differs,
        unable=again.unable,
        build=meta.build,
    )


def words_of(command: str, body: Mapping[str, JsonValue]) -> str:
    """A command in words: ``file registration: filed by bauer, lines pumps in DE``."""
    name = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in command).strip()
    said = ", ".join(
        f"{field.replace('_', ' ')} {_plain(value)}" for field, value in body.items() if not _sealed(value)
    )
    return f"{name}: {said}" if said else name


def _plain(value: JsonValue) -> str:
    if isinstance(value, dict):
        if value.keys() == {"amount", "currency"}:
            return f"{value['amount']} {value['currency']}"
        return (
            "("
            + ", ".join(f"{name.replace('_', ' ')} {_plain(one)}" for name, one in value.items() if not _sealed(one))
            + ")"
        )
    return ", ".join(_plain(one) for one in value) if isinstance(value, list) else str(value)


def _sealed(value: JsonValue) -> bool:
    """A personal value stands outside the ledger; its ref and digest tell nobody anything."""
    return isinstance(value, dict) and value.keys() == {"ref", "digest"}


def _who(decision: Decision) -> str:
    actor, behalf = decision.meta.actor, decision.meta.on_behalf_of
    place = actor.partner or actor.region
    of = f" of {place}" if place else ""
    return f"{actor.role.value.replace('_', ' ')} {actor.subject}{of}{f', for {behalf}' if behalf else ''}"


def _tried(again: Again, sentences: dict[str, str]) -> tuple[ClauseTried, ...]:
    if again.outcome is None:
        return ()
    return tuple(order_of_clauses(again.outcome.tried, again.outcome.facts, sentences))


def _decided(decision: Decision) -> Iterator[Decided]:
    for fact in decision.facts:
        said = fact.event.model_dump(mode="json", exclude=set(OF_EVERY_FACT) | {"clause", "reason"})
        yield Decided(
            fact=told(fact.event),
            effective_at=fact.meta.effective_at,
            clause=getattr(fact.event, "clause", None),
            reason=getattr(fact.event, "reason", None),
            said={name: value for name, value in said.items() if value not in (None, [], {}, "")},
        )


def _departed(decision: Decision, past: Past) -> Iterator[str]:
    for event in _events(decision):
        if isinstance(event, ConflictRuled) and event.departs:
            from_what = _proposed(event, past)
            yield f"{event.ruled_by} departed from the proposal{from_what} and ruled {event.ruling}: {event.reason}"


def _proposed(event: ConflictRuled, past: Past) -> str:
    held: Any = past.held.get(event.conflict)  # type: ignore[call-overload]  # a conflict's id is its stream
    proposal = held.state.proposal if held is not None else None
    return f" {proposal.ruling} ({proposal.clause})" if proposal is not None else ""


def _events(decision: Decision) -> Iterable[Event]:
    return (fact.event for fact in decision.facts)
