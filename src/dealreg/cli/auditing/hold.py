"""`dealreg audit hold`: legal holds, which nothing is deleted under."""

from dataclasses import asdict
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import typer

from dealreg.cli.asking import As, JsonFlag, Program, RequestKey, claims, house, show, show_rows
from dealreg.cli.auditing.erase import Asking, Why
from dealreg.cli.looking import Reason, looked, operator


class Kind(StrEnum):
    """What a hold is laid on."""

    SUBJECT = "subject"
    DEAL = "deal"
    CUSTOMER = "customer"
    CONFLICT = "conflict"
    PROGRAM = "program"


def register(audit: typer.Typer) -> None:
    """Add the verbs."""
    verbs = typer.Typer(no_args_is_help=True, help="Legal holds: what stands under one is neither erased nor retired.")
    verbs.command("place")(place)
    verbs.command("lift")(lift)
    verbs.command("list")(list_)
    audit.add_typer(verbs, name="hold")


def place(
    kind: Annotated[Kind, typer.Argument(help="What it is laid on.")],
    about: Annotated[
        str, typer.Argument(metavar="WHAT", help="The person as `audit erase` takes it, an id, or a program's name.")
    ],
    *,
    matter: Annotated[str, typer.Option("--matter", help="The reference of the matter; it is recorded.")],
    reason: Why,
    key: RequestKey = None,
    as_whom: As = "deal_desk",
    asking: Asking = None,
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """Lay a hold; from its fact on nothing goes that it covers, whoever asks.

    A hold on a deal covers the CRM record it rides on, one on a conflict its deals, one on a customer all its deals, also those to come and
    those of whom it was merged with. Any hold but one on a person keeps every message that could not be decided.
    """
    from dealreg.service.erasing import asking as asked
    from dealreg.service.erasing import holds
    from dealreg.service.ledger.audit_facts import HoldKind

    who = claims(as_whom, asking or operator(), program)
    by = asked.by(who, reason, key)
    with house() as at:
        placed = holds.place(at.audited, HoldKind(kind.value), about, matter=matter, by=by)
    show(asdict(placed), as_json=as_json)


def lift(
    hold: Annotated[UUID, typer.Argument(help="The hold's id, as `audit hold list` shows it.")],
    *,
    reason: Why,
    as_whom: As = "deal_desk",
    asking: Asking = None,
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """End a hold: what it kept may go again. Exit code 1 when there never was one of that id."""
    from dealreg.service.erasing import asking as asked
    from dealreg.service.erasing import holds

    by = asked.by(claims(as_whom, asking or operator(), program), reason)
    with house() as at:
        lifted = holds.lift(at.audited, hold, by=by)
    show({"hold": hold, "lifted": lifted, "told": "lifted" if lifted else "it was lifted before"}, as_json=as_json)


def list_(
    *,
    reason: Reason = None,
    as_whom: As = "deal_desk",
    asking: Asking = None,
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """The holds that stand, the oldest first; a person is shown by the pseudonym of the fact."""
    from dealreg.service.erasing.asking import looking
    from dealreg.service.erasing.holds import listed

    who = looking(claims(as_whom, asking or operator(), program))
    with house() as at:
        looked(at, who, "holds", "all that stand", reason)
        rows = [asdict(one) for one in listed(at.audited)]
    show_rows(rows, ("hold", "kind", "about", "matter", "placed_at", "placed_by", "reason"), as_json=as_json)
