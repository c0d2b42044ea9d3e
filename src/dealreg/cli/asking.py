"""What the verbs that ask have in common: as whom, of which house, and how an answer is shown."""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from pydantic import BaseModel

    from dealreg.service.composition import House
    from dealreg.service.ledger.outcomes import Decided
    from dealreg.service.ledger.recorded import PersonalRow
    from dealreg.service.tokens import Claims
    from dealreg.vocabulary.fact import Command

As = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="ROLE[:WHOM]",
        help="As whom: deal_desk, auditor, channel_manager:REGION, dealer:PARTNER, distributor:PARTNER or "
        "master_distributor:PARTNER.",
    ),
]
Subject = Annotated[str, typer.Option(help="A pseudonym of who asks; it stands in what is recorded.")]
Program = Annotated[str | None, typer.Option(help="The partner program; left out, PROGRAM.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="The result as JSON.")]
RequestKey = Annotated[
    str | None,
    typer.Option("--key", help="The request's name: the same again does nothing twice. Left out, made of the content."),
]

WHOLE = frozenset({"state", "tier", "registration", "conflict", "clause"})
"""Columns that are read or copied as one word."""

PIPED = 240


def house() -> "AbstractContextManager[House]":
    """The parts of this process, by its environment."""
    import structlog

    from dealreg.service.composition import House
    from dealreg.service.logs import configure_logging
    from dealreg.service.settings import Settings

    settings = Settings()
    quiet = (
        settings if "log_level" in settings.model_fields_set else settings.model_copy(update={"log_level": "WARNING"})
    )
    configure_logging(quiet)
    structlog.contextvars.clear_contextvars()
    return House(settings)


def claims(as_whom: str, subject: str, program: str | None, level: str | None = None) -> "Claims":
    """Who asks. An operator who can reach the database needs no token. Raises ``typer.BadParameter``."""
    from pydantic import ValidationError

    from dealreg.service.settings import Settings
    from dealreg.service.tokens import Claims

    role, _, whom = as_whom.partition(":")
    acting = {"region" if role == "channel_manager" else "partner": whom} if whom else {}
    said = {
        "role": role,
        "sub": subject,
        "program": program or Settings().program,
        "iat": 0,
        "exp": 0,
        "level": level,
        **acting,
    }
    try:
        return Claims.model_validate(said)
    except ValidationError as error:
        raise typer.BadParameter("; ".join(one["msg"] for one in error.errors()), param_hint="--as") from error


def ask(
    at: "House",
    who: "Claims",
    command: "Command",
    key: str | None,
    personal: "Sequence[PersonalRow]" = (),
    reason: str | None = None,
) -> "Decided":
    """Have a command decided, and sealed where it is of that kind; else ``sealed: false`` is in the answer and said on standard error.

    Raises ``Refused``, ``Late``, ``Unavailable``.
    """
    from dataclasses import replace

    from dealreg.service.answering import answered
    from dealreg.service.ledger.task import digest_of
    from dealreg.vocabulary.fact import Request

    request = Request(id=key or "?", program=who.program, actor=who.actor, command=command, reason=reason)
    if key is None:
        request = request.model_copy(update={"id": f"cli:{digest_of(request)[:40]}"})
    decided = answered(at.dispatcher.submit(request, personal))
    acknowledged = at.acknowledged(request, decided)
    if acknowledged is None or not acknowledged.late:
        return decided
    _say_unsealed(at)
    return replace(decided, answer={**decided.answer, "sealed": False})


def _say_unsealed(at: "House") -> None:
    from dealreg.service.sealing.standing import seal_standing

    why = seal_standing(at.ledger).worry() or "the sealer is behind"
    typer.echo(f"dealreg: recorded, and not sealed yet: {why}", err=True)


def show_rows(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    """Rows as a table of some columns, or all of them as JSON."""
    if as_json:
        typer.echo(json.dumps(list(rows), default=str, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold", no_wrap=column in WHOLE)
    for row in rows:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    console = Console()
    # Into a pipe or a file every column is written whole; a terminal folds.
    (console if console.is_terminal else Console(width=PIPED)).print(table)


def show(answer: "BaseModel | Mapping[str, Any]", *, as_json: bool) -> None:
    """One answer, field by field, or as JSON."""
    told = answer if isinstance(answer, Mapping) else answer.model_dump(mode="json")
    if as_json:
        typer.echo(json.dumps(told, default=str, ensure_ascii=False))
        return
    for name, value in told.items():
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            typer.echo(f"{name.replace('_', ' ')}:")
            show_rows(value, list(value[0]), as_json=False)
        else:
            typer.echo(f"{name.replace('_', ' '):18} {_cell(value)}")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if hasattr(value, "strftime"):
        return f"{value:%Y-%m-%d %H:%M:%S}" if hasattr(value, "hour") else f"{value:%Y-%m-%d}"
    return json.dumps(value, default=str, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
