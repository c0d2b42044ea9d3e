"""`dealreg identity`: which customers may be one, side by side, and what a person tells of it (ROE-24)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from dealreg.cli.asking import As, JsonFlag, Program, RequestKey, Subject, ask, claims, house, show, show_rows

if TYPE_CHECKING:
    from dealreg.vocabulary.fact import Command

COLUMNS = (
    "one", "other", "one_name", "other_name", "one_place", "other_place", "ground", "score", "alike", "asked_at", "decide_to",
    "overdue",
)  # fmt: skip
SIDES = ("customer", "name", "country", "place", "street", "postcode", "identifiers")
Customer = Annotated[UUID, typer.Argument(metavar="CUSTOMER")]
Other = Annotated[UUID, typer.Argument(metavar="OTHER")]
Reason = Annotated[str, typer.Option(help="Why, in words; it stands in the ledger.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    verbs = typer.Typer(no_args_is_help=True, help="Who is one customer: questions side by side, and their answers.")
    for verb in (confirm, reject, merge, undo, split, parent):
        verbs.command(verb.__name__)(verb)
    verbs.command("list")(list_)
    verbs.command("show")(show_)
    app.add_typer(verbs, name="identity")


def list_(
    *,
    customer: Annotated[UUID | None, typer.Option(help="Only questions about this customer, told ones too.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
    as_whom: As = "deal_desk",
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """What a person must tell, the question that was asked first comes first."""
    from dealreg.service.questions import Questions

    query = ("open", {"limit": limit}) if customer is None else ("of_customer", {"customer": customer})
    with house() as at:
        rows = Questions(at.reading, claims(as_whom, "cli", program)).ask("identity_review", query[0], **query[1]).rows
    show_rows(rows, COLUMNS, as_json=as_json)


def show_(
    customer: Customer,
    other: Other,
    *,
    as_whom: As = "deal_desk",
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """Both side by side: descriptions, what speaks for and against, the claims at stake. Exit code 1 when nobody asked."""
    from dealreg.service.identity.evidence import evidence
    from dealreg.service.questions import Questions

    with house() as at:
        row, _ = evidence(Questions(at.reading, claims(as_whom, "cli", program)), customer, other)
    if as_json:
        show(row, as_json=True)
        return
    show_rows([_side(row, side) for side in ("one", "other")], SIDES, as_json=False)
    show_rows(
        [{"reason": one["text"], "speaks": "for" if one["speaks_for"] else "against"} for one in row["reasons"]],
        ("speaks", "reason"),
        as_json=False,
    )
    claims_ = [{"of": side, **claim} for side in ("one", "other") for claim in row[f"{side}_claims"]]
    show_rows(claims_, list(claims_[0]) if claims_ else ("of",), as_json=False)
    left = ("ground", "score", "method", "state", "asked_at", "waiting_hours", "decide_to", "overdue", "told_by")
    show({name: row[name] for name in left}, as_json=False)


def _side(row: Mapping[str, Any], side: str) -> dict[str, Any]:
    names = " ".join(f"{known['scheme']} {known['value']}" for known in row[f"{side}_identifiers"])
    return {"customer": row[side], **{name: row[f"{side}_{name}"] for name in SIDES[1:-1]}, "identifiers": names}


def confirm(
    customer: Customer,
    other: Other,
    *,
    reason: Reason,
    subject: Subject = "cli",
    key: RequestKey = None,
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """The two are one: OTHER answers with CUSTOMER from here on, its claims stand in that one's file."""
    merge(customer, other, reason=reason, subject=subject, key=key, program=program, as_json=as_json)


def merge(
    customer: Customer,
    other: Other,
    *,
    reason: Reason,
    subject: Subject = "cli",
    key: RequestKey = None,
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """Merge OTHER into CUSTOMER, whether anybody asked or not."""
    from dealreg.customer.commands import MergeCustomers

    _tell(MergeCustomers(customer=customer, absorbed=other, reason=reason), subject, key, program, as_json=as_json)


def reject(
    customer: Customer,
    other: Annotated[
        UUID | None, typer.Argument(metavar="[OTHER]", help="Left out: from all that it was asked about by name.")
    ] = None,
    *,
    reason: Reason,
    subject: Subject = "cli",
    key: RequestKey = None,
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """The two are different, and nobody asks again."""
    from dealreg.customer.commands import TellCustomersApart

    _tell(TellCustomersApart(customer=customer, other=other, reason=reason), subject, key, program, as_json=as_json)


def undo(
    customer: Customer,
    *,
    reason: Reason,
    subject: Subject = "cli",
    key: RequestKey = None,
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """CUSTOMER was merged wrongly: what came from it and is still there goes back."""
    from dealreg.customer.commands import UndoMerge

    _tell(UndoMerge(customer=customer, reason=reason), subject, key, program, as_json=as_json)


def split(
    customer: Customer,
    *,
    identifier: Annotated[
        list[str] | None, typer.Option(help="One that goes; several times.", metavar="SCHEME=VALUE")
    ] = None,
    registration: Annotated[list[UUID] | None, typer.Option(help="One that goes; several times.")] = None,
    to: Annotated[UUID | None, typer.Option(help="The customer that they go to; left out, a new one.")] = None,
    name: Annotated[str | None, typer.Option(help="The new one's name.")] = None,
    country: Annotated[str | None, typer.Option(help="Its country, two letters.")] = None,
    place: Annotated[str | None, typer.Option(help="Its place.")] = None,
    street: Annotated[str | None, typer.Option(help="Its street with the number.")] = None,
    postcode: Annotated[str | None, typer.Option(help="Its postcode.")] = None,
    reason: Reason,
    subject: Subject = "cli",
    key: RequestKey = None,
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """CUSTOMER was two from the beginning: identifiers and registrations go to another one, with all that they claim."""
    from dealreg.customer.commands import SplitCustomer

    described = {"name": name, "country": country, "place": place, "street": street, "postcode": postcode}
    goes = {"identifiers": [_identifier(said) for said in identifier or ()], "registrations": registration or ()}
    command = SplitCustomer.model_validate({"customer": customer, "to": to, "reason": reason, **described, **goes})
    _tell(command, subject, key, program, as_json=as_json)


def parent(
    customer: Customer,
    above: Annotated[UUID | None, typer.Argument(metavar="[PARENT]", help="Left out: it stands by itself.")] = None,
    *,
    held_from: Annotated[str | None, typer.Option(help="From when on, as 2026-07-01T00:00:00Z; left out, now.")] = None,
    subject: Subject = "cli",
    key: RequestKey = None,
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """Name the company above CUSTOMER; never one that stands below it."""
    from dealreg.customer.commands import NameParentCompany

    said = {"customer": customer, "parent": above, "held_from": held_from}
    _tell(NameParentCompany.model_validate(said), subject, key, program, as_json=as_json)


def _tell(command: "Command", subject: str, key: str | None, program: str | None, *, as_json: bool) -> None:
    with house() as at:
        show(ask(at, claims("deal_desk", subject, program), command, key).answer, as_json=as_json)


def _identifier(said: str) -> dict[str, str]:
    """``vat=DE136695976``. Raises ``BadParameter``."""
    scheme, equals, value = said.partition("=")
    if not equals:
        raise typer.BadParameter(f"{said!r} is no SCHEME=VALUE", param_hint="--identifier")
    return {"scheme": scheme, "value": value}
