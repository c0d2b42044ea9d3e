"""`dealreg partners`: who takes part in a program."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dealreg.cli.asking import JsonFlag, Program, Subject, ask, claims, house, show_rows

if TYPE_CHECKING:
    from dealreg.partner.commands import EnrolPartner
    from dealreg.service.ledger.recorded import PersonalRow


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    partners = typer.Typer(no_args_is_help=True, help="Who takes part in the program.")
    partners.command("enrol")(enrol)
    app.add_typer(partners, name="partners")


def enrol(
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="A list of partners in YAML, those above before those below.")
    ],
    *,
    subject: Subject = "cli",
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """Enrol partners as the deal desk, one after another. The same file again changes nothing."""
    who = claims("deal_desk", subject, program)
    commands = [_enrolment(said, who.program) for said in _partners(path)]
    rows = []
    with house() as at:
        for command, personal in commands:
            done = ask(at, who, command, None, personal)
            rows.append({**done.answer, "repeated": done.repeated})
    show_rows(rows, ["partner", "effective_from", "repeated"], as_json=as_json)


def _partners(path: Path) -> list[dict[str, Any]]:
    """Everything is text in the file (a partner named NO is no boolean); pydantic gives it its type."""
    import yaml

    found = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - makes text and nothing else
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise typer.BadParameter(f"{path} is no list of partners")
    return found


def _enrolment(said: dict[str, Any], program: str) -> "tuple[EnrolPartner, list[PersonalRow]]":
    """A partner's name may be a person's: it is sealed."""
    from dealreg.partner.commands import EnrolPartner
    from dealreg.service.personal import seal

    given, rows = dict(said), []
    if name := given.pop("display_name", None):
        given["display_name"], row = seal(f"partner:{program}:{given.get('partner')}", str(name))
        rows.append(row)
    return EnrolPartner.model_validate(given), rows
