"""`dealreg rulebook` and `dealreg partners`: a program's rules, and who takes part in it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dealreg.cli.asking import JsonFlag, Program, RequestKey, Subject, ask, claims, house, show, show_rows
from dealreg.cli.backtest import backtest

if TYPE_CHECKING:
    from dealreg.engagement.rulebook import RulebookDocument
    from dealreg.partner.commands import EnrolPartner
    from dealreg.service.ledger.recorded import PersonalRow

RulebookFile = Annotated[Path, typer.Argument(metavar="FILE", help="A rulebook in YAML.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    rulebook = typer.Typer(no_args_is_help=True, help="The rules of engagement: check a version, publish it.")
    rulebook.command("check")(check)
    rulebook.command("publish")(publish)
    rulebook.command("backtest")(backtest)
    app.add_typer(rulebook, name="rulebook")
    partners = typer.Typer(no_args_is_help=True, help="Who takes part in the program.")
    partners.command("enrol")(enrol)
    app.add_typer(partners, name="partners")


def check(path: RulebookFile, *, as_json: JsonFlag = False) -> None:
    """Whether a rulebook hangs together, and which clauses it has in force. Exit code 1 when it does not."""
    from dealreg.cli import exit_codes
    from dealreg.engagement.document import DocumentError

    try:
        document = _document(path)
    except DocumentError as error:
        typer.echo(json.dumps({"faults": error.faults}) if as_json else "\n".join(error.faults), err=not as_json)
        raise typer.Exit(exit_codes.NO) from error
    clauses = [
        info.alias
        for name, info in type(document.clauses).model_fields.items()
        if info.alias and getattr(document.clauses, name).in_force
    ]
    show(
        {
            "program": document.program,
            "version": document.version,
            "force_from": document.force_from.isoformat(),
            "territories": len(document.territories),
            "product_lines": [line.line for line in document.product_lines],
            "clauses": clauses,
        },
        as_json=as_json,
    )


def publish(path: RulebookFile, *, subject: Subject = "cli", key: RequestKey = None, as_json: JsonFlag = False) -> None:
    """Publish a version as the deal desk; running windows keep what they were given. The same file again changes nothing."""
    from dealreg.engagement.document import DocumentError
    from dealreg.rulebook.commands import PublishRulebook

    try:
        document = _document(path)
    except DocumentError as error:
        raise typer.BadParameter(str(error), param_hint="FILE") from error
    who = claims("deal_desk", subject, document.program)
    with house() as at:
        done = ask(at, who, PublishRulebook(document=document), key)
    show({**done.answer, "repeated": done.repeated}, as_json=as_json)


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


def _document(path: Path) -> "RulebookDocument":
    from dealreg.engagement.document import load

    return load(path.read_text(encoding="utf-8"))


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
