"""The tiles against the tree of the rows: of each leaf that lies in a full one it is known what was sealed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dealreg.proof.tiles import HEIGHT, TILE, TileId, full_tiles, tile_of
from dealreg.proof.tree import WIDTH, Tree
from dealreg.proof.verify import Refused
from dealreg.service.verifying.finding import Findings

MOST_UNLIKE = 50_000
"""Leaves that differ of which the sealed hash is kept: who rewrote the whole ledger is not told row by row."""


@dataclass(slots=True)
class Compared:
    """``unlike`` maps the index of a leaf that the rows do not give any more to the hash that was sealed."""

    unlike: dict[int, bytes] = field(default_factory=dict)
    count: int = 0
    findings: Findings = field(
        default_factory=lambda: Findings(
            "tiles", "look who wrote the schema `seal`; tiles are made anew from the rows that are proved"
        )
    )


def compare(
    found: Iterable[tuple[str, int, int, bytes]], tree: Tree, proven: int, sizes: Mapping[str, int]
) -> Compared:
    """Hold tiles against the tree. Leaves below ``proven`` are what a signed root says, so there it is the tile that is false.

    ``sizes``: the newest checkpoint of each origin, by which it is known which tiles there must be.
    """
    compared = Compared()
    wanted = {(origin, tile) for origin, size in sizes.items() for tile in full_tiles(0, size)}
    for origin, level, index, hashes in found:
        compared.count += 1
        tile = TileId(level, index)
        if (origin, tile) not in wanted:
            compared.findings.add(f"{tile.path} of {origin} was never sealed: no checkpoint is so large", _first(tile))
            continue
        wanted.discard((origin, tile))
        _same(compared, tree, proven, tile, hashes)
    for origin, tile in sorted(wanted)[:1000]:
        compared.findings.add(f"{tile.path} of {origin} is missing", _first(tile))
    return compared


def _same(compared: Compared, tree: Tree, proven: int, tile: TileId, hashes: bytes) -> None:
    try:
        ours = tile_of(tree, tile)
    except Refused:  # The end of the ledger is gone; the checkpoints say so.
        ours = b""
    if ours == hashes:
        return
    last = (tile.place + 1) * TILE << tile.level * HEIGHT
    if last <= proven:
        compared.findings.add(f"{tile.path} does not hold the hashes of the rows, which are proved", _first(tile))
    elif tile.level == 0:
        first = tile.place * TILE
        for at in range(TILE):
            sealed, position = hashes[at * WIDTH : (at + 1) * WIDTH], first + at + 1
            if sealed == ours[at * WIDTH : (at + 1) * WIDTH]:
                continue
            if position <= proven:
                compared.findings.add(
                    f"{tile.path} does not hold the leaf of position {position}, which is proved", position
                )
            elif len(compared.unlike) < MOST_UNLIKE:
                compared.unlike[position - 1] = sealed


def _first(tile: TileId) -> int:
    """The first position below a tile."""
    return (tile.place * TILE << tile.level * HEIGHT) + 1
