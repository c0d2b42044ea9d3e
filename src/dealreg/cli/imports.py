"""`dealreg import`: another system's history, taken over in bulk."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from dealreg.service.importing.comparing import Compared
    from dealreg.service.importing.running import Plan, Taken

SHOWN = 20
"""Refused records and lines that are not as the file says, in the table; `--json` has all of them."""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("import")(import_)


def import_(
    folder: Annotated[
        Path,
        typer.Argument(help="Holds import.yaml and partners, customers, opportunities, registrations (.csv, .jsonl)."),
    ],
    *,
    program: Annotated[
        str | None, typer.Option(help="The partner program; left out, the form's, else PROGRAM.")
    ] = None,
    compare_only: Annotated[bool, typer.Option("--compare", help="Import nothing; compare files and ledger.")] = False,
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help="Folder of the embedded servers (DEALREG_DATA).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The account as JSON.")] = False,
) -> None:
    """Take over what another system decided: effective when it was so there, recorded now; then account for every record.

    Run again it goes on where it stopped, and adds nothing that is here. Effective times are the past's and recorded times are now:
    `dealreg as-of ID --effective T` shows the past, `dealreg as-of ID T` what was known here. Exit codes: 0 every record is here and as the files say,
    1 one is not, 2 the folder is wrong, 3 a server is not reachable.
    """
    from dealreg.cli import exit_codes
    from dealreg.cli.progress import bars
    from dealreg.service.composition import House
    from dealreg.service.importing.comparing import compare, summed
    from dealreg.service.importing.form import read_form
    from dealreg.service.importing.keeping import refusals
    from dealreg.service.importing.running import plan, run
    from dealreg.service.logs import configure_logging
    from dealreg.service.settings import Settings

    settings = Settings() if data_dir is None else Settings(DEALREG_DATA=data_dir)
    configure_logging(settings.model_copy(update={"log_level": "WARNING"}))
    form = read_form(folder)
    with House(settings) as house, bars() as steps:
        made = plan(house.dispatch, folder, form, program or settings.program)
        taken = {} if compare_only else run(house.dispatch, made, steps)
        counts, others = summed(compare(house.dispatch, made))
        refused = refusals(house.ledger, made.context)
    shown = _shown(made, taken, {f"{past} {word}": number for (past, word), number in sorted(counts.items())}, others)
    shown["refused"] = refused
    if as_json:
        typer.echo(json.dumps(shown, ensure_ascii=False))
    else:
        _print(shown)
    exact = not refused and not any(one.word == "missing" for one in others)
    raise typer.Exit(exit_codes.DONE if exact else exit_codes.NO)


def _shown(made: "Plan", taken: "dict[str, Taken]", lines: dict[str, int], others: "list[Compared]") -> dict[str, Any]:
    return {
        "program": made.context.program,
        "system": made.context.system,
        "files": {
            name: {
                "rows": one.rows,
                "rows_of_earlier_runs": one.skipped,
                "records": one.records,
                **{word: one.counts[word] for word in ("imported", "repeated", "refused")},
                "facts": one.facts,
                "seconds": round(one.seconds, 3),
            }
            for name, one in taken.items()
        },
        "lines": lines,
        "not_as_the_file_says": [
            {
                "registration": one.record,
                "row": one.number,
                "line": one.line,
                "past": one.past,
                "is": one.word,
                "stands": one.found,
            }
            for one in others
        ],
    }


def _print(shown: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(
        "file",
        "rows",
        "records",
        "imported",
        "here already",
        "refused",
        "facts",
        "s",
        title=f"{shown['system']} into {shown['program']}",
    )
    for name, one in shown["files"].items():
        figures = (one["rows"], one["records"], one["imported"], one["repeated"], one["refused"], one["facts"])
        table.add_row(name, *map(str, figures), f"{one['seconds']:.1f}")
    if shown["files"]:
        console.print(table)
    lines = Table("line of a registration", "lines", title="files and ledger compared")
    for what, number in shown["lines"].items():
        lines.add_row(what.replace("_", " "), str(number))
    console.print(lines)
    for one in shown["refused"][:SHOWN]:
        where = f", {one['field']}" if one["field"] else ""
        console.print(
            f"{one['file']}, row {one['number']} ({one['record']}{where}): {one['words']}", style="yellow", markup=False
        )
    for one in shown["not_as_the_file_says"][:SHOWN]:
        console.print(
            f"{one['registration']} {one['line']}: {one['past']} in the file, {one['stands'] or 'not'} here",
            markup=False,
        )
    hidden = sum(max(len(shown[kind]) - SHOWN, 0) for kind in ("refused", "not_as_the_file_says"))
    if hidden:
        console.print(f"{hidden} more with --json")
    console.print(
        "effective times are the other system's, recorded times are now: as-of ID --effective T shows the past"
    )
