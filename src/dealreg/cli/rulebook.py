"""`dealreg rulebook`: a version of the rules of engagement, from a file to force."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dealreg.cli.asking import JsonFlag, Program, RequestKey, Subject, ask, claims, house, show, show_rows
from dealreg.cli.backtest import backtest

if TYPE_CHECKING:
    from dealreg.engagement.rulebook import RulebookDocument
    from dealreg.service.mirroring.rulebook_fields import Mirrored

RulebookFile = Annotated[Path, typer.Argument(metavar="FILE", help="A rulebook in YAML.")]
Version = Annotated[
    str, typer.Argument(help="A file, the name of a shipped rulebook (reference, …), or that of a published version.")
]
YAML_ENDINGS = frozenset({".yaml", ".yml"})


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    rulebook = typer.Typer(
        no_args_is_help=True,
        help="The rules of engagement: check a version, compare it, try it on what was, publish it.",
    )
    for verb in (check, diff, publish, versions, manual):
        rulebook.command(verb.__name__)(verb)
    rulebook.command("backtest")(backtest)
    app.add_typer(rulebook, name="rulebook")


def check(
    path: RulebookFile,
    *,
    mirror: Annotated[
        bool,
        typer.Option(
            "--mirror",
            help="Hold it against this installation too: fields that a CRM has of its own may be named in guards as they "
            "were learned, and what CRMs send otherwise is told.",
        ),
    ] = False,
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """Whether a rulebook hangs together, and which clauses it has in force. Exit code 1 when it does not."""
    from dealreg.cli import exit_codes
    from dealreg.service import rulebooks

    checked = rulebooks.check(_text(path), _mirrored(program) if mirror else None)
    if checked.holds:
        show(checked.model_dump(mode="json", exclude={"faults"}), as_json=as_json)
        return
    if as_json:
        show(checked.model_dump(mode="json", include={"holds", "faults"}), as_json=True)
    else:
        typer.echo("\n".join(checked.faults), err=True)
    raise typer.Exit(exit_codes.NO)


def publish(path: RulebookFile, *, subject: Subject = "cli", key: RequestKey = None, as_json: JsonFlag = False) -> None:
    """Publish a version as the deal desk; running windows keep what they were given. The same file again changes nothing."""
    from dealreg.rulebook.commands import PublishRulebook

    document = _completed(path)
    who = claims("deal_desk", subject, document.program)
    with house() as at:
        done = ask(at, who, PublishRulebook(document=document), key)
    show({**done.answer, "repeated": done.repeated}, as_json=as_json)


def versions(*, program: Program = None, as_json: JsonFlag = False) -> None:
    """The published versions, in the order published, and which is in force."""
    from dealreg.service.rulebooks import Rulebooks

    who = claims("auditor", "cli", program)
    with house() as at:
        found = Rulebooks(at.replay, who.program).versions(datetime.now(UTC))
    columns = ["version", "title", "force_from", "published_at", "published_by", "in_force"]
    show_rows([one.model_dump() for one in found], columns, as_json=as_json)


def diff(before: Version, after: Version, *, program: Program = None, as_json: JsonFlag = False) -> None:
    """What the second version says differently, setting by setting, and the clauses whose cases it touches. Exit code 0 either way."""
    from dealreg.service.rulebooks import differences

    found = differences(_version(before, program), _version(after, program))
    if as_json:
        show(found, as_json=True)
        return
    if not found.changes:
        typer.echo(f"{found.before} and {found.after} say the same.")
        return
    rows = [one.model_dump() | {"touches": ", ".join(one.touches) or "none"} for one in found.changes]
    show_rows(rows, ["setting", "before", "after", "touches"], as_json=False)
    for one in found.changes:
        typer.echo(f"{one.words}.")


def manual() -> None:
    """Every clause with its parameters, every other setting, and every fact that a guard may speak of, as a page in Markdown."""
    from dealreg.service.rulebook_page import page

    typer.echo(page(), nl=False)


def _version(name: str, program: str | None) -> "RulebookDocument":
    """The rulebook of a file, a shipped one, or a published version."""
    from importlib import resources

    from dealreg.engagement.document import load
    from dealreg.service.rulebooks import Rulebooks

    path = Path(name)
    if path.is_file() or path.suffix in YAML_ENDINGS:
        return _document(path)
    shipped = resources.files("dealreg") / "rulebooks" / f"{name}.yaml"
    if name.isidentifier() and shipped.is_file():
        return load(shipped.read_text(encoding="utf-8"))
    who = claims("auditor", "cli", program)
    with house() as at:
        return Rulebooks(at.replay, who.program).document(name)


def _document(path: Path) -> "RulebookDocument":
    """The rulebook in a file. Raises ``typer.BadParameter`` with every fault."""
    from dealreg.engagement.document import DocumentError, load

    try:
        return load(_text(path))
    except DocumentError as error:
        raise typer.BadParameter(str(error), param_hint="FILE") from error


def _completed(path: Path) -> "RulebookDocument":
    """The rulebook in a file; fields of CRMs that its guards name and it does not declare are declared as they were learned."""
    from dealreg.engagement.document import DocumentError, load
    from dealreg.engagement.guards.checking import UNDECLARED
    from dealreg.service.mirroring.rulebook_fields import declarable

    text = _text(path)
    try:
        return load(text)
    except DocumentError as error:
        if not all(UNDECLARED in fault for fault in error.faults):
            raise typer.BadParameter(str(error), param_hint="FILE") from error
    try:
        return load(text, declarable(_mirrored(None)))
    except DocumentError as error:
        raise typer.BadParameter(str(error), param_hint="FILE") from error


def _mirrored(program: str | None) -> "tuple[Mirrored, ...]":
    """What this installation knows of CRMs' own fields."""
    from dealreg.service.mirroring.rulebook_fields import mirrored
    from dealreg.service.questions import Questions

    with house() as at:
        return mirrored(Questions(at.reading, claims("deal_desk", "cli", program)))


def _text(path: Path) -> str:
    """What stands in a file. Raises ``typer.BadParameter`` where it is no text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"{path} is no text in UTF-8; save it as such", param_hint="FILE") from error
