"""Which rows are not what was sealed, and what is wrong with each, as exactly as can be known.

Where tiles hold the sealed leaves a row is held against its own. Behind the last full tile, or where the tiles were changed with the
rows, only roots are known: then a guess is tried by the root that it gives.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from dealreg.proof.tree import Tree
from dealreg.proof.verify import node_hash
from dealreg.service.verifying.checkpoints import Broken
from dealreg.service.verifying.copies import told_by
from dealreg.service.verifying.finding import SHOWN, Findings, listed
from dealreg.service.verifying.guessing import Between, Clues, Fits, salt_fault, what_it_was, where_it_belongs
from dealreg.service.verifying.roots import root_with
from dealreg.service.verifying.rows import SealedRow

MOST_ROWS = 100
"""Rows that are looked at one by one."""

MOST_COPIES = 5000
"""Rows of which a read model is asked."""

MOST_PAIRS = 60
"""Rows of which every two are tried in each other's place."""

SHIFTED = range(3)
"""Rows one behind another that stand one place off before it is said of all behind them."""

Fetch = Callable[[Sequence[int]], Mapping[int, SealedRow]]
Copies = Callable[[Sequence[int]], Mapping[int, Mapping[str, Any]]]

NEXT = "keep this database as it is; compare the row with an export, a bundle or a receipt, and look who had rights to write then"


@dataclass(slots=True)
class Named:
    """The rows that were named, as findings."""

    findings: Findings = field(default_factory=lambda: Findings("leaves", NEXT))


def by_leaves(unlike: Mapping[int, bytes], missing: Sequence[int], clues: Clues, fetch: Fetch, copies: Copies) -> Named:
    """Name rows whose sealed leaves are known; ``unlike`` maps indexes to them."""
    named = Named()
    gone = set(missing)
    positions = [index + 1 for index in sorted(unlike) if index + 1 not in gone]
    near = positions[:MOST_ROWS]
    clues.others = [index + 1 for index in sorted(unlike)[:MOST_ROWS]]

    def fits(index: int, leaf: bytes) -> bool:
        return unlike.get(index) == leaf

    rows = _with_neighbours(fetch, near)
    said = copies(near)
    shift = _shift(rows, near, clues, fits)
    for position in near[:SHOWN] if shift is None else near[:1]:
        row = rows.get(position)
        if row is not None:
            named.findings.add(shift or _told(row, rows, clues, fits, said), position)
    named.findings.count = max(named.findings.count, len(positions))
    return named


def by_root(broken: Broken, tree: Tree, missing: Sequence[int], clues: Clues, fetch: Fetch, copies: Copies) -> Named:
    """Name the row between a root that is right and one that is not."""
    named = Named()
    positions = range(broken.proven + 1, min(broken.size, tree.size) + 1)
    if gone := [position for position in missing if position in positions]:
        named.findings.add(f"{broken.whose} covers position {listed(gone)}, and no fact is there", gone[0])
        return named
    near = list(positions[:MOST_ROWS])
    rows = _with_neighbours(fetch, near)
    clues.others = near
    for position in near:
        row = rows.get(position)
        if row is None:
            continue
        fits = _fits_root(tree, broken)
        fault = salt_fault(row)
        origin = where_it_belongs(row, clues, fits, _instants(rows))
        what = what_it_was(row, _between(rows, position), clues, fits)
        if fault or what:
            named.findings.add(f"{row.named()}: {fault or what}", position)
            return named
        if origin is not None:
            named.findings.add(f"position {origin}: what was sealed there stands at {row.named()}", origin)
            return named
    named.findings.add(*_last_resort(broken, tree, positions, rows, fetch, copies))
    return named


def _told(
    row: SealedRow, rows: Mapping[int, SealedRow], clues: Clues, fits: Fits, said: Mapping[int, Mapping[str, Any]]
) -> str:
    """What is wrong with one row."""
    if (fault := salt_fault(row)) is not None:
        return f"{row.named()}: {fault}"
    if (origin := where_it_belongs(row, clues, fits, _instants(rows))) is not None:
        return f"{row.named()}: it was moved here, it was sealed at position {origin}"
    if (what := what_it_was(row, _between(rows, row.position), clues, fits)) is not None:
        return f"{row.named()}: {what}"
    hint = told_by(said[row.position], row) if row.position in said else None
    return f"{row.named()}: its content or its salt was changed, or more than one thing of it" + (
        f"; {hint}" if hint else ""
    )


