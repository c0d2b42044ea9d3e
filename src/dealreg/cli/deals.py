"""`dealreg deals` and `dealreg file`: registrations as a caller reads them, and a new one."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from dealreg.cli.asking import As, JsonFlag, Program, RequestKey, Subject, ask, claims, house, show, show_rows

COLUMNS = ("registration", "customer_name", "line", "tier", "partner", "state", "clause", "window_to")


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("deals")(deals)
    app.command("file")(file)


def deals(
    *,
    as_whom: As = "deal_desk",
    state: Annotated[str | None, typer.Option(help="Only legs in this state.")] = None,
    region: Annotated[str | None, typer.Option(help="Only this territory.")] = None,
    customer: Annotated[str | None, typer.Option(help="Only this end customer's id.")] = None,
    field: Annotated[
        str | None,
        typer.Option(
            metavar="NAME=VALUE", help="Only where this field of the CRM's own has this value, as JSON writes it."
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many legs.")] = 100,
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """Registrations leg by leg, newest first, exactly as this caller may read them."""
    from dealreg.service.questions import DEALS, Questions

    who = claims(as_whom, "cli", program)
    with house() as at:
        name, _, value = field.partition("=") if field is not None else (None, "", None)
        asked = {
            "state": state,
            "territory": region,
            "customer": customer,
            "field": name,
            "equals": value,
            "limit": limit,
        }
        found = Questions(at.reading, who).ask(DEALS[who.role], "newest", **asked)
    show_rows(found.rows, COLUMNS, as_json=as_json)


def file(
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="A registration in JSON, as POST /registrations takes it.")
    ],
    *,
    as_whom: As,
    subject: Subject = "cli",
    key: RequestKey = None,
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """File a registration as a partner. Exit code 1 when it is refused; a decline is an answer, and 0."""
    from dealreg.registration.commands import FileRegistration
    from dealreg.service.personal import seal

    try:
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise typer.BadParameter(f"{path} is not JSON: {error}") from error
    who, rows = claims(as_whom, subject, program), []
    contact = said.pop("contact", None)
    if contact is not None:
        said["contact"], row = seal(str(contact).strip().casefold(), str(contact))
        rows.append(row)
    command = FileRegistration.model_validate({"filed_by": who.partner, **said})
    with house() as at:
        show(ask(at, who, command, key, rows).answer, as_json=as_json)
