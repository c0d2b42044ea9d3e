"""`dealreg ingest`: an export of a CRM through the broker, and an account of every row."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from dealreg.service.ingest.running import Ingested, Plan


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("ingest")(ingest)


def ingest(
    file: Annotated[Path, typer.Argument(help="The export: CSV with a header, or JSON lines (.jsonl).")],
    *,
    mapping: Annotated[
        str,
        typer.Option("--mapping", help="A mapping file, or the name of a shipped one (maven): what its columns say."),
    ],
    program: Annotated[str | None, typer.Option(help="The partner program; left out, the mapping's.")] = None,
    first: Annotated[int | None, typer.Option(min=1, help="Only so many rows, from the top.")] = None,
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help="Folder of the embedded servers (DEALREG_DATA).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The account as JSON.")] = False,
) -> None:
    """Publish a file's rows in the order of their dates, wait for the intake, and account for every row.

    Rulebook and partners come from the mapping, once. Run again, nothing is added and the account is the same. Servers: DATABASE_URL and
    INTAKE_URL, else those of `dealreg up` in the same folder, else embedded ones for as long as it takes. Exit codes: 0 every row is
    accounted for, 1 one is not, 2 the file or the mapping is wrong, 3 a server is not reachable.
    """
    from dealreg.cli import exit_codes
    from dealreg.cli.progress import bars
    from dealreg.service.ingest.reconciling import Fate
    from dealreg.service.ingest.running import ingest as run
    from dealreg.service.ingest.world import world
    from dealreg.service.logs import configure_logging
    from dealreg.service.settings import Settings

    settings = Settings() if data_dir is None else Settings(DEALREG_DATA=data_dir)
    configure_logging(settings.model_copy(update={"log_level": "WARNING"}))
    made = _plan(file, mapping, program, first)
    with bars() as steps, world(settings) as there:
        done = run(there, made, steps)
    shown = _shown(made, done)
    if as_json:
        typer.echo(json.dumps(shown, ensure_ascii=False))
    else:
        _print(shown)
    complete = shown["sum"] == shown["rows"] and Fate.MISSING.value not in shown["account"]
    raise typer.Exit(exit_codes.DONE if complete else exit_codes.NO)


def _plan(file: Path, mapping: str, program: str | None, first: int | None) -> "Plan":
    from importlib import resources

    from dealreg.service.ingest.document import read_document
    from dealreg.service.ingest.running import plan

    shipped = Path(str(resources.files("dealreg") / "mappings" / f"{mapping}.yaml"))
    path = shipped if shipped.is_file() and not Path(mapping).is_file() else Path(mapping)
    document = read_document(path)
    if program is not None:
        document = document.model_validate({**document.model_dump(), "program": program})
    return plan(file, document, path.parent, first=first)


def _shown(made: "Plan", done: "Ingested") -> dict[str, Any]:
    """All figures; those under ``this_run`` alone differ from run to run."""
    from dealreg.service.ingest.reconciling import summed

    account = summed(done.accounts)
    seconds = {name: round(value, 3) for name, value in done.seconds.items()}
    feed = max(done.seconds["feed"], 0.001)
    return {
        "program": made.mapping.program,
        "rulebook": made.rules.version,
        "partners": len(made.parties.all),
        "rows": len(made.export.rows),
        "messages": done.messages,
        "account": account,
        "sum": sum(number for reasons in account.values() for number in reasons.values()),
        "conflicts": done.conflicts,
        "ties_of_dates_without_a_time": done.conflicts.get("tie", 0),
        "of_them_with_a_row_without_any_date": done.ties_undated,
        "rows_told_on_the_last_day": done.undated,
        "not_sent": {str(row.row): row.why for row in done.accounts if row.fate.value == "not_sent"},
        "this_run": {
            "facts": done.facts,
            "known_to_broker": done.known_to_broker,
            "seconds": seconds,
            "opportunities_per_second": round(len(made.export.rows) / feed, 1),
            "messages_per_second": round(done.messages / feed, 1),
        },
    }


def _print(shown: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table("what became of it", "why", "rows", title=f"{shown['rows']} rows of program {shown['program']}")
    table.columns[2].justify = "right"
    for fate, reasons in shown["account"].items():
        for why, number in reasons.items():
            table.add_row(fate.replace("_", " "), why, str(number))
    table.add_section()
    table.add_row("sum", "", str(shown["sum"]))
    console.print(table)
    for row, why in list(shown["not_sent"].items())[:10]:
        console.print(f"row {row} was not sent: {why}", style="yellow")
    conflicts = ", ".join(f"{number} {kind}" for kind, number in shown["conflicts"].items())
    console.print(f"conflicts: {conflicts}")
    console.print(
        f"ties that come of dates without a time: {shown['ties_of_dates_without_a_time']}, of them "
        f"{shown['of_them_with_a_row_without_any_date']} with a row that has no date at all "
        f"({shown['rows_told_on_the_last_day']} rows were told on the file's last day)"
    )
    run = shown["this_run"]
    new = f"{run['facts']} facts are new" if run["facts"] else "nothing is new"
    console.print(
        f"{shown['messages']} messages in {run['seconds']['feed']:.1f} s: {run['opportunities_per_second']:.0f} "
        f"opportunities/s, {run['messages_per_second']:.0f} messages/s; {new}"
    )