def _shift(rows: Mapping[int, SealedRow], near: Sequence[int], clues: Clues, fits: Fits) -> str | None:
    """Whether everything from the first row on stands one place too far or too near."""
    if len(near) < len(SHIFTED):
        return None
    first, second, third = (rows.get(near[0] + step) for step in SHIFTED)
    if first is None or second is None or third is None:
        return None
    places = [where_it_belongs(row, clues, fits, {}) for row in (first, second, third)]
    at = first.position
    if places == [None, at, at + 1]:
        return f"{first.named()}: it was inserted, and those behind it were moved up by one"
    if places == [at + 1, at + 2, at + 3]:
        return f"the fact that was sealed at position {at} is gone, and those behind it were moved down by one: there stands {first.named()}"
    return None


def _last_resort(
    broken: Broken, tree: Tree, positions: range, rows: Mapping[int, SealedRow], fetch: Fetch, copies: Copies
) -> tuple[str, int | None]:
    """Two rows in each other's place, one too many; else the first of which read models say something else; else the span."""
    swapped = _swapped(broken, tree, [rows[position] for position in sorted(rows) if position in positions])
    if swapped is not None:
        return f"{swapped[0].named()} and {swapped[1].named()}: they stand in each other's place", swapped[0].position
    inserted = _inserted(broken, tree, positions, fetch)
    if inserted is not None:
        return f"{inserted.named()}: it was inserted, and those behind it were moved up by one", inserted.position
    said = copies(positions[:MOST_COPIES])
    there = fetch(sorted(said))
    for position in sorted(said):
        hint = told_by(said[position], there[position]) if position in there else None
        if hint is not None:
            return f"{there[position].named()}: its content or its salt was changed; {hint}", position
    if len(positions) == 1 and positions[0] in rows:
        return (
            f"{rows[positions[0]].named()}: its content or its salt was changed, or more than one thing of it",
            positions[0],
        )
    unknown = (
        f"of positions {broken.proven + 1} to {broken.size} one or more are not what was sealed; no single change of topic, stream,"
        " version, login or instant explains it, so it is the content or the salt, or several things"
    )
    return unknown, None


def _swapped(broken: Broken, tree: Tree, rows: Sequence[SealedRow]) -> tuple[SealedRow, SealedRow] | None:
    for one, other in combinations(rows[:MOST_PAIRS], 2):
        changed = {
            one.position - 1: other._replace(position=one.position).leaf(),
            other.position - 1: one._replace(position=other.position).leaf(),
        }
        if root_with(tree, broken.size, changed) == broken.root:
            return one, other
    return None


def _inserted(broken: Broken, tree: Tree, positions: range, fetch: Fetch) -> SealedRow | None:
    """The row without which those behind it, one place nearer, give the signed root."""
    if len(positions) > MOST_ROWS:
        return None
    rows = fetch([*positions, positions.stop])
    moved = {at - 1: rows[at + 1]._replace(position=at).leaf() for at in positions if at + 1 in rows}
    for position in positions:
        changed = {index: leaf for index, leaf in moved.items() if index >= position - 1}
        if root_with(tree, broken.size, changed) == broken.root:
            return rows.get(position)
    return None


def _fits_root(tree: Tree, broken: Broken) -> Fits:
    """Whether the root becomes the signed one by another leaf at an index; the way up is looked up once an index."""
    ways: dict[int, list[tuple[bool, bytes]]] = {}

    def fits(index: int, leaf: bytes) -> bool:
        if not broken.proven <= index < broken.size:
            return False
        if index not in ways:
            ways[index] = _way(tree, index, broken.size)
        for is_left, beside in ways[index]:
            leaf = node_hash(beside, leaf) if is_left else node_hash(leaf, beside)
        return leaf == broken.root

    return fits


def _way(tree: Tree, index: int, size: int) -> list[tuple[bool, bytes]]:
    """The hashes beside the way from a leaf to the root, and whether each stands on the left."""
    found: list[tuple[bool, bytes]] = []
    here, last = index, size - 1
    for beside in tree.inclusion(index, size):
        on_left = bool(here & 1) or here == last
        if on_left:
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        found.append((on_left, beside))
        here, last = here >> 1, last >> 1
    return found


def _with_neighbours(fetch: Fetch, positions: Sequence[int]) -> Mapping[int, SealedRow]:
    return fetch(sorted({at for position in positions for at in (position - 1, position, position + 1) if at > 0}))


def _instants(rows: Mapping[int, SealedRow]) -> dict[int, int]:
    return {position: row.recorded_at for position, row in rows.items()}


def _between(rows: Mapping[int, SealedRow], position: int) -> Between:
    before, after = rows.get(position - 1), rows.get(position + 1)
    return Between(before and before.recorded_at, after and after.recorded_at)
