"""The tables of the seal, as they are: nothing of them is believed before it is held against the rows and the keys."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from dealreg.proof.verify import Checkpoint, Refused, parse_checkpoint
from dealreg.service.verifying.rows import Connection


@dataclass(frozen=True, slots=True)
class Sealed:
    """A row of ``seal.checkpoints``."""

    origin: str
    size: int
    root: bytes
    note: str
    sealed_at: datetime

    def parsed(self) -> Checkpoint:
        """What its note says. Raises ``Refused`` where it is none, or says something else than its row."""
        said = parse_checkpoint(self.note)
        if (said.origin, said.size, said.root) != (self.origin, self.size, self.root):
            raise Refused(f"its note is of {said.origin}, size {said.size}, root {said.root.hex()}")
        return said


@dataclass(frozen=True, slots=True)
class Standing:
    """What the sealer says of itself."""

    origin: str
    size: int
    beat_at: datetime
    halted: str | None


def checkpoints(connection: Connection) -> Iterator[Sealed]:
    """All, by origin and size."""
    with connection.cursor("checkpoints", binary=True) as cursor:
        cursor.itersize = 5000
        for row in cursor.execute(
            "SELECT origin, size, root, note, sealed_at FROM seal.checkpoints ORDER BY origin, size"
        ):
            yield Sealed(*row)  # type: ignore[arg-type]  # the columns' types


def tiles(connection: Connection) -> Iterator[tuple[str, int, int, bytes]]:
    """Origin, level, number and hashes, the level of the leaves first and each in order."""
    with connection.cursor("tiles", binary=True) as cursor:
        cursor.itersize = 100
        yield from cursor.execute("SELECT origin, level, tile, hashes FROM seal.tiles ORDER BY origin, level, tile")


def cosigned_notes(connection: Connection) -> list[Checkpoint]:
    """The checkpoints that witnesses cosigned, each with all its lines; what cannot be read is no witness's."""
    asked = """
    SELECT c.note || string_agg(s.line, '' ORDER BY s.witness)
    FROM seal.cosignatures AS s JOIN seal.checkpoints AS c USING (origin, size)
    GROUP BY c.origin, c.size, c.note ORDER BY c.origin, c.size
    """
    found = []
    for (note,) in connection.execute(asked):
        with suppress(Refused):
            found.append(parse_checkpoint(str(note)))
    return found


def standings(connection: Connection) -> list[Standing]:
    """What sealers say of themselves."""
    asked = "SELECT origin, size, beat_at, halted FROM seal.standing ORDER BY origin"
    return [Standing(*row) for row in connection.execute(asked)]  # type: ignore[arg-type]  # the columns' types
