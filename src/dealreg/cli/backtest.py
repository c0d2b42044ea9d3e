"""`dealreg rulebook backtest`: what another version of the rules would have decided."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dealreg.cli.asking import PIPED, JsonFlag, house

if TYPE_CHECKING:
    from dealreg.engagement.rulebook import RulebookDocument
    from dealreg.service.backtest.report import Report
    from dealreg.service.backtest.running import Asked

FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]
SHOWN = 25


def backtest(
    *,
    candidate: Annotated[
        str, typer.Option("--candidate", metavar="FILE", help="A rulebook in YAML, or the name of a shipped one.")
    ],
    begins: Annotated[
        datetime | None, typer.Option("--from", formats=FORMATS, help="Decisions from this instant on (UTC).")
    ] = None,
    ends: Annotated[
        datetime | None, typer.Option("--to", formats=FORMATS, help="Decisions before this instant (UTC).")
    ] = None,
    course: Annotated[
        bool,
        typer.Option(
            "--course/--each",
            help="--each: every decision on what it really read. --course: the new outcomes stand, and all that follows is decided again.",
        ),
    ] = False,
    log: Annotated[
        Path | None,
        typer.Option(
            "--log",
            metavar="FILE",
            help="Recorded facts as `dealreg simulate --out` writes them, in place of the ledger.",
        ),
    ] = None,
    program: Annotated[
        str | None,
        typer.Option("--program", help="Whose decisions; left out, those of the program that the candidate names."),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option("--picture", metavar="FILE.svg", help="Bars by kind, clause, month, customer and partner."),
    ] = None,
    most: Annotated[int, typer.Option("--most", help="How many differences the table shows; JSON has all.")] = SHOWN,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, max=8, help="Processes; left out, one a processor, one for a short log."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Make the recorded decisions again under another rulebook and show what would have come out otherwise. Writes nothing to the ledger.

    --each answers: of all that was decided, what would this version have decided otherwise, on what was known then? --course answers:
    where would it have led? What people decided is kept there where its case still exists, and counted where not. What was refused
    was never recorded, so neither sense knows it.
    """
    from dealreg.service.backtest.report import Sense
    from dealreg.service.backtest.running import Asked

    rules = _candidate(candidate, program)
    sense = Sense.COURSE if course else Sense.EACH
    report = _run(Asked(rules.program, rules, sense, _utc(begins), _utc(ends)), log, workers)
    if picture is not None:
        from dealreg.service.backtest.picture import svg

        picture.write_text(svg(report), encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(report.told(), ensure_ascii=False))
    else:
        _print(report, most)


def _candidate(name: str, program: str | None) -> "RulebookDocument":
    """The candidate, as one of the program it is tried on. Raises ``typer.BadParameter``."""
    from dealreg.engagement.document import DocumentError, load
    from dealreg.service.ingest.document import MappingFault
    from dealreg.service.ingest.seeding import rulebook_named

    try:
        path = Path(name)
        document = load(path.read_text(encoding="utf-8")) if path.is_file() else rulebook_named(name)
    except (DocumentError, MappingFault) as error:
        raise typer.BadParameter(str(error), param_hint="--candidate") from error
    return document if program is None else document.model_copy(update={"program": program})


def _run(asked: "Asked", path: Path | None, workers: int | None) -> "Report":
    from dealreg.cli.progress import bars
    from dealreg.service.backtest.log import FileLog, LedgerLog, Log
    from dealreg.service.backtest.running import back_test
    from dealreg.service.settings import Role

    with bars() as bar:
        if path is not None:
            return back_test(asked, FileLog(path), lambda total: bar("decisions", total), workers)
        with house() as at:
            url = at.settings.database_url(Role.AUDITOR)
            log: Log = LedgerLog(url, "dealreg_auditor", at.audited.head())
            return back_test(asked, log, lambda total: bar("decisions", total), workers)


def _print(report: "Report", most: int) -> None:
    from rich.console import Console

    from dealreg.service.backtest.picture import WIDTH, charts, side_by_side, title

    console = Console()
    if not console.is_terminal:  # Into a pipe or a file every column is written whole.
        console = Console(width=PIPED)
    console.print(title(report), style="bold")
    console.print(charts(report, min(console.width, WIDTH)))
    if report.changes:
        console.print(side_by_side(report, most))
    for one in report.unkept[:most]:
        console.print(f"not kept: {one.command} by {one.by} on {one.at:%Y-%m-%d}: {one.why}")
    for reason in report.broken:
        console.print(f"broken: {reason}")


def _utc(when: datetime | None) -> datetime | None:
    return when.replace(tzinfo=UTC) if when is not None and when.tzinfo is None else when
