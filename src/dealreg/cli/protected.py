"""`dealreg protected`: what was protected where, on any day, as known on any other."""

from typing import Annotated

import typer

from dealreg.cli.asking import As, JsonFlag, Program, claims, house, show, show_rows
from dealreg.cli.looking import Reason, looked
from dealreg.cli.moments import AtSize, day_or_instant, past
from dealreg.cli.past_models import about


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("protected")(protected)


def protected(
    *,
    on: Annotated[
        str, typer.Option("--on", metavar="DAY", help="A day in the program's time zone, or an instant with an offset.")
    ],
    region: Annotated[str | None, typer.Option("--region", help="A territory with all below it.")] = None,
    as_known: Annotated[
        str | None, typer.Option("--as-known", metavar="T", help="As known at this recorded instant; left out, now.")
    ] = None,
    at_size: AtSize = None,
    partner: Annotated[str | None, typer.Option("--partner", help="This partner's legs alone.")] = None,
    line: Annotated[str | None, typer.Option("--line", help="This product line alone.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="At most so many pieces.")] = 1000,
    as_whom: As = "auditor",
    reason: Reason = None,
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """What was protected in a region on a day, as known now or at another instant: from the interval model, nothing is folded."""
    from dealreg.service.past.protected import protected as protected_then
    from dealreg.service.telling import as_of as told_as_of

    then = past(as_known, None, at_size)
    who = claims(as_whom, "cli", program)
    with house() as at:
        looked(
            at,
            who,
            "protected",
            about({}, {"on": on, "region": region, "partner": partner, "line": line}, then),
            reason,
        )
        wanted = {"partner": partner, "line": line, "limit": limit}
        found = protected_then(at.reading, at.replay, who, day_or_instant(on), then, region, **wanted)
    if as_json:
        told = told_as_of(found.moment).model_dump(mode="json")
        show(
            {
                "as_of": told,
                "begins": found.begins,
                "ends": found.ends,
                "behind": found.found.behind,
                "intervals": found.found.rows,
            },
            as_json=True,
        )
        return
    columns = [
        "customer_name",
        "line",
        "tier",
        "partner",
        "territory",
        "state",
        "valid_from",
        "valid_to",
        "known_from",
        "known_to",
        "event",
    ]
    show_rows(found.found.rows, columns, as_json=False)
    if found.found.behind:
        typer.echo(f"the read model lacks {found.found.behind} facts that were recorded by then; ask again", err=True)
