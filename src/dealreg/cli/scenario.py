"""`dealreg scenario`: run the cases that say what the rules of engagement mean, or have one told."""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from dealreg.service.scenario.comparing import Outcome, Program

JsonFlag = Annotated[bool, typer.Option("--json", help="The result as JSON.")]


def register(app: typer.Typer) -> None:
    """The verbs `scenario run` and `scenario explain`."""
    verbs = typer.Typer(no_args_is_help=True, help="The cases that say what the rules of engagement mean.")
    verbs.command("run")(run)
    verbs.command("explain")(explain)
    verbs.command("compare")(compare)
    app.add_typer(verbs, name="scenario")


def run(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Cases or folders of cases; left out, those shipped.")
    ] = None,
    *,
    sees: Annotated[
        bool, typer.Option(help="Also show each case to its viewers, on a PostgreSQL that is thrown away afterwards.")
    ] = True,
    as_json: JsonFlag = False,
) -> None:
    """Run cases and say which are not as they say; exit code 1 when any is not. No database of yours is touched."""
    from dealreg.cli import exit_codes
    from dealreg.service.scenario import reading

    folder = reading.folder()
    files = reading.found(paths or [folder])
    world = reading.text_of(folder / reading.WORLD)
    told = []
    with ExitStack() as opened:
        fresh = (
            opened.enter_context(_databases()) if sees and any(reading.case_of(file).sees for file in files) else None
        )
        advance = opened.enter_context(_bar(len(files), shown=not as_json and sys.stderr.isatty()))
        for file in files:
            told.append(_one(file, world, fresh))
            advance()
    failed = [case for case in told if case["faults"]]
    if as_json:
        typer.echo(json.dumps({"cases": told, "failed": len(failed)}))
    else:
        typer.echo(_words(told, failed))
    raise typer.Exit(exit_codes.NO if failed else exit_codes.DONE)


def explain(
    file: Annotated[Path, typer.Argument(help="A case.")],
    *,
    as_json: JsonFlag = False,
) -> None:
    """Run one case and tell it as prose: who asks what, what follows, under which clause and why."""
    from dealreg.cli import exit_codes
    from dealreg.service.scenario import explaining, reading
    from dealreg.service.scenario.running import run as run_case

    case = reading.case_of(file)
    result = run_case(case, reading.text_of(reading.folder() / reading.WORLD))
    words = explaining.explained(result)
    typer.echo(json.dumps({**_said(file, result.faults, case), "told": words}) if as_json else words)
    raise typer.Exit(exit_codes.NO if result.faults else exit_codes.DONE)


def compare(
    file: Annotated[Path, typer.Argument(help="A case; its steps are asked of each program.")],
    *,
    rulebooks: Annotated[
        list[str] | None,
        typer.Option("--rulebook", help="A shipped rulebook by name, or a file; left out, the four shipped programs."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """The same story under several rulebooks: how each claim ends, under which clause, and why. Nothing is recorded."""
    from dealreg.service.scenario import comparing, reading

    case = reading.case_of(file)
    world = reading.text_of(reading.folder() / reading.WORLD)
    programs = comparing.compared(
        case, world, {name: comparing.clauses_of(name) for name in rulebooks or comparing.SHIPPED}
    )
    if as_json:
        typer.echo(json.dumps([one.model_dump(mode="json") for one in programs], ensure_ascii=False))
        return
    _show_compared(programs)


def _show_compared(programs: "list[Program]") -> None:
    """A table of outcomes, a column for each program; then why, and what a program refused to be asked."""
    from rich.console import Console
    from rich.table import Table

    table = Table("claim", *(one.rulebook for one in programs))
    claims = dict.fromkeys(name for one in programs for name in one.outcomes)
    for claim in claims:
        table.add_row(claim, *(_cell(one.outcomes.get(claim)) for one in programs))
    console = Console()
    (console if console.is_terminal else Console(width=160)).print(table)
    for one in programs:
        typer.echo(f"\n{one.rulebook}")
        for claim, outcome in one.outcomes.items():
            typer.echo(f"  {claim}: {outcome.state}{f', {outcome.clause}' if outcome.clause else ''}: {outcome.why}")
        for asked in one.asked:
            if asked.refused:
                typer.echo(f"  refused: {asked.step}: {asked.refused}")


def _cell(outcome: "Outcome | None") -> str:
    if outcome is None:
        return "not filed"
    until = f" until {outcome.protected_until}" if outcome.protected_until and outcome.state == "protected" else ""
    return f"{outcome.state}{until}{f' ({outcome.clause})' if outcome.clause else ''}"


def _one(file: Path, world: dict[str, Any], fresh: "Callable[[], str] | None") -> dict[str, Any]:
    from dealreg.service.scenario import reading
    from dealreg.service.scenario.running import run as run_case
    from dealreg.service.scenario.seeing import seen

    case = reading.case_of(file)
    result = run_case(case, world)
    faults = list(result.faults)
    if fresh is not None and case.sees:
        faults += seen(result, fresh())
    return _said(file, faults, case)


def _said(file: Path, faults: list[str], case: Any) -> dict[str, Any]:
    return {
        "file": str(file),
        "scenario": case.scenario,
        "rule": case.rule,
        "case": list(case.case),
        "faults": faults,
    }


def _words(told: list[dict[str, Any]], failed: list[dict[str, Any]]) -> str:
    lines = [
        line for case in failed for line in (f"{case['file']}: {case['scenario']}", *(f"  {f}" for f in case["faults"]))
    ]
    numbers = {number for case in told for number in case["case"]}
    verdict = f"{len(failed)} are not as they say" if failed else "all are as they say"
    return "\n".join([*lines, f"{len(told)} cases, {len(numbers)} numbers of the domain's hard cases; {verdict}"])


@contextmanager
def _databases() -> "Iterator[Callable[[], str]]":
    from dealreg.service.scenario.throwaway import throwaway

    with throwaway() as fresh:
        yield fresh


@contextmanager
def _bar(total: int, *, shown: bool) -> "Iterator[Callable[[], None]]":
    """A bar on a terminal."""
    if not shown:
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("cases", total=total)
        yield lambda: bars.advance(task)
