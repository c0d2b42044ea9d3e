"""`dealreg audit retention`: what is kept longer than its class is kept, and its end."""

import re
from dataclasses import asdict
from typing import Annotated

import typer

from dealreg.cli.asking import As, JsonFlag, Program, claims, house, show, show_rows
from dealreg.cli.auditing.erase import Asking
from dealreg.cli.looking import operator
from dealreg.cli.progress import bars

_PERIOD = re.compile(r"(\d{1,5})d?")


def register(audit: typer.Typer) -> None:
    """Add the verbs."""
    verbs = typer.Typer(no_args_is_help=True, help="How long what is personal is kept, by class.")
    verbs.command("list")(list_)
    verbs.command("apply")(apply)
    audit.add_typer(verbs, name="retention")


def list_(*, as_json: JsonFlag = False) -> None:
    """Each class with its period, how many are older, and how many of those stay under legal holds."""
    from dealreg.service.erasing import retention

    rows = []
    with house() as at:
        for kept_class, told in retention.CLASSES.items():
            days = retention.kept_days(at.settings, kept_class)
            due = retention.due(at.ledger, kept_class, retention.since(days), most=1) if days is not None else None
            counted = {"due": due.due, "held": due.held} if due is not None else {"due": None, "held": None}
            rows.append(
                {"class": kept_class, "days": days if days is not None else "until erased", **counted, "what": told}
            )
    show_rows(rows, ("class", "days", "due", "held", "what"), as_json=as_json)


def apply(
    *,
    kept_class: Annotated[str, typer.Option("--class", help="dead_letters, registrations or opportunities.")],
    older_than: Annotated[
        str | None, typer.Option("--older-than", help="Days, such as 730d. Left out, the period of the class.")
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", help="Why; it is recorded and stays for ever, so it names no person.")
    ] = "older than its class is kept",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how many would go, and change nothing.")] = False,
    as_whom: As = "deal_desk",
    asking: Asking = None,
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """Delete what is older, a thousand a transaction, each with its fact; broken off, the same call goes on.

    What a legal hold stands over is kept: then the exit code is 1, and the refusal is recorded.
    """
    from dealreg.service.erasing import asking as asked
    from dealreg.service.erasing import retention

    by = asked.by(claims(as_whom, asking or operator(), program), reason)
    with house() as at, bars() as steps:
        kept_from = retention.since(_days(older_than, retention.kept_days(at.settings, kept_class)))
        due = retention.due(at.ledger, kept_class, kept_from, most=1)
        if dry_run:
            show(
                {"class": kept_class, "kept_from": kept_from, "would_go": due.due - due.held, "held": due.held},
                as_json=as_json,
            )
            return
        done, before = steps(kept_class, due.due - due.held), [0]

        def tell(gone: int, _of: int) -> None:
            done(gone - before[0])
            before[0] = gone

        retired = retention.apply(at.audited, kept_class, kept_from, by, tell)
        show(asdict(retired), as_json=as_json)
        retention.refuse_held(at.audited, at.audited, retired, by)


def _days(said: str | None, configured: int | None) -> int:
    """Raises ``typer.BadParameter`` where neither says a period."""
    if said is None:
        if configured is None:
            raise typer.BadParameter("this class has no period of its own; say one", param_hint="--older-than")
        return configured
    found = _PERIOD.fullmatch(said.strip())
    if found is None:
        raise typer.BadParameter("a number of days, such as 90d", param_hint="--older-than")
    return int(found[1])
