"""`dealreg audit log`: who looked at the trail, at what, when and why."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from dealreg.cli.asking import JsonFlag, Program, claims, house, show_rows
from dealreg.cli.looking import Reason, looked, operator

_FORMATS = ["%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]
_SHOWN = ["position", "recorded_at", "who", "role", "what", "about", "reason"]


def register(audit: typer.Typer) -> None:
    """Add the verb."""
    audit.command("log")(log)


def log(
    about: Annotated[
        str | None, typer.Argument(help="Part of what they are about: an id, `registration`, a form.")
    ] = None,
    *,
    by: Annotated[str | None, typer.Option("--by", help="Only of this subject, such as login:anna.")] = None,
    since: Annotated[datetime | None, typer.Option(formats=_FORMATS, help="From this instant on; UTC.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=_FORMATS, help="Before this instant; UTC.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, the newest first.")] = 100,
    reason: Reason = None,
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """Who asked the trail what, who exported what, when and why, newest first; this question is recorded too."""
    from dealreg.service.trail.looking import accesses
    from dealreg.service.trail.recording import in_words

    who = claims("auditor", operator(), program)
    with house() as at:
        looked(at, who, "audit log", in_words({"about": about or ""}, {}) or "everything", reason)
        found = accesses(
            at.audited, by=by, about=about, program=program, since=_utc(since), until=_utc(until), limit=limit
        )
    show_rows([one.model_dump() for one in found], _SHOWN, as_json=as_json)


def _utc(when: datetime | None) -> datetime | None:
    return when.replace(tzinfo=UTC) if when is not None and when.tzinfo is None else when
