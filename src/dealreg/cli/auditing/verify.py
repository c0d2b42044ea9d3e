"""`dealreg audit verify`: the whole database against what was sealed of it, inside and outside."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dealreg.cli.asking import JsonFlag, claims, house
from dealreg.cli.looking import Reason, looked, operator

if TYPE_CHECKING:
    from dealreg.service.composition import House
    from dealreg.service.settings import Settings
    from dealreg.service.verifying.finding import Report
    from dealreg.service.verifying.trusting import Trust

Outside = Annotated[
    list[Path] | None,
    typer.Option(
        "--outside",
        exists=True,
        help="What others kept: a checkpoint, a cosigned note, a receipt, a bundle, a witness's memory or a folder of them. Again for more.",
    ),
]
Policy = Annotated[
    Path | None,
    typer.Option(
        "--policy",
        exists=True,
        dir_okay=False,
        help="Whose signatures count, as `dealreg audit policy` writes it; left out, the keys that this machine's sealer wrote down.",
    ),
]


def register(audit: typer.Typer) -> None:
    """Add the verb."""
    audit.command("verify")(verify)


def verify(
    *,
    outside: Outside = None,
    policy: Policy = None,
    models: Annotated[
        bool, typer.Option("--read-models/--no-read-models", help="Whether read models are built anew and compared.")
    ] = True,
    reason: Reason = None,
    as_json: JsonFlag = False,
) -> None:
    """Read the whole ledger once and hold it against every checkpoint, tile and copy: the first wrong row, and what is wrong with it.

    DATABASE_URL_AUDITOR or DATABASE_URL names the database; DATABASE_URL_PROJECTOR the login that compares the read models. Exit code
    1 when anything is wrong.
    """
    from dealreg.cli import exit_codes
    from dealreg.cli.progress import bars
    from dealreg.service.settings import Role
    from dealreg.service.verifying.running import Asked
    from dealreg.service.verifying.running import verify as verified

    with house() as at_hand, bars() as steps:
        settings = at_hand.settings
        looked(at_hand, claims("auditor", operator(), None), "audit verify", "everything", reason)
        asked = Asked(
            auditor=settings.database_url(Role.AUDITOR),
            trust=_trust(at_hand, policy),
            projector=settings.database_url(Role.PROJECTOR),
            models=models,
            outside=[*(outside or ()), *_own(settings)],
            log_key=settings.things.keys / "log",
            steps=steps,
        )
        report = verified(asked)
    typer.echo(json.dumps(_said(report), ensure_ascii=False)) if as_json else _show(report)
    raise typer.Exit(exit_codes.DONE if report.sound else exit_codes.NO)


def _trust(at: "House", policy: Path | None) -> "Trust":
    from dealreg.service.sealing.signing import VKEYS
    from dealreg.service.verifying.trusting import of_policy, of_trail

    if policy is not None:
        return of_policy(policy)
    settings = at.settings
    return of_trail(at.audited, settings.things.keys / VKEYS, [one.vkey for one in settings.asked_witnesses()])


def _own(settings: "Settings") -> list[Path]:
    """The sealer's memory, where this is its machine: it lies outside the database too."""
    state = settings.things.state
    return [state] if state.exists() else []


def _said(report: "Report") -> dict[str, object]:
    return {
        "sound": report.sound,
        "size": report.size,
        "root": report.root,
        "checks": [
            {"check": one.check, "sound": not one.wrong, "wrong": one.wrong, "said": one.said} for one in report.checks
        ],
        "findings": [
            {"check": one.check, "position": one.position, "what": one.what, "next": one.next}
            for one in report.findings
        ],
        "notes": list(report.notes),
    }


def _show(report: "Report") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("check", "", "what was looked at")
    for one in report.checks:
        table.add_row(one.check, f"{one.wrong} wrong" if one.wrong else "sound", one.said)
    console = Console()
    # Into a pipe or a file every line is written whole; a terminal folds.
    (console if console.is_terminal else Console(width=240)).print(table)
    if report.first is not None:
        typer.echo(f"\nfirst: {report.first.what}")
    for found in report.findings:
        typer.echo(f"\n{found.check}: {found.what}\n  next: {found.next}")
    for note in report.notes:
        typer.echo(f"\nnote: {note}")
    typer.echo(f"\n{report.size} facts, root {report.root}")
