"""Explanations in sentences: a registration's way, and single decisions in the words of a channel manager."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import typer

if TYPE_CHECKING:
    from dealreg.service.composition import House
    from dealreg.service.deciding_again.told import Decided, DecisionTold
    from dealreg.service.explaining import Explanation, Step
    from dealreg.service.tokens import Claims


def rows_of_a_partner(at: "House", who: "Claims", registration: UUID, *, as_json: bool) -> None:
    """How each leg of a partner's registration came to its state: rows of its own read model, and what the clauses named say."""
    from dealreg.cli.asking import show, show_rows
    from dealreg.service.explaining import wording
    from dealreg.service.questions import DEALS, Questions
    from dealreg.service.replay import no_registration

    asked = Questions(at.reading, who)
    changes = list(asked.ask(DEALS[who.role], "history", registration=registration).rows)
    if not changes:
        raise no_registration()
    clauses = wording([row.get("clause") for row in changes])
    if as_json:
        show({"registration": registration, "changes": changes, "clauses": clauses}, as_json=True)
        return
    show_rows(changes, ["at", "line", "tier", "partner", "state", "clause"], as_json=False)
    for clause, says in clauses.items():
        typer.echo(f"{clause}: {says}")


def registration_in_prose(told: "Explanation", *, steps: bool) -> None:
    """A registration: what was asked and what was true; ``steps``: and every fact about it."""
    typer.echo(
        f"Registration {told.registration}, filed by {told.asked.get('filed_by')} at {told.asked.get('submitted_at')}."
    )
    if told.true:
        _true(told.true)
    for step in told.steps if steps else ():
        on = f" on {step.line}" if step.line else ""
        typer.echo(f"\n{step.recorded_at:%Y-%m-%d %H:%M:%S} {step.event.replace('_', ' ')}{on}")
        for sentence in _sentences(step):
            typer.echo(f"    {sentence}")


def decisions_in_prose(decisions: "Sequence[DecisionTold]") -> None:
    """Each decision: asked, true, tried, decided, departed from, and whether it comes out the same."""
    for one in decisions:
        typer.echo(f"\n{one.asked_at:%Y-%m-%d %H:%M:%S} {one.asked or 'a command that was not recorded'}")
        typer.echo(f"    asked by {one.asked_by}{f', because {one.reason}' if one.reason else ''}   ({one.decision})")
        for sentence in _paragraphs(one):
            typer.echo(f"    {sentence}")


def _paragraphs(one: "DecisionTold") -> Iterator[str]:
    yield from (f"it was true that {sentence}" for sentence in one.true)
    for tried in one.tried:
        on = f" on {tried.line}" if tried.line else ""
        yield f"tried {tried.clause}{on}: {tried.outcome}{f'. {tried.says}' if tried.outcome == 'answered' and tried.says else ''}"
    yield from (f"so {_decided(fact)}" for fact in one.decided)
    if one.rulebook_version:
        yield f"under rulebook {one.rulebook_version}"
    yield from one.departed
    yield _equal(one)
    yield from (f"    {other.what}: recorded {other.recorded}, now {other.again}" for other in one.differs)


def _equal(one: "DecisionTold") -> str:
    if one.equal is None:
        return f"equal: unknown; {one.unable}"
    return f"made again: equal: {str(one.equal).lower()} (decided by {one.build})"


def _decided(fact: "Decided") -> str:
    by = f" by {fact.clause}" if fact.clause else ""
    why = f", because {fact.reason}" if fact.reason else ""
    ends = "".join(_leg(leg) for leg in fact.said.get("legs") or [] if isinstance(leg, dict))  # type: ignore[union-attr]  # legs are a list wherever a fact has them
    return f"{fact.fact}{by}{why}{ends}, as of {fact.effective_at:%Y-%m-%d %H:%M}"


def _leg(leg: dict[str, Any]) -> str:
    return f"; {leg['tier']} {leg['partner']}{' protected to ' + str(leg['window_to']) if leg.get('window_to') else ''}"


def _true(true: dict[str, Any]) -> None:
    typer.echo(
        f"Complete at {true['completed_at']}, judged by rulebook {true['rulebook_version']}; priority time {true['priority_at']}."
    )
    for leg in true["checked"]:
        typer.echo(
            f"    {leg['tier']} {leg['partner']}: {leg['program_tier']} {leg['track']}, standing {leg['standing']}"
        )


def _sentences(step: "Step") -> list[str]:
    said = []
    if step.clause:
        said.append(f"{step.clause}: {step.says or ''}".rstrip(": "))
    if step.reason:
        said.append(f"because {step.reason}")
    if step.rulebook_version:
        said.append(f"by rulebook {step.rulebook_version}")
    said.append(f"asked by {step.role} {step.subject}{f', request {step.request}' if step.request else ''}")
    if step.read:
        said.append("having read " + ", ".join(f"{read.stream} at {read.version}" for read in step.read))
    return said
