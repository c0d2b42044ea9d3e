"""`dealreg demo`: the shipped program through real servers, and what came of it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table

EVENTS = {
    "in": "opportunity events in",
    "folded": "folded",
    "repeated": "repeated",
    "nothing_newer": "told nothing newer",
    "dead_lettered": "dead-lettered",
}


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("demo")(demo)


def demo(
    *,
    data_dir: Annotated[
        Path | None,
        typer.Option("--data-dir", help="Folder of the embedded servers; left out, `demo` in DEALREG_DATA."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same figures as JSON.")] = False,
) -> None:
    """Send ninety days of a shipped program through the broker and the intake, and show what came of them.

    Two master distributors, six distributors, some twenty dealers, sixty customers. Run again in the same folder, nothing is new and the
    figures are the same. Servers: DATABASE_URL and INTAKE_URL, else embedded ones for as long as it takes, in a folder of the demo's own
    (`dealreg up --data-dir` may serve it afterwards). Exit codes: 0 done, 1 the read models differ from the ledger, 3 a server is not
    reachable, or a clock role runs where the story is to be told.
    """
    from dealreg.cli import exit_codes
    from dealreg.cli.progress import bars
    from dealreg.service.demo.running import run
    from dealreg.service.logs import configure_logging
    from dealreg.service.settings import Settings

    settings = Settings()
    settings = settings.model_copy(update={"data": data_dir or settings.data / "demo"})
    configure_logging(settings.model_copy(update={"log_level": "ERROR"}))
    with bars() as steps:
        shown = run(settings, steps)
    if as_json:
        typer.echo(json.dumps(shown, ensure_ascii=False, default=str))
    else:
        _print(shown)
    raise typer.Exit(exit_codes.DONE if shown["rebuild"]["equal"] else exit_codes.NO)


def _print(shown: dict[str, Any]) -> None:
    from rich.columns import Columns
    from rich.console import Console

    console = Console()
    console.rule(f"{shown['partners']} partners, {shown['customers']} customers, ninety days")
    events = {words: shown["events"][name] for name, words in EVENTS.items()} | {"asked by people": shown["asked"]}
    rulings = {f"ruled {by}": number for by, number in shown["rulings"].items()}
    tables = [
        _counted("feed", events),
        _counted("registrations", shown["registrations"]),
        _counted("conflicts", shown["conflicts"] | rulings | {"overrides": shown["overrides"]}),
    ]
    console.print(Columns(tables, padding=(0, 2)))
    _print_conflict(console, shown["explained"])
    _print_views(console, shown["customer_as_seen_by"])
    rebuilt, run = shown["rebuild"], shown["this_run"]
    same = (
        "are what the ledger gives" if rebuilt["equal"] else f"DIFFER from the ledger: {', '.join(rebuilt['differ'])}"
    )
    console.print(f"{rebuilt['read_models']} read models, built anew beside the live ones: they {same}")
    new = f"{run['facts']} facts are new" if run["facts"] else "nothing is new"
    spent = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in run["seconds"].items() if name != "all")
    console.print(f"{new}; {run['seconds']['all']:.1f} s in all ({spent})")


def _counted(title: str, figures: dict[str, int]) -> "Table":
    from rich.table import Table

    table = Table(title=title, show_header=False, title_justify="left")
    table.add_column()
    table.add_column(justify="right")
    for name, number in figures.items():
        table.add_row(name.replace("_", " "), str(number))
    return table


def _print_conflict(console: Any, told: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table(title="one conflict, as the deal desk reads it", show_header=False, title_justify="left")
    incumbent, *challengers = told["parties"]
    table.add_row("kind", f"{told['kind']} on line {told['line']} in {told['scope']['territory']}")
    table.add_row("incumbent", f"{incumbent['dealer'] or '-'} through {incumbent['distributor'] or '-'}")
    for one in challengers:
        table.add_row("challenger", f"{one['dealer'] or '-'} through {one['distributor'] or '-'}")
    table.add_row("clause", f"{told['clause']}, rulebook version {told['rulebook_version']}")
    for one in told["inputs"]:
        table.add_row(one["name"], one["value"])
    table.add_row("the rulebook proposes", str(told["proposed"]))
    for reason in told["reasons"]:
        table.add_row("because", reason)
    if told["ruling"] is not None:
        table.add_row("ruled", f"{told['ruling']} by {told['ruled_by']}, {told['ruled_at']}")
        table.add_row("because", told["ruled_because"])
    console.print(table)


def _print_views(console: Any, views: dict[str, Any]) -> None:
    """One row for each line of each registration, its legs together."""
    from itertools import groupby

    from rich.table import Table

    for role, view in views.items():
        title = f"the same customer, as the {role.replace('_', ' ')} {view['who']} sees it"
        table = Table("customer, line", "legs", "why", title=title, title_justify="left")
        for _, rows in groupby(view["rows"], key=lambda row: (row["registration"], row["line"])):
            legs = list(rows)
            clause, reason = legs[-1]["clause"] or "", legs[-1].get("reason") or ""
            told = "\n".join(_leg(one) for one in legs)
            table.add_row(f"{legs[0]['customer_name']}, {legs[0]['line']}", told, f"{clause} {reason}".strip())
        console.print(table)


def _leg(row: dict[str, Any]) -> str:
    until = f" until {row['protected_until']}" if row["protected_until"] else ""
    return f"{row['tier']} {row['partner']}: {row['state']}{until}"
