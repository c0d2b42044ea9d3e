"""`dealreg fields`: the fields that CRMs have of their own, their types, and the desk's word on one."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from dealreg.cli.asking import As, JsonFlag, Program, RequestKey, Subject, ask, claims, house, show, show_rows
from dealreg.cli.moments import AtSize, past

if TYPE_CHECKING:
    from dealreg.mirror.commands import DeclareFieldType
    from dealreg.vocabulary.field_types import Entity

COLUMNS = (
    "source",
    "entity",
    "name",
    "type",
    "learned",
    "by_mapping",
    "by_desk",
    "personal",
    "shown_to",
    "type_since",
    "carried",
    "misread",
)

Source = Annotated[str, typer.Argument(help="The CRM organisation, as its mapping calls it.")]
Name = Annotated[str, typer.Argument(help="The field, as the CRM calls it.")]
OfEntity = Annotated[str, typer.Option("--entity", help="Of which kind of record: opportunity or account.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    fields = typer.Typer(
        no_args_is_help=True,
        help="The fields that a CRM has of its own: which there are, of what type, and declaring one.",
    )
    fields.command("list")(listed)
    for verb in (then, history, declare):
        fields.command(verb.__name__)(verb)
    app.add_typer(fields, name="fields")


def listed(
    *,
    source: Annotated[str | None, typer.Option(help="Only this CRM organisation.")] = None,
    entity: Annotated[str | None, typer.Option(help="Only opportunity or account.")] = None,
    kind: Annotated[str | None, typer.Option("--type", help="text, whole, number, truth, instant or day.")] = None,
    misread: Annotated[
        bool, typer.Option("--misread", help="Only those of which values came that the declared type cannot read.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 1000,
    as_whom: As = "deal_desk",
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """Every field with its type, since when, how many records have a value of it, and what could not be read."""
    from dealreg.service.questions import Questions

    who = claims(as_whom, "cli", program)
    asked = {"source": source, "entity": entity, "type": kind, "misread": misread, "limit": limit}
    with house() as at:
        found = Questions(at.reading, who).ask("custom_fields", "newest", **asked)
    show_rows(found.rows, COLUMNS, as_json=as_json)


def then(
    source: Source,
    *,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="T", help="A recorded instant; left out, now.")
    ] = None,
    at_size: AtSize = None,
    entity: OfEntity = "opportunity",
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """The fields of a source as they were known at a moment, with the types of then."""
    from dealreg.service.mirroring.mirror import fields_then

    when = past(as_of, None, at_size)
    who = claims("deal_desk", "cli", program)
    with house() as at:
        found = fields_then(at.replay, who.program, source, _entity(entity), when)
    if as_json:
        show(found, as_json=True)
        return
    show_rows([one.model_dump(mode="json") for one in found.fields], ("name", *COLUMNS[3:9], "misread"), as_json=False)


def history(
    source: Source, name: Name, *, entity: OfEntity = "opportunity", program: Program = None, as_json: JsonFlag = False
) -> None:
    """What happened to one field: learned, changed, declared, taken back, misread."""
    from dealreg.service.questions import Questions

    who = claims("deal_desk", "cli", program)
    asked = {"source": source, "entity": _entity(entity), "name": name}
    with house() as at:
        found = Questions(at.reading, who).ask("custom_fields", "history", **asked)
    show_rows(
        found.rows, ("n", "what", "before", "after", "because", "record", "actor", "reason", "at"), as_json=as_json
    )


def declare(
    source: Source,
    name: Name,
    kind: Annotated[
        str | None,
        typer.Argument(
            metavar="TYPE",
            help="text, whole, number, truth, instant or day; left out, what was declared is taken back.",
        ),
    ] = None,
    *,
    entity: OfEntity = "opportunity",
    reason: Annotated[str | None, typer.Option(help="Why; it stands in what is recorded.")] = None,
    subject: Subject = "cli",
    key: RequestKey = None,
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """Say, as the deal desk, of what type a field is. Exit code 1 where the CRM has no such field."""
    from uuid import uuid4

    who = claims("deal_desk", subject, program)
    command = _command({"source": source, "entity": _entity(entity), "name": name, "type": kind})
    with house() as at:
        # Declared, taken back, declared again are three requests of one content: each has a name of its own.
        show(ask(at, who, command, key or f"cli:{uuid4()}", reason=reason).answer, as_json=as_json)


def _entity(name: str) -> "Entity":
    """Raises ``typer.BadParameter``."""
    from dealreg.vocabulary.field_types import Entity

    try:
        return Entity(name)
    except ValueError as error:
        raise typer.BadParameter(
            f"{name!r} is no kind of record; say opportunity or account", param_hint="--entity"
        ) from error


def _command(said: dict[str, Any]) -> "DeclareFieldType":
    """Raises ``typer.BadParameter``."""
    from pydantic import ValidationError

    from dealreg.mirror.commands import DeclareFieldType

    try:
        return DeclareFieldType.model_validate(said)
    except ValidationError as error:
        raise typer.BadParameter("; ".join(one["msg"] for one in error.errors()), param_hint="TYPE") from error
