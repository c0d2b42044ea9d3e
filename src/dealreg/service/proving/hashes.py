"""The sealed tree read from its tiles: roots and proofs at any size, in a few reads however long the log is.

A full tile holds 256 hashes for ever. What is right of the last full one is made anew: leaf hashes of the rows, and of each level above
from the full tiles below it.
"""

from collections.abc import Callable, Sequence
from typing import Any

from dealreg.proof.tiles import HEIGHT, TILE, TileId, hashes_of
from dealreg.proof.tree import Tree
from dealreg.proof.verify import Refused, node_hash
from dealreg.service.sealing.leaves import COLUMNS, Entry, leaf_of

Run = Callable[[str, Sequence[Any]], list[dict[str, Any]]]
"""Runs one statement and answers its rows: ``Ledger.run`` of any role that reads the ledger and the seal."""

_TILE = "SELECT hashes FROM seal.tiles WHERE origin = %s AND level = %s AND tile = %s"

_TILES = "SELECT tile, hashes FROM seal.tiles WHERE origin = %s AND level = %s AND tile = ANY (%s::bigint[])"

_ROWS = f"SELECT {COLUMNS} FROM ledger.events WHERE position > %s AND position <= %s ORDER BY position"  # noqa: S608  # constants


KEPT_TILES = 2000
"""Some 50 MB; one proof needs a few hundred at most."""


class Hashes(Tree):
    """The tree of one origin up to a size that was sealed. Not for several threads at once.

    It keeps the tiles that it read, so that many proofs of one log cost few reads.
    """

    def __init__(self, run: Run, origin: str, size: int) -> None:
        """``size``: of the newest checkpoint to look at; the tiles below it are there."""
        super().__init__()
        self._run, self._origin, self._all = run, origin, size
        self._tiles: dict[TileId, Sequence[bytes]] = {}
        self._made: dict[tuple[int, int], bytes] = {}

    @property
    def size(self) -> int:
        """How many leaves."""
        return self._all

    def node(self, level: int, index: int) -> bytes:
        """The hash of the complete subtree ``index`` of 2^level leaves. Raises ``Refused`` where it is not complete, ``Unavailable``."""
        if index < 0 or (index + 1) << level > self._all:
            raise Refused(f"subtree {index} of level {level} is not in a tree of {self._all}")
        base, up = divmod(level, HEIGHT)
        entries = range(index << up, (index + 1) << up)
        if base and not self._is_full(base, entries[-1] // TILE):
            self._fetch(base - 1, [at for at in entries if (base, at) not in self._made])
        return _root([self._entry(base, at) for at in entries])

    def _entry(self, level: int, index: int) -> bytes:
        """A hash as a tile of this level holds it."""
        place, at = divmod(index, TILE)
        if self._is_full(level, place):
            return self._tile(TileId(level, place))[at]
        if level == 0:
            return self._ragged(place)[at]
        if (level, index) not in self._made:
            self._made[level, index] = _root(self._tile(TileId(level - 1, index)))
        return self._made[level, index]

    def _is_full(self, level: int, place: int) -> bool:
        return (place + 1) * TILE << level * HEIGHT <= self._all

    def _fetch(self, level: int, places: Sequence[int]) -> None:
        """Tiles that will be asked for one after another, in one read."""
        if len(self._tiles) > KEPT_TILES:
            self._tiles.clear()
        wanted = [place for place in places if TileId(level, place) not in self._tiles]
        for row in self._run(_TILES, [self._origin, level, wanted]) if len(wanted) > 1 else ():
            self._tiles[TileId(level, row["tile"])] = hashes_of(bytes(row["hashes"]))

    def _tile(self, tile: TileId) -> Sequence[bytes]:
        if tile not in self._tiles:
            found = self._run(_TILE, [self._origin, tile.level, tile.place])
            if not found:
                raise Refused(f"the tile {tile.path} of {self._origin} is missing; run `dealreg audit verify`")
            if len(self._tiles) > KEPT_TILES:
                self._tiles.clear()
            self._tiles[tile] = hashes_of(bytes(found[0]["hashes"]))
        return self._tiles[tile]

    def _ragged(self, place: int) -> Sequence[bytes]:
        """The leaf hashes behind the last full tile, from the rows."""
        tile = TileId(0, place)
        if tile not in self._tiles:
            rows = self._run(_ROWS, [place * TILE, self._all])
            if len(rows) != self._all - place * TILE:
                raise Refused(f"rows are missing behind position {place * TILE}; run `dealreg audit verify`")
            self._tiles[tile] = [leaf_of(Entry(*row.values())) for row in rows]
        return self._tiles[tile]


def _root(hashes: Sequence[bytes]) -> bytes:
    """The root over 2^n hashes."""
    while len(hashes) > 1:
        hashes = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]
