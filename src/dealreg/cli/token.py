"""`dealreg token`: a bearer token of this installation's own key, for local use and for machines."""

import json
from datetime import UTC, datetime
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(token)


def token(
    *,
    role: Annotated[
        str, typer.Option(help="dealer, distributor, master_distributor, channel_manager, deal_desk, auditor or crm.")
    ],
    subject: Annotated[
        str | None, typer.Option(help="A pseudonym of who will carry it; left out, the role and what it acts for.")
    ] = None,
    partner: Annotated[str | None, typer.Option(help="The partner it acts for; every partner role has one.")] = None,
    region: Annotated[str | None, typer.Option(help="The territory of a channel manager.")] = None,
    level: Annotated[
        str | None, typer.Option(help="A level of approval for special prices that the bearer holds.")
    ] = None,
    team: Annotated[
        str | None, typer.Option(help="direct: the bearer sells direct, and does not rule on such conflicts (ROE-19).")
    ] = None,
    program: Annotated[str | None, typer.Option(help="The partner program; left out, PROGRAM.")] = None,
    hours: Annotated[float, typer.Option(help="How long it counts, at most 744.")] = 12,
    as_json: Annotated[bool, typer.Option("--json", help="With what it says and when it ends.")] = False,
) -> None:
    """Mint a bearer token, signed with the key of TOKEN_KEY (made where there is none)."""
    from dealreg.service.settings import Settings
    from dealreg.service.token_key import read_or_make
    from dealreg.service.tokens import mint
    from dealreg.vocabulary.fact import Actor

    settings = Settings()
    acting = Actor.model_validate(
        {
            "role": role,
            "subject": subject or f"{role}.{partner or region or 'all'}",
            "partner": partner,
            "region": region,
            "level": level,
            "team": team,
        }
    )
    chosen = program or settings.program
    try:
        minted = mint(read_or_make(settings.token_key_file), acting, chosen, seconds=int(hours * 3600))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    if not as_json:
        typer.echo(minted)
        return
    ends = datetime.fromtimestamp(datetime.now(UTC).timestamp() + hours * 3600, UTC)
    said = acting.model_dump(mode="json", exclude_none=True)
    typer.echo(
        json.dumps({"token": minted, "program": chosen, **said, "expires_at": ends.isoformat(timespec="seconds")})
    )
