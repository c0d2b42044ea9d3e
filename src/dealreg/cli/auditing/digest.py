"""`dealreg audit digest`: one digest of everything that a size of the log says, folded and projected."""

import sys
from typing import Annotated

import typer

from dealreg.cli.asking import JsonFlag, Program, claims, house, show
from dealreg.cli.looking import Reason, looked
from dealreg.cli.moments import AtSize, past


def register(audit: typer.Typer) -> None:
    """Add the verb."""
    audit.command("digest")(digest)


def digest(
    *,
    at_size: AtSize = None,
    streams_only: Annotated[
        bool, typer.Option("--streams-only", help="Fold the streams and build no read model.")
    ] = False,
    reason: Reason = None,
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """Fold every stream and build every read model up to a size of the log: two replays of one log give one digest."""
    from dealreg.cli.past_models import about
    from dealreg.cli.rebuild import bar
    from dealreg.service.past.digesting import digest_at
    from dealreg.service.settings import Role

    then = past(None, None, at_size)
    who = claims("auditor", "cli", program)
    with house() as at, bar(shown=not as_json and sys.stderr.isatty()) as progress:
        looked(at, who, "digest", about({}, {}, then), reason)
        url = at.settings.database_url(Role.PROJECTOR)
        found = digest_at(at.audited, url, at.replay.moment(then), models=not streams_only, progress=progress)
    show(found, as_json=as_json)
