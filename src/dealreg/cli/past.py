"""`dealreg history`, `as-of`, `diff`, `first-known`: what happened, how it was, what differs and why, since when a thing is known."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dealreg.cli.asking import As, JsonFlag, Program, claims, house, show, show_rows
from dealreg.cli.looking import Reason, looked
from dealreg.cli.moments import AtSize, past, pasts
from dealreg.cli.past_models import about, models_differ, whole_model

if TYPE_CHECKING:
    from dealreg.service.composition import House
    from dealreg.service.past.moment import When
    from dealreg.service.past.subject import Subject
    from dealreg.service.tokens import Claims

Identity = Annotated[
    str, typer.Argument(metavar="ID", help="A registration, a conflict, an override, a customer, or a partner's name.")
]
Effective = Annotated[
    str | None,
    typer.Option(
        "--effective", metavar="T", help="Of what was recorded only that which counts by this business instant."
    ),
]
Known = Annotated[
    str | None, typer.Option("--known", metavar="T", help="As known at this recorded instant; left out, now.")
]
ModelName = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="A whole read model in place of one thing; for auditors.")
]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("history")(history)
    app.command("as-of")(as_of)
    app.command("diff")(diff)
    app.command("first-known")(first_known)


def history(
    identity: Identity,
    *,
    when: Annotated[str | None, typer.Option("--as-of", metavar="T", help="What was recorded by this instant.")] = None,
    effective: Effective = None,
    at_size: AtSize = None,
    as_whom: As = "auditor",
    reason: Reason = None,
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """What happened, in order, with both times, actor, reason, clause and source; to partners and managers how each leg came to its state."""
    then = past(when, effective, at_size)
    with _opened(as_whom, program, "history", identity, then, reason=reason) as (at, who, subject):
        rows = _happened(at, who, subject, then)
    columns = [
        "position",
        "recorded_at",
        "effective_at",
        "event",
        "line",
        "actor_role",
        "actor_subject",
        "clause",
        "reason",
        "source",
    ]
    if rows and "event" not in rows[0]:
        columns = ["at", "line", "tier", "partner", "state", "clause"]
    show_rows(rows, columns, as_json=as_json)


def _happened(at: "House", who: "Claims", subject: "Subject", then: "When") -> "list[dict[str, Any]]":
    """The facts to those who read a whole program; of a registration to partners and managers the rows of their own model."""
    from dealreg.service.past.history import history as facts
    from dealreg.service.past.subject import Kind
    from dealreg.service.questions import DEALS, Questions
    from dealreg.service.replay import no_registration
    from dealreg.vocabulary.fact import PARTNER_ROLES, Role

    of_partner = who.role in PARTNER_ROLES
    if subject.kind is not Kind.REGISTRATION and not of_partner:
        return [one.model_dump(mode="json") for one in facts(at.replay, who, subject, then)]
    asked = Questions(at.reading, who)
    # The rows of a registration's facts say which of its conflicts', lines' and customer's facts are its own too.
    by_rows = who.role is Role.AUDITOR and then.effective is None and then.size is None
    if by_rows:
        params = {"registration": subject.id, "as_of": then.at}
        rows = asked.ask("registration_history", "of_registration", **params).rows
    elif who.role in {Role.AUDITOR, Role.DEAL_DESK}:
        return [one.model_dump(mode="json") for one in facts(at.replay, who, subject, then)]
    else:
        rows = asked.ask(DEALS[who.role], "history", registration=subject.id).rows
    own = [row for row in rows if row.get("program", who.program) == who.program]
    if not own:
        raise no_registration()
    return own


def as_of(
    identity: Annotated[str | None, typer.Argument(metavar="ID", help="As for history; with --model left out.")] = None,
    when: Annotated[
        str | None,
        typer.Argument(metavar="WHEN", help="What was recorded by this instant; without an offset it is UTC."),
    ] = None,
    *,
    effective: Effective = None,
    known: Known = None,
    at_size: AtSize = None,
    model: ModelName = None,
    table: Annotated[str | None, typer.Option("--table", help="With --model: the rows of this table.")] = None,
    as_whom: As = "auditor",
    reason: Reason = None,
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """How it was: as recorded by an instant or by a size of the log (a checkpoint's), and of that what counted by a business instant."""
    if model is not None:
        then = past(identity or known, effective, at_size)
        whole_model(model, then, table, as_whom=as_whom, reason=reason, program=program, as_json=as_json)
        return
    if identity is None:
        raise typer.BadParameter("name what you ask about, or a read model with --model", param_hint="ID")
    then = past(_one_of(when, known), effective, at_size)
    from dealreg.service.insight import Insight
    from dealreg.service.past.walking import told

    with _opened(as_whom, program, "as-of", identity, then, reason=reason) as (at, who, subject):
        show(told(Insight(at.replay, who), subject, then), as_json=as_json)


def diff(
    identity: Annotated[str | None, typer.Argument(metavar="ID", help="As for history; with --model left out.")] = None,
    first: Annotated[str | None, typer.Argument(metavar="T1", help="The earlier recorded instant.")] = None,
    second: Annotated[str | None, typer.Argument(metavar="T2", help="The later one; left out, now.")] = None,
    *,
    sizes: Annotated[
        tuple[int, int] | None,
        typer.Option("--sizes", metavar="N1 N2", help="Two sizes of the log in place of instants."),
    ] = None,
    by_effective: Annotated[
        bool, typer.Option("--by-effective", help="T1 and T2 are business instants, both as known now or at --known.")
    ] = False,
    effective: Effective = None,
    known: Known = None,
    model: ModelName = None,
    as_whom: As = "auditor",
    reason: Reason = None,
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """What differs between two moments, field by field, with the event, actor, clause and reason behind each; a read model row by row."""
    from dealreg.service.past.differing import Past

    if model is not None:
        before, after = pasts(identity, first, sizes, effective, known, by_effective=by_effective)
        models_differ(model, before, after, as_whom=as_whom, reason=reason, program=program, as_json=as_json)
        return
    if identity is None:
        raise typer.BadParameter("name what you ask about, or a read model with --model", param_hint="ID")
    before, after = pasts(first, second, sizes, effective, known, by_effective=by_effective)
    with _opened(as_whom, program, "diff", identity, before, after, reason=reason) as (at, who, subject):
        found = Past(at.replay, who).diff(subject, before, after)
    if as_json:
        show(found, as_json=True)
        return
    for one in found.changes:
        typer.echo(f"{one.field}: {_plain(one.before)} -> {_plain(one.after)}")
        for cause in one.because:
            typer.echo(f"    {_cause(cause.model_dump())}")
    if not found.changes:
        typer.echo("nothing differs")


def first_known(
    identity: Identity,
    field: Annotated[
        str,
        typer.Argument(metavar="FIELD[=VALUE]", help="A field's path or its end, as `diff` names it: state=protected."),
    ],
    *,
    as_whom: As = "auditor",
    reason: Reason = None,
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """When it was first known that a field has a value, by which fact, and every time since. Exit code 1 when it never was."""
    from dealreg.cli import exit_codes
    from dealreg.service.past.differing import Past

    name, equals, value = field.partition("=")
    with _opened(as_whom, program, "first-known", identity, reason=reason, more={"field": name}) as (at, who, subject):
        found = Past(at.replay, who).first_known(subject, name, value if equals else None)
    if as_json:
        show(found, as_json=True)
    for spell in () if as_json else found.spells:
        until = f", up to {spell.known_to.recorded_at}" if spell.known_to else ", and still"
        typer.echo(f"{spell.field} = {_plain(spell.value)}: known since {spell.known_from.recorded_at}{until}")
        typer.echo(f"    {_cause(spell.known_from.model_dump())}")
    if found.first is None:
        if not as_json:
            typer.echo(f"it was never known that {field}")
        raise typer.Exit(exit_codes.NO)


@contextmanager
def _opened(
    as_whom: str,
    program: str | None,
    question: str,
    identity: str,
    *moments: "When",
    reason: str | None,
    more: "dict[str, Any] | None" = None,
) -> "Iterator[tuple[House, Claims, Subject]]":
    """The parts of this process, who asks and about what; the question is recorded before anything is looked at."""
    from dealreg.service.past.subject import Kind, Subject, named
    from dealreg.vocabulary.fact import PARTNER_ROLES

    who = claims(as_whom, "cli", program)
    with house() as at:
        looked(at, who, question, about({"id": identity}, more or {}, *moments), reason)
        # Whether an id is anything but its own registration is not told to a partner.
        own = Subject(Kind.REGISTRATION, identity)
        yield at, who, own if who.role in PARTNER_ROLES else named(at.replay, who.program, identity)


def _one_of(when: str | None, known: str | None) -> str | None:
    if when is not None and known is not None:
        raise typer.BadParameter("WHEN says the same; give one of them", param_hint="--known")
    return when if when is not None else known


def _cause(cause: "dict[str, Any]") -> str:
    clause = f" under {cause['clause']}" if cause["clause"] else ""
    why = f": {cause['reason']}" if cause["reason"] else ""
    source = f" (from {cause['source']})" if cause["source"] else ""
    return f"{cause['recorded_at']:%Y-%m-%d %H:%M:%S.%f} {cause['event']} by {cause['actor_role']} {cause['actor']}{clause}{why}{source}  [{cause['fact']}]"


def _plain(value: Any) -> str:
    return "nothing" if value is None else str(value)
