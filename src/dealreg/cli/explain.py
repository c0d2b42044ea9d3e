"""`dealreg explain`, `history` and `as-of`: why something stands where it stands, what happened to it, and how it was."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from dealreg.cli.asking import As, JsonFlag, Program, claims, house, show, show_rows

if TYPE_CHECKING:
    from pydantic import BaseModel

    from dealreg.service.explaining import Explanation, Step
    from dealreg.service.insight import Insight

Registration = Annotated[UUID, typer.Argument(metavar="REGISTRATION")]
When = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        formats=[
            "%Y-%m-%dT%H:%M:%S.%f%z",
            "%Y-%m-%dT%H:%M:%S%z",
            "%Y-%m-%dT%H:%M:%S.%f",
            "%Y-%m-%dT%H:%M:%S",
            "%Y-%m-%d",
        ],
        help="A recorded instant; without an offset it is UTC.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("explain")(explain)
    app.command("history")(history)
    app.command("as-of")(as_of)


def explain(
    registration: Registration,
    *,
    when: When = None,
    as_whom: As = "deal_desk",
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """What was asked, what was true, and each decision: clause, reason, version, and what it had read."""
    from dealreg.service.insight import Insight

    who = claims(as_whom, "cli", program)
    with house() as at:
        told = Insight(at.replay, who).explanation(registration, _utc(when))
    if as_json:
        show(told, as_json=True)
        return
    _prose(told)


def history(
    registration: Registration,
    *,
    when: When = None,
    as_whom: As = "auditor",
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """What happened, in order: to an auditor every fact, to others how each leg came to its state."""
    from dealreg.service.questions import DEALS, Questions
    from dealreg.service.replay import no_registration
    from dealreg.vocabulary.fact import Role

    who = claims(as_whom, "cli", program)
    with house() as at:
        asked = Questions(at.reading, who)
        if who.role is Role.AUDITOR:
            found = asked.ask("registration_history", "of_registration", registration=registration, as_of=_utc(when))
            columns = ["position", "recorded_at", "event", "line", "actor_role", "actor_subject", "clause", "reason"]
        else:
            found = asked.ask(DEALS[who.role], "history", registration=registration)
            columns = ["at", "line", "tier", "partner", "state", "clause"]
    rows = [row for row in found.rows if row.get("program", who.program) == who.program]
    if not rows:
        raise no_registration()
    show_rows(rows, columns, as_json=as_json)


def as_of(
    identity: Annotated[
        UUID, typer.Argument(metavar="ID", help="A registration, a conflict, an override or a customer.")
    ],
    when: Annotated[
        datetime,
        typer.Argument(formats=["%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]),
    ],
    *,
    as_whom: As = "auditor",
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """How it was at a recorded instant: what had been recorded by then. Without an offset the instant is UTC."""
    from dealreg.service.insight import Insight

    who = claims(as_whom, "cli", program)
    with house() as at:
        show(_any(Insight(at.replay, who), identity, _utc(when) or when), as_json=as_json)


def _any(insight: "Insight", identity: UUID, when: datetime) -> "BaseModel":
    """Whatever has this id. Raises ``Unknown`` when nothing has."""
    from dealreg.vocabulary.fact import PARTNER_ROLES
    from dealreg.vocabulary.refused import Unknown

    if insight.role in PARTNER_ROLES:
        return insight.own_registration(identity, when)
    for ask in (insight.registration, insight.conflict, insight.override):
        try:
            return ask(identity, when)
        except Unknown:
            continue
    found = insight.customer_file(identity, when)
    if not found.claims:
        raise Unknown("nothing of that id was recorded by then; check the id and the instant")
    return found


def _utc(when: datetime | None) -> datetime | None:
    return when.replace(tzinfo=UTC) if when is not None and when.tzinfo is None else when


def _prose(told: "Explanation") -> None:
    """The explanation in sentences."""
    typer.echo(
        f"Registration {told.registration}, filed by {told.asked.get('filed_by')} at {told.asked.get('submitted_at')}."
    )
    if told.true:
        _true(told.true)
    for step in told.steps:
        typer.echo(
            f"\n{step.recorded_at:%Y-%m-%d %H:%M:%S} {step.event.replace('_', ' ')}{f' on {step.line}' if step.line else ''}"
        )
        for sentence in _sentences(step):
            typer.echo(f"    {sentence}")


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
