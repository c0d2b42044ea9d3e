"""`dealreg audit erase`, `personal` and `rewrite`: what is held of people, and its end."""

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from dealreg.cli.asking import As, JsonFlag, Program, RequestKey, claims, house, show
from dealreg.cli.looking import Reason, looked, operator
from dealreg.cli.progress import bars

if TYPE_CHECKING:
    from dealreg.service.erasing.erase import Plan

Asking = Annotated[
    str | None,
    typer.Option("--by", help="A pseudonym of who asks; it stands in what is recorded. Left out, the login."),
]
Why = Annotated[
    str,
    typer.Option("--reason", help="Why; it is recorded and stays for ever, so it names no person.", show_default=False),
]


def register(audit: typer.Typer) -> None:
    """Add the verbs."""
    audit.command("erase")(erase)
    audit.command("personal")(personal)
    audit.command("rewrite")(rewrite)


def erase(
    whose: Annotated[
        str,
        typer.Argument(
            metavar="SUBJECT",
            help="Whose: a person's name as it was given, <source>:<record> of a CRM, or partner:<program>:<partner>.",
        ),
    ],
    *,
    reason: Why,
    basis: Annotated[
        str | None, typer.Option("--basis", help="The legal basis, shown in the place of what is gone: GDPR Art. 17.")
    ] = None,
    also: Annotated[
        list[str] | None,
        typer.Option("--also", help="Another spelling to look for in messages that could not be decided."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and change nothing.")] = False,
    key: RequestKey = None,
    as_whom: As = "deal_desk",
    asking: Asking = None,
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """Delete all that is held of a person, and the bytes of undecided messages that mention the person; the facts and proofs stand.

    Exit code 1, with the refusal recorded, when a legal hold stands over any of it: then nothing goes. What lies beyond the reach of this
    database is said every time.
    """
    from dealreg.service.erasing import asking as asked
    from dealreg.service.erasing import erase as erasing
    from dealreg.service.erasing.letters import how_many
    from dealreg.service.erasing.subjects import Whose

    who = claims(as_whom, asking or operator(), program)
    person, by = Whose(whose, tuple(also or ())), asked.by(who, reason, key)
    with house() as at, bars() as steps:
        told = _since(steps("dead letters", how_many(at.ledger)))
        if dry_run:
            looked(at, who, "erasure plan", "a person", reason)
            plan = erasing.planned(at.ledger, person, told)
            show(_planned(plan), as_json=as_json)
            raise typer.Exit(1 if plan.holds else 0)
        done = erasing.erase(at.ledger, at.audited, person, by=by, basis=basis, tell=told)
    said = asdict(done) | {"elsewhere": _elsewhere(done.elsewhere), "beyond": list(erasing.BEYOND)}
    show(said, as_json=as_json)


def personal(
    stream: Annotated[UUID, typer.Argument(metavar="ID", help="A registration, a CRM record or a partner.")],
    *,
    reason: Reason = None,
    as_whom: As = "deal_desk",
    asking: Asking = None,
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """What its facts name of people: each value, or when and why it is gone."""
    from dealreg.cli.asking import show_rows
    from dealreg.service.erasing.asking import looking
    from dealreg.service.erasing.shown import of_stream

    who = looking(claims(as_whom, asking or operator(), program))
    with house() as at:
        looked(at, who, "personal", str(stream), reason)
        rows = [asdict(one) for one in of_stream(at.ledger, stream, who.program)]
    show_rows(rows, ("event", "name", "field", "told"), as_json=as_json)


def rewrite(*, as_json: JsonFlag = False) -> None:
    """Write the tables anew that held what was erased: until then a deleted row's bytes stay in the files. Stops writers for seconds.

    DATABASE_URL_OWNER or DATABASE_URL names the owner's login. The write-ahead log, replicas and backups keep what they have.
    """
    from dealreg.service.erasing.rewriting import TABLES
    from dealreg.service.erasing.rewriting import rewrite as written
    from dealreg.service.settings import Role, Settings

    on_disk = written(Settings().database_url(Role.OWNER))
    show(
        {"rewritten": list(TABLES), "checkpoint": "done" if on_disk else "with the next one of the server"},
        as_json=as_json,
    )


def _planned(plan: "Plan") -> dict[str, object]:
    from dealreg.service.erasing.erase import BEYOND

    return {
        "would_erase": list(plan.refs),
        "would_redact": list(plan.letters),
        "refused_by": [str(one) for one in plan.holds],
        "elsewhere": _elsewhere(plan.elsewhere),
        "beyond": list(BEYOND),
    }


def _elsewhere(found: tuple[tuple[str, int], ...]) -> list[dict[str, object]]:
    """Other subjects whose values mention the person: each is an erasure of its own."""
    return [{"subject": subject, "values": n} for subject, n in found]


def _since(done: Callable[[int], None]) -> Callable[[int], None]:
    """From how many in all to how many more."""
    before = 0

    def told(now: int) -> None:
        nonlocal before
        done(max(0, now - before))
        before = now

    return told
