"""Leaf hashes of many positions at once: from full tiles where the log has them, else from the rows."""

from collections.abc import Iterable
from uuid import UUID

from dealreg.proof.tiles import TILE
from dealreg.proof.tree import WIDTH
from dealreg.service.exporting.stored import of_row
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.sealing.leaves import COLUMNS

_TILES = "SELECT tile, hashes FROM seal.tiles WHERE origin = %s AND level = 0 AND tile = ANY (%s::bigint[])"
_ROWS = f"SELECT {COLUMNS} FROM ledger.events WHERE position = ANY (%s::bigint[])"  # noqa: S608 - constants
_PAGE = 512
"""Tiles, of 8 kB each, or rows that are read at a time."""


def leaves_at(ledger: Ledger, origin: str | None, positions: Iterable[int]) -> dict[int, bytes]:
    """The leaf hash of each position. Raises ``Unavailable``."""
    wanted: dict[int, list[int]] = {}
    for position in positions:
        wanted.setdefault((position - 1) // TILE, []).append(position)
    found: dict[int, bytes] = {}
    for page in _pages(sorted(wanted)) if origin else []:
        for row in ledger.run(_TILES, [origin, page]):
            first, hashes = row["tile"] * TILE + 1, bytes(row["hashes"])
            for position in wanted.pop(row["tile"]):
                found[position] = hashes[(position - first) * WIDTH : (position - first + 1) * WIDTH]
    for page in _pages([position for positions in wanted.values() for position in positions]):
        found.update((stored.position, stored.leaf) for stored in map(of_row, ledger.run(_ROWS, [page])))
    return found


def streams_at(ledger: Ledger, size: int) -> list[tuple[UUID, int, int]]:
    """Of every stream its newest version and the position of that, at a size of the log. Raises ``Unavailable``."""
    return [(row["stream"], row["version"], row["position"]) for row in ledger.run(_HEADS, [size])]


# Positions grow with versions within a stream, so both maxima are of one fact: one pass over the table, no sort.
_HEADS = """
SELECT e.originator_id AS stream, max(e.originator_version) AS version, max(e.position) AS position
FROM ledger.events AS e WHERE e.position <= %s GROUP BY e.originator_id
"""


def _pages(numbers: list[int]) -> Iterable[list[int]]:
    return (numbers[start : start + _PAGE] for start in range(0, len(numbers), _PAGE))
