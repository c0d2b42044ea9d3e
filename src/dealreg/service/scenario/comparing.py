"""One story under several rulebooks: the same requests at the same instants, and what each program makes of them."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from dealreg.file.claim_events import ClaimEntered
from dealreg.file.events import FileEvent
from dealreg.service.ledger.recorded import Recorded
from dealreg.service.scenario.expected import ClaimIs, Expectation
from dealreg.service.scenario.filling import Malformed
from dealreg.service.scenario.form import Case, Step
from dealreg.service.scenario.running import Runner
from dealreg.service.scenario.standing import Standing
from dealreg.vocabulary.values import Key, Model

SHIPPED = ("reference", "first_approved", "graded", "project_distributor")
"""The programs that are shipped to be compared; they differ in data only."""


class Outcome(Model):
    """How a claim ends in one program: its state, the clause that decided, its last protected day, and why in words."""

    state: Key
    clause: Key | None = None
    protected_until: Key | None = None
    why: str = ""


class Asked(Model):
    """What one program answered a step: refused with its reason, or nothing where it was decided."""

    step: str
    refused: str | None


class Program(Model):
    """One program's side of the comparison: each claim by its name, and each step."""

    rulebook: Key
    outcomes: dict[Key, Outcome]
    asked: tuple[Asked, ...]


def clauses_of(rulebook: str) -> Any:
    """The clauses of a shipped rulebook by name, or of a file. Raises ``Malformed`` where there is neither."""
    path = Path(rulebook)
    shipped = files("dealreg") / "rulebooks" / f"{rulebook}.yaml"
    if not path.is_file() and not shipped.is_file():
        raise Malformed(f"{rulebook!r} is neither a file nor a shipped rulebook; shipped are: {', '.join(SHIPPED)}")
    text = path.read_text(encoding="utf-8") if path.is_file() else shipped.read_text(encoding="utf-8")
    written = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - the base loader makes text and nothing else
    return written.get("clauses", {}) if isinstance(written, dict) else {}


def compared(case: Case, world: dict[str, Any], rulebooks: Mapping[str, Any]) -> list[Program]:
    """The case's steps under each rulebook's clauses; what a step expects is left aside, as it speaks of one program."""
    return [_program(case, world, name, clauses) for name, clauses in rulebooks.items()]


def _program(case: Case, world: dict[str, Any], name: str, clauses: Any) -> Program:
    rulebook = {"clauses": _emptied(clauses)}
    steps = tuple(step.model_copy(update={"then": None}) for step in case.steps())
    laid = case.model_copy(update={"given": steps, "when": None, "together": (), "story": (), "rulebook": rulebook})
    runner = Runner(laid, world, clock=True)
    result = runner.run_leniently()
    asked = tuple(
        Asked(step=_told(played.step), refused=str(played.refused) if played.refused else None)
        for played in result.played
    )
    names, ledger = result.world.names, result.world.ledger
    claims = [fact.event for fact in ledger.facts if isinstance(fact.event, ClaimEntered)]
    outcomes = {
        f"{names.word(claim.registration)} {claim.line}": _outcome(
            result.world.standing, names.word(claim.registration), claim, ledger.facts
        )
        for claim in claims
    }
    return Program(rulebook=name, outcomes=outcomes, asked=asked)


def _emptied(value: Any) -> Any:
    """``null`` in a rulebook is ``none`` in a case."""
    if isinstance(value, Mapping):
        return {key: _emptied(one) for key, one in value.items()}
    return "none" if isinstance(value, str) and value in {"null", "~"} else value


def _told(step: Step) -> str:
    said = ", ".join(f"{key} {value}" for key, value in step.fields.items() if isinstance(value, str))
    return f"{step.at} {step.name or ''} {step.command} {said}".replace("  ", " ").strip()


def _outcome(standing: Standing, name: str, claim: ClaimEntered, facts: list[Recorded]) -> Outcome:
    asked = Expectation(subject=f"{name} {claim.line}", kind="claim", words=(name, claim.line), parts={})
    parts = standing.of(asked)
    about = [
        fact.event
        for fact in facts
        if isinstance(fact.event, FileEvent)
        and (fact.event.registration, fact.event.line) == (claim.registration, claim.line)
    ]
    why = next((str(getattr(event, "reason", "")) for event in reversed(about) if getattr(event, "reason", "")), "")
    shown = {key: parts.get(key) for key in ("clause", "protected_until") if key in ClaimIs.model_fields}
    return Outcome(state=parts.get("state", "absent"), why=why, **shown)
