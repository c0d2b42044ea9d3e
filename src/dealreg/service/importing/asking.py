"""What is asked for one record of a file: a request, with the personal values that go beside its facts."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from dealreg.service.importing.reading import Reader
from dealreg.service.importing.rows import Row, RowFault
from dealreg.service.ledger.recorded import PersonalRow
from dealreg.vocabulary.fact import Actor, Command, Request, Role
from dealreg.vocabulary.ids import ProgramId

IMPORTER = "import"
"""The subject of the desk's actor: no person, so that nobody has filed what he would decide."""


@dataclass(frozen=True, slots=True)
class Context:
    """Into which program, by which form."""

    program: ProgramId
    reader: Reader

    @property
    def system(self) -> str:
        """The other system's name."""
        return self.reader.form.system

    def request(self, name: str, command: Command) -> Request:
        """Asked as the desk, under a name that is the same at every run."""
        actor = Actor(role=Role.DEAL_DESK, subject=f"{IMPORTER}:{self.system}")
        return Request(id=name, program=self.program, actor=actor, command=command)


@dataclass(frozen=True, slots=True)
class Asking:
    """One record: its rows from the first to the last, and what is asked, or why nothing can be."""

    record: str
    first: int
    last: int
    request: Request | None = None
    personal: tuple[PersonalRow, ...] = ()
    fault: RowFault | None = field(default=None, compare=False)


def grouped(rows: Iterator[Row], column: str) -> Iterator[tuple[str, list[Row]]]:
    """Rows one below the other that name the same record."""
    held: list[Row] = []
    for row in rows:
        if held and row.cells.get(column) != held[0].cells.get(column):
            yield held[0].cells.get(column, ""), held
            held = []
        held.append(row)
    if held:
        yield held[0].cells.get(column, ""), held
