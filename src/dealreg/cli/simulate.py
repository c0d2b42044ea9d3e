"""`dealreg simulate`: invent a whole program and let the real commands decide it by a simulated clock."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from dealreg.service.simulating.counting import Tally
    from dealreg.service.simulating.plan import Plan
    from dealreg.service.simulating.simulation import Step


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("simulate")(simulate)


def simulate(
    *,
    seed: Annotated[
        int, typer.Option("--seed", help="The same seed and options give the same facts, byte for byte.")
    ] = 1,
    program: Annotated[str, typer.Option("--program", help="Name of the invented program.")] = "simulated",
    rulebook: Annotated[
        str, typer.Option("--rulebook", help="Its rules of engagement: a shipped rulebook or a YAML file.")
    ] = "reference",
    begins: Annotated[
        datetime, typer.Option("--begins", formats=["%Y-%m-%d"], help="Its first day, in the program's time zone.")
    ] = "2024-01-01",  # type: ignore[assignment]  # typer reads the default as it reads the option
    years: Annotated[int, typer.Option("--years", help="How many years it runs.")] = 1,
    partners: Annotated[int, typer.Option("--partners", help="Partners of all tracks, at least 10.")] = 60,
    customers: Annotated[
        int | None, typer.Option("--customers", help="End customers; left out, half as many as registrations.")
    ] = None,
    registrations: Annotated[
        int | None, typer.Option("--registrations", help="Left out, 25 for each partner and year.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Decide in memory and write every fact to this file, as JSON lines.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help="Folder of the embedded server (DEALREG_DATA).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
) -> None:
    """Invent partners, customers and years of registrations, and decide all of it by the real rules.

    With --out everything is decided in memory and written to a file; without it, in the database (DATABASE_URL, else an embedded one),
    in a program that has no facts yet. How many meet another's claim and how many are approved resembles what is published of real
    programs; the report says what was reached and where the published figures come from. All else is invented. Exit codes: 0 done, 1
    the database cannot take it, 2 called wrongly, 3 the database is not reachable.
    """
    from dealreg.service.simulating.plan import plan

    made = plan(
        seed=seed,
        program=program,
        rulebook=rulebook,
        begins=begins.date(),
        years=years,
        partners=partners,
        customers=customers,
        registrations=registrations,
    )
    tally, seconds = _run(made, out, data_dir)
    shown = _shown(made, tally, out, seconds)
    if as_json:
        typer.echo(json.dumps(shown, ensure_ascii=False))
    else:
        _print(shown)


def _run(made: "Plan", out: Path | None, data_dir: Path | None) -> "tuple[Tally, float]":
    import time

    from dealreg.cli.progress import bars
    from dealreg.service.simulating.counting import Tally

    tally, begun = Tally(), time.perf_counter()
    filed = 0
    with bars() as bar:
        tick = bar("registrations", made.registrations)
        for step in _in_memory(made, out) if out is not None else _in_database(made, data_dir):
            tally.heard(step.came, step.at)
            now = tally.facts["registration_submitted.v1"]
            if now > filed:
                tick(now - filed)
                filed = now
    return tally, time.perf_counter() - begun


def _in_memory(made: "Plan", out: Path) -> "Iterator[Step]":
    from dealreg.service.simulating.log import LogWriter
    from dealreg.service.simulating.simulation import Simulation

    with LogWriter(out) as log:
        for step in Simulation(made).steps():
            log.write(step.came.facts, step.at)
            yield step


def _in_database(made: "Plan", data_dir: Path | None) -> "Iterator[Step]":
    from dealreg.service.logs import configure_logging
    from dealreg.service.settings import Settings
    from dealreg.service.simulating.reaching import house_for
    from dealreg.service.simulating.recording import check_room, record
    from dealreg.service.simulating.simulation import Simulation

    settings = Settings() if data_dir is None else Settings(DEALREG_DATA=data_dir)
    configure_logging(settings.model_copy(update={"log_level": "WARNING"}))
    simulation = Simulation(made)
    with house_for(settings) as house:
        check_room(house.ledger, simulation)
        yield from record(house.dispatch, simulation)


def _shown(made: "Plan", tally: "Tally", out: Path | None, seconds: float) -> dict[str, Any]:
    """All figures; those under ``this_run`` alone differ from run to run."""
    return {
        "program": made.program,
        "rulebook": made.rules.version,
        "seed": made.seed,
        "from": made.begins.isoformat(),
        "to": made.ends.isoformat(),
        "partners": made.partners,
        "customers": made.customers,
        **tally.report(),
        "this_run": {
            "to": str(out) if out is not None else "the database",
            "seconds": round(seconds, 2),
            "decisions_per_second": round(tally.decisions / max(seconds, 0.001)),
        },
    }


def _print(shown: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    title = f"Program {shown['program']}: {shown['registrations']} registrations, seed {shown['seed']}"
    table = Table("", "reached", "published", "source", title=title)
    for name, one in shown["statistics"].items():
        table.add_row(name.replace("_", " "), f"{one['reached']:.1%}", f"{one['published']:.1%}", one["source"])
    console.print(table)
    for what, title in (("conflicts", "conflicts"), ("rulings", "rulings"), ("declined_under", "declined under")):
        said = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in shown[what].items())
        console.print(f"{title}: {said or 'none'}")
    run = shown["this_run"]
    console.print(
        f"{shown['decisions']} decisions, {shown['facts']} facts ({shown['refused']} askings were refused) to {run['to']} "
        f"in {run['seconds']:.1f} s: {run['decisions_per_second']} decisions/s"
    )
