"""`dealreg conflicts`: what met on a line, what the rulebook proposes, and the desk's ruling."""

from typing import Annotated
from uuid import UUID

import typer

from dealreg.cli.asking import As, JsonFlag, Program, RequestKey, ask, claims, house, show, show_rows

COLUMNS = ("conflict", "kind", "state", "customer_name", "line", "territory", "clause", "detected_at", "ruling_to")
APPEALS = ("registration", "line", "against", "state", "appealed_by", "decided_by", "reason", "ruling_to")
Conflict = Annotated[UUID, typer.Argument(metavar="CONFLICT")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    verbs = typer.Typer(
        no_args_is_help=True, help="Claims that met on a line: list them, look at one, rule; what was appealed."
    )
    verbs.command("list")(list_)
    verbs.command("show")(show_)
    verbs.command("rule")(rule)
    verbs.command("appeals")(appeals)
    app.add_typer(verbs, name="conflicts")


def list_(
    *,
    state: Annotated[
        str | None,
        typer.Option(help="open (the ruling due first comes first), detected, proposed, ruled, appealed or closed."),
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="Such as tie, cross_tier, horizontal_dealer, compliance, identity.")
    ] = None,
    region: Annotated[str | None, typer.Option(help="Only this territory.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
    as_whom: As = "deal_desk",
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """Conflicts, newest first; or those that are open."""
    from dealreg.service.questions import Questions

    who = claims(as_whom, "cli", program)
    asked = {"kind": kind, "territory": region, "limit": limit, **({} if state == "open" else {"state": state})}
    with house() as at:
        found = Questions(at.reading, who).ask("conflict_queue", "open" if state == "open" else "newest", **asked)
    show_rows(found.rows, COLUMNS, as_json=as_json)


def show_(conflict: Conflict, *, as_whom: As = "deal_desk", program: Program = None, as_json: JsonFlag = False) -> None:
    """One conflict in full: parties, proposal with its reasons, ruling. Exit code 1 when there is none of that id."""
    from dealreg.service.insight import Insight

    who = claims(as_whom, "cli", program)
    with house() as at:
        show(Insight(at.replay, who).conflict(conflict, None), as_json=as_json)


def rule(
    conflict: Conflict,
    *,
    ruling: Annotated[
        str,
        typer.Option(help="uphold_incumbent, award_challenger, split_lines, join, share or refer; on appeal the same."),
    ],
    reason: Annotated[str, typer.Option(help="Why, in words; it stands in the ruling.")],
    subject: Annotated[str, typer.Option(help="A pseudonym of who rules; it stands in the ruling.")],
    awarded: Annotated[
        UUID | None, typer.Option(help="The registration that prevails, where there are several.")
    ] = None,
    part: Annotated[
        list[str] | None,
        typer.Option(help="With split_lines: REGISTRATION=TERRITORY[:SITE,SITE]; several times.", metavar="PART"),
    ] = None,
    refer_to: Annotated[str | None, typer.Option(help="With refer: the pseudonym of who is to rule.")] = None,
    key: RequestKey = None,
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """Rule as the deal desk, on a conflict or on its appeal. Exit code 1 when it is ruled already or may not be ruled so."""
    from dealreg.conflict.commands import RuleOnConflict

    parts = [_part(said) for said in part or ()]
    said = {"conflict": conflict, "ruling": ruling, "awarded": awarded, "reason": reason}
    command = RuleOnConflict.model_validate({**said, "parts": parts, "refer_to": refer_to})
    with house() as at:
        show(ask(at, claims("deal_desk", subject, program), command, key).answer, as_json=as_json)


def appeals(
    *,
    state: Annotated[
        str | None, typer.Option(help="open (the judgement due first comes first), waits, upheld or reversed.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
    as_whom: As = "deal_desk",
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """Declines, releases and refused extensions that a partner appealed (ROE-29)."""
    from dealreg.service.questions import Questions

    who = claims(as_whom, "cli", program)
    asked = {"limit": limit, **({} if state == "open" else {"state": state})}
    with house() as at:
        found = Questions(at.reading, who).ask("appeals", "open" if state == "open" else "newest", **asked)
    show_rows(found.rows, APPEALS, as_json=as_json)


def _part(said: str) -> dict[str, object]:
    """``R=DE-NORTH`` or ``R=DE:plant a,plant b``. Raises ``BadParameter``."""
    registration, _, scope = said.partition("=")
    territory, _, sites = scope.partition(":")
    if not territory:
        raise typer.BadParameter(f"{said!r} is not REGISTRATION=TERRITORY[:SITE,SITE]")
    return {
        "registration": registration,
        "scope": {"territory": territory, "sites": [site.strip() for site in sites.split(",") if site.strip()]},
    }
