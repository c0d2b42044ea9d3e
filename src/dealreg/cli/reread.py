"""`dealreg reread`: the role that reads again what the CRM changed and did not show. `dealreg stale`: what that is."""

import signal
import threading
from typing import Annotated
from uuid import UUID

import typer

from dealreg.cli.asking import As, JsonFlag, Program, RequestKey, ask, claims, house, show, show_rows

COLUMNS = ("kind", "source", "record", "why", "since", "how", "tries", "last_error", "next_at", "subject")


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command()(reread)
    verbs = typer.Typer(
        no_args_is_help=True, help="What the CRM knows and is not known here: list it, report a gap, close one."
    )
    verbs.command("list")(list_)
    verbs.command("report")(report)
    verbs.command("reconcile")(reconcile)
    app.add_typer(verbs, name="stale")


def reread(
    *,
    once: Annotated[bool, typer.Option("--once", help="Do all that can be done now, then leave.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Read stale records again through the sources' own interfaces, and page through what changed in the gaps of their feeds.

    Where and how a source is asked says `api:` in its mapping document; a source without one is reconciled by hand. Runs as often as is
    wanted; of each source one process has the turn.
    """
    import json

    from dealreg.service.composition import House
    from dealreg.service.intake.mapping import load_mappings
    from dealreg.service.logs import configure_logging
    from dealreg.service.rereading.running import Rereading
    from dealreg.service.settings import Settings

    settings = Settings()
    configure_logging(settings)
    with House(settings) as at:
        rereading = Rereading(at, load_mappings(settings.intake_mappings))
        if once:
            told = rereading.once()
            words = ", ".join(
                f"{source}{'' if had else ' (another process has the turn)'}" for source, had in told.items()
            )
            typer.echo(json.dumps(told) if as_json else f"asked: {words or 'nobody; no mapping has an api'}")
            return
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        rereading.run(stop)


def list_(
    *,
    source: Annotated[str | None, typer.Option(help="Only of this source.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only opportunity, account or feed.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
    as_json: JsonFlag = False,
) -> None:
    """What is stale, the longest first: why, since when, and whether a machine or a person has to reconcile it."""
    from dealreg.service.rereading.listing import stale

    with house() as at:
        found = stale(at, source=source, kind=kind, limit=limit)
    show_rows(found, COLUMNS, as_json=as_json)


Subject = Annotated[str, typer.Option(help="A pseudonym of who says so; it stands in the fact.")]


def report(
    source: Annotated[str, typer.Argument(help="As in the mapping document.")],
    *,
    since: Annotated[str, typer.Option(help="From when on changes may be missing, such as 2026-03-02T10:00:00Z.")],
    why: Annotated[str, typer.Option(help="What happened, in words.")],
    subject: Subject,
    entity: Annotated[str | None, typer.Option(help="opportunity or account; left out, both.")] = None,
    as_whom: As = "deal_desk",
    program: Program = None,
    key: RequestKey = None,
    as_json: JsonFlag = False,
) -> None:
    """Say that a feed lost something: what it feeds is held back until it is whole again (ROE-22)."""
    from dealreg.feed.commands import ReportFeedGap

    asked = {"source": source, "since": since, "why": why, "entity": entity}
    with house() as at:
        show(
            ask(at, claims(as_whom, subject, program), ReportFeedGap.model_validate(asked), key).answer, as_json=as_json
        )


def reconcile(
    source: Annotated[str, typer.Argument(help="As in the mapping document.")],
    gap: Annotated[UUID, typer.Argument(help="The gap: `subject` in the list.")],
    *,
    reason: Annotated[str, typer.Option(help="How it is known that nothing is missing any more.")],
    subject: Subject,
    as_whom: As = "deal_desk",
    program: Program = None,
    key: RequestKey = None,
    as_json: JsonFlag = False,
) -> None:
    """Say that a feed is whole again: what was held back takes effect now (ROE-22)."""
    from dealreg.feed.commands import ReconcileFeed

    command = ReconcileFeed(source=source, gap=gap, reason=reason)
    with house() as at:
        show(ask(at, claims(as_whom, subject, program), command, key).answer, as_json=as_json)
