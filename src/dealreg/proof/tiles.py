"""Tiles as C2SP has them (c2sp.org/tlog-tiles): 256 hashes of one level, of which the next level is made eight levels of the tree up."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dealreg.proof.tree import WIDTH, Tree
from dealreg.proof.verify import Refused

HEIGHT = 8
"""Levels of the tree that a tile spans."""

TILE = 1 << HEIGHT
"""Hashes in a full tile."""


class TileId(NamedTuple):
    """Which full tile: its level (0 holds leaf hashes), and its place in the level from 0."""

    level: int
    place: int

    @property
    def path(self) -> str:
        """Where a log that serves tiles has it: ``tile/0/x001/234``."""
        digits = str(self.place)
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        return "/".join(["tile", str(self.level), *(f"x{part}" for part in parts[:-1]), parts[-1]])


def full_tiles(old_size: int, new_size: int) -> Iterator[TileId]:
    """The tiles that became full while a tree grew, of each level in order."""
    level = 0
    while (after := new_size >> HEIGHT * (level + 1)) > 0:
        for index in range(old_size >> HEIGHT * (level + 1), after):
            yield TileId(level, index)
        level += 1


def tile_of(tree: Tree, tile: TileId) -> bytes:
    """The 256 hashes of a full tile. Raises ``Refused`` where the tree is smaller."""
    first = tile.place * TILE
    return b"".join(tree.node(tile.level * HEIGHT, at) for at in range(first, first + TILE))


def hashes_of(tile: bytes) -> Sequence[bytes]:
    """The hashes in a full tile. Raises ``Refused`` for another length."""
    if len(tile) != TILE * WIDTH:
        raise Refused(f"a full tile has {TILE * WIDTH} bytes, this one {len(tile)}")
    return [tile[at : at + WIDTH] for at in range(0, len(tile), WIDTH)]
