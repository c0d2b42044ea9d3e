"""What the verbs that look at the trail have in common: who looks and why is recorded before anything is answered."""

import getpass
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from dealreg.service.composition import House
    from dealreg.service.exporting.stored import Stored
    from dealreg.service.tokens import Claims

Reason = Annotated[
    str | None,
    typer.Option("--reason", help="Why you ask; an auditor's question is recorded with it. Names no person."),
]
ReasonOfExport = Annotated[
    str,
    typer.Option("--reason", help="For whom and what this is made; it is recorded with the export. Names no person."),
]

NOBODY = "cli"
"""The subject of verbs that ask for none."""

OF_A_LINE = 570
"""About how many bytes a line of an export has besides the fact's own: for the bar."""


def operator() -> str:
    """Who is at this machine, as it knows him: a pseudonym where nobody gives another."""
    try:
        return f"login:{getpass.getuser()}"
    except (KeyError, OSError):
        return f"login:{os.getuid()}"


def looked(at: "House", who: "Claims", question: str, about: str, reason: str | None = None) -> None:
    """Record that somebody who reads a whole program asks a question of the trail. Raises ``Unavailable``: then it is not answered.

    Nobody shows a token here, so it does not matter whether he says that he is the desk or an auditor.
    """
    from dealreg.service.insight import WHOLE_PROGRAM
    from dealreg.service.ledger.audit_facts import Face
    from dealreg.service.trail.recording import asked

    if who.role in WHOLE_PROGRAM:
        named = who if who.sub != NOBODY else who.model_copy(update={"sub": operator()})
        asked(at.audited, named, question=question, about=about, reason=reason, face=Face.CLI)


@contextmanager
def reading(file: Path, times: int = 1) -> "Iterator[Callable[[Stored], None]]":
    """A bar over the bytes of a file of facts that is read so many times; what it gives is told each fact."""
    from dealreg.cli.progress import bars

    with bars() as steps:
        done = steps("read", times * file.stat().st_size)
        yield lambda fact: done(len(fact.state) + OF_A_LINE)
