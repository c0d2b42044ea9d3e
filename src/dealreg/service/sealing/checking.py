"""What a sealer looks at before it signs again: does the database still hold what it signed?"""

from collections.abc import Iterable
from contextlib import closing

from dealreg.proof.tiles import TILE, TileId, full_tiles, hashes_of, tile_of
from dealreg.proof.tree import Tree
from dealreg.proof.verify import Key, Refused, parse_checkpoint, parse_vkey, signed_by
from dealreg.service.sealing.halting import Halted
from dealreg.service.sealing.leaves import Entry, leaf_of
from dealreg.service.sealing.own_state import OwnState
from dealreg.service.sealing.tables import Published, Tables

LOOKED_AT = 100
"""The newest checkpoints of the database whose signatures are checked too; the roots of all are."""


def rebuilt(tables: Tables, own: OwnState) -> tuple[Tree, int]:
    """The tree as it was signed last, and the size that the database has of it, which is less after a crash.

    It is made of the tiles and the few rows beyond them, and held against the own root, every checkpoint and every tile of the
    database. Raises ``Halted``.
    """
    sealed = _published(tables, own)
    _all_there(tables, own.size)
    tree = _of_tiles(tables, own.origin, sealed)
    for entries in tables.walk(tree.size + 1, own.size):
        tree.extend(map(leaf_of, entries))
    if tree.size != own.size or tree.root().hex() != own.root:
        raise Halted(_where(tables, tree, own))
    _same_checkpoints(tables, tree, own)
    return tree, sealed


def _published(tables: Tables, own: OwnState) -> int:
    newest = tables.newest(own.origin)
    if newest is not None and newest.size > own.size:
        raise Halted(
            f"the database has a checkpoint of size {newest.size} that was never signed here: the last one signed is of {own.size}"
        )
    return newest.size if newest is not None else 0


def _all_there(tables: Tables, size: int) -> None:
    if tables.count(size) != size:
        raise Halted(f"{size} facts were sealed and the fact at position {tables.missing(size)} is not there any more")


def _of_tiles(tables: Tables, origin: str, sealed: int) -> Tree:
    """The leaves that full tiles hold; the tiles above them must be what these give."""
    wanted = dict.fromkeys(full_tiles(0, sealed))
    tree = Tree()
    with closing(tables.tiles(origin)) as tiles:
        for tile, hashes in tiles:
            level, place = tile
            if tile not in wanted or (level == 0 and place * TILE != tree.size):
                raise Halted(f"{tile.path} of the database is not one that was written, or one before it is gone")
            del wanted[tile]
            if level == 0:
                tree.extend(hashes_of(bytes(hashes)))
            elif tile_of(tree, tile) != bytes(hashes):
                raise Halted(f"{tile.path} of the database does not hold the hashes of the tiles below it")
    if wanted:
        raise Halted(f"{next(iter(wanted)).path} of the database is gone")
    return tree


def _where(tables: Tables, tree: Tree, own: OwnState) -> str:
    """Which row it is, where a row differs from its tile; else that both were changed."""
    differs = first_different(tables, tree, 1, tree.size)
    if differs is not None:
        return f"{told(differs)} is not what was sealed"
    return f"the facts up to {own.size} and the tiles over them fit each other, and not the root that was signed: {own.root}"


def first_different(tables: Tables, tree: Tree, position: int, last: int) -> Entry | int | None:
    """The first fact from a position to another that is not the leaf of the tree; its position alone where it is gone."""
    expected = position
    for entries in tables.walk(position, last):
        for entry in entries:
            if entry.position != expected:
                return expected
            if leaf_of(entry) != tree.leaf(entry.position - 1):
                return entry
            expected += 1
    return expected if expected <= last else None


def told(found: Entry | int) -> str:
    """Which fact, in words."""
    if isinstance(found, int):
        return f"the fact at position {found}, which is gone,"
    return f"the fact at position {found.position} ({found.topic}, version {found.version} of {found.stream})"


def _same_checkpoints(tables: Tables, tree: Tree, own: OwnState) -> None:
    keys = [parse_vkey(key.vkey) for key in own.keys]
    newest: list[Published] = []
    with closing(tables.checkpoints(own.origin)) as checkpoints:
        for one in checkpoints:
            if bytes(one.root) != tree.root(one.size):
                raise Halted(f"the checkpoint of size {one.size} in the database has a root that was never signed here")
            newest = [*newest[1 - LOOKED_AT :], one]
    for one in newest:
        if not _signed(one, own.origin, keys):
            raise Halted(
                f"the checkpoint of size {one.size} in the database bears no signature of this sealer over what it says"
            )


def _signed(one: Published, origin: str, keys: Iterable[Key]) -> bool:
    try:
        said = parse_checkpoint(one.note)
    except Refused:
        return False
    same = (said.origin, said.size, said.root) == (origin, one.size, bytes(one.root))
    return same and any(signed_by(said.note, key) for key in keys)


def newly_full(tree: Tree, before: int) -> list[tuple[TileId, bytes]]:
    """The tiles that became full since a size."""
    return [(tile, tile_of(tree, tile)) for tile in full_tiles(before, tree.size)]
