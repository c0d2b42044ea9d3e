"""`dealreg migrate`: bring the database to the shape that this build needs."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from dealreg.service.settings import Settings


def register(app: typer.Typer) -> None:
    """The verb `migrate`."""
    app.command()(migrate)


def migrate(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Only say what is missing; exit code 1 when something is.")
    ] = False,
    superuser_sql: Annotated[
        bool,
        typer.Option("--superuser-sql", help="Only print what a superuser runs in the database after each migration."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The result as JSON.")] = False,
) -> None:
    """Apply what the database is missing: roles, the ledger, the tables beside it and those of the read models; and the feed's stream.

    Running it again, or several at once, changes nothing more. DATABASE_URL_OWNER or DATABASE_URL names the database. Where that login
    or DATABASE_URL_SUPERUSER is a superuser, the schema is frozen and `watch` may read the log of changes.
    """
    from dealreg.cli import exit_codes
    from dealreg.service import migrating
    from dealreg.service.settings import Role, Settings

    if superuser_sql:
        from dealreg.service.guarding.superuser import script

        typer.echo(script())
        return
    settings = Settings()
    url = settings.database_url(Role.OWNER)
    if check:
        missing = migrating.pending(url)
        words = f"missing: {', '.join(missing)}; run `dealreg migrate`" if missing else "nothing is missing"
        typer.echo(json.dumps({"missing": missing}) if as_json else words)
        raise typer.Exit(exit_codes.NO if missing else exit_codes.DONE)
    applied = migrating.migrate(url)
    guard, feed = _guard(settings, url), _provision_feed(settings)
    words = f"{applied} migrations applied" if applied else "nothing was missing"
    told = {"applied": applied, "guard": guard, "feed": feed}
    typer.echo(json.dumps(told) if as_json else f"{words}; guard: {guard}; feed: {feed}")


def _guard(settings: "Settings", url: str) -> str:
    """What needs a superuser, where there is one."""
    from dealreg.service.guarding import superuser
    from dealreg.service.watching.preparing import prepare

    own = settings.database_superuser or (url if superuser.is_superuser(url) else None)
    if own is None:
        return "left out, no superuser is known; see `dealreg migrate --superuser-sql`"
    superuser.set_up(own)
    prepare(own, settings.watch_slot)
    return "set up"


def _provision_feed(settings: "Settings") -> str:
    """The stream and the durable of the feed in the broker, and the stream of checkpoints, where a broker is known."""
    from dealreg.service.embedded.trouble import NoServer
    from dealreg.service.intake.broker import Size, provision_broker
    from dealreg.service.outbox.taking import provision_outbox
    from dealreg.service.witnessing.announcing import provision_checkpoints

    try:
        url = settings.intake_url()
    except NoServer:
        return "left out, no broker is known; set INTAKE_URL"
    size = Size(settings.intake_replicas, settings.intake_partitions)
    made = [provision_broker(url, size=size), provision_checkpoints(url, size=size), provision_outbox(url)]
    return "made" if any(made) else "there"
