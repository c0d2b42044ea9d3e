"""`dealreg audit prove`: the receipt of a registration, or the proof of any fact, as a file that needs nothing of ours to be checked."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from dealreg.cli.asking import As, JsonFlag, Program, claims, house, show
from dealreg.cli.looking import Reason, looked

if TYPE_CHECKING:
    from dealreg.service.composition import House
    from dealreg.service.tokens import Claims

_FACT = re.compile(r"([0-9a-fA-F-]{36}):([1-9][0-9]{0,17})")


def register(audit: typer.Typer) -> None:
    """Add the verb."""
    audit.command("prove")(prove)


def prove(
    identity: Annotated[
        str, typer.Argument(metavar="ID", help="A registration; for the desk and auditors also a fact, STREAM:VERSION.")
    ],
    *,
    out: Annotated[Path | None, typer.Option(help="Write it there; left out, it is printed.")] = None,
    as_whom: As = "auditor",
    reason: Reason = None,
    program: Program = None,
    as_json: JsonFlag = False,
) -> None:
    """The proof that a fact stands in the log, at its place and instant, under a signed and witnessed root (c2sp.org/tlog-proof).

    It carries the leaf of the fact and not its content. Check it with `verify.py FILE --policy POLICY`. Exit code 1 where there is no
    such fact for this caller, or it is not sealed yet.
    """
    from dealreg.service.trail.recording import in_words
    from dealreg.service.witnessing.receipts import receipt

    who = claims(as_whom, "cli", program)
    with house() as at:
        looked(at, who, "audit prove", in_words({"id": identity}, {}), reason)
        stream, version = _known(at, who, identity)
        found = receipt(at.ledger.run, stream, version)
    if out is not None:
        out.write_text(found.text, encoding="utf-8", newline="")
    told = {"of": f"{stream}:{version}", "log_size": found.size, "witnesses": found.witnesses}
    if as_json:
        show({**told, **({"file": str(out)} if out else {"receipt": found.text})}, as_json=True)
    elif out is None:
        typer.echo(found.text, nl=False)
    else:
        show({**told, "file": str(out)}, as_json=False)


def _known(at: "House", who: "Claims", identity: str) -> tuple[UUID, int]:
    """Stream and version of what this caller may know. Raises ``Unknown``."""
    from dealreg.service.insight import WHOLE_PROGRAM
    from dealreg.service.ledger.auditing import INSTALLATION
    from dealreg.service.questions import DEALS, Questions
    from dealreg.service.replay import no_registration
    from dealreg.vocabulary.refused import Unknown

    named = _FACT.fullmatch(identity)
    try:
        stream, version = UUID(named[1] if named else identity), int(named[2]) if named else 1
    except ValueError:
        raise Unknown("no id of a registration, and no STREAM:VERSION of a fact") from None
    if named and who.role in WHOLE_PROGRAM:
        facts = at.replay.facts([stream], at.replay.moment())
        known = {one.recorded.meta.program for one in facts if one.recorded.originator_version == version}
        if not known & {who.program, INSTALLATION}:
            raise Unknown("there is no such fact; check its id")
    elif (
        version != 1 or not Questions(at.reading, who).ask(DEALS[who.role], "of_registration", registration=stream).rows
    ):
        raise no_registration()
    return stream, version
