"""One reading of the whole ledger: the leaves of the tree, and what can be seen of a row while it passes.

Kept are 64 bytes a leaf with the tree over it, 8 of its instant, and one entry a stream; never a row but the one before.
"""

from array import array
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field

from dealreg.proof.heads import Head, HeadsMap
from dealreg.proof.tree import WIDTH, Tree
from dealreg.service.verifying.content import Contents
from dealreg.service.verifying.finding import Checked, Findings
from dealreg.service.verifying.rows import SealedRow, instant_text, parts, quick_leaf

HOLE = bytes(WIDTH)
"""In the place of the leaf of a position that is not there; no leaf has this hash."""

WIDEST_GAP = 100_000
"""Positions that may be missing in one place before what comes after counts as strayed: a position of 10^12 must not fill the memory."""

EVERY = 10_000
"""Rows after which the bar moves."""

SKEW = 5_000_000
"""Microseconds by which a fact may be ahead of the clock of whoever verifies."""

Progress = Callable[[int], None]
"""Told how many rows were read since it was told last."""


@dataclass(slots=True)
class Newest:
    """How far a stream is: its id as text, the version and the position of its newest fact."""

    text: bytes
    version: int
    position: int


@dataclass(slots=True)
class Scan:
    """What is known after a reading. ``missing`` and ``strayed`` are positions; ``gaps`` names streams by their version that is not there."""

    tree: Tree = field(default_factory=Tree)
    instants: "array[int]" = field(default_factory=lambda: array("q"))
    heads: dict[bytes, Newest] = field(default_factory=dict)
    missing: list[int] = field(default_factory=list)
    gaps: list[tuple[bytes, int]] = field(default_factory=list)
    heads_at: dict[int, tuple[int, str]] = field(default_factory=dict)
    rows: int = 0
    waiting: list[bytes] = field(default_factory=list)
    positions: Findings = field(
        default_factory=lambda: Findings("positions", "restore the ledger from a backup of before, then ask again")
    )
    versions: Findings = field(
        default_factory=lambda: Findings("versions", "compare the stream with an export or a backup")
    )
    times: Findings = field(default_factory=lambda: Findings("times", "look who had the clock or the server then"))
    contents: Contents = field(default_factory=Contents)

    @property
    def size(self) -> int:
        """The last position, those that are missing before it included."""
        return self.tree.size + len(self.waiting)

    def grow(self) -> Tree:
        """The tree with every leaf read so far."""
        self.tree.extend(self.waiting)
        self.waiting.clear()
        return self.tree

    def checked(self) -> list[Checked]:
        """The lines of the checks that this reading made."""
        return [
            self.positions.checked(f"{self.rows} facts, positions 1 to {self.size}"),
            self.versions.checked(f"{len(self.heads)} streams, each from version 1"),
            self.times.checked(f"up to {instant_text(self.instants[-1])}" if self.instants else "no fact"),
            *self.contents.checked(),
        ]


def scan(
    packed: Iterable[bytes], now: int, heads_at: Container[int] = (), progress: Progress = lambda _done: None
) -> Scan:
    """Read rows in the order of their positions; ``now`` is the clock of who verifies, in microseconds since 2000.

    At the sizes in ``heads_at`` the map of the streams' heads is made.
    """
    found, ahead = Scan(), now + SKEW
    heads, waiting, instants, contents = found.heads, found.waiting, found.instants, found.contents
    latest = -(2**63)
    for one in packed:
        row = parts(one)
        position, stream, version, at = row[:4]
        head = heads.get(stream)
        # Nearly every row is the next of the ledger and of its stream: what it is not is looked at slowly.
        if head is not None and position == len(instants) + 1 and version == head.version + 1 and latest <= at <= ahead:
            head.version, head.position = version, position
        else:
            head = _looked_at(found, SealedRow._make(row), latest, ahead)
        if head is not None:
            waiting.append(quick_leaf(row, head.text))
            instants.append(at)
            latest = at
            if position in heads_at:
                found.heads_at[position] = _heads(found)
        contents.look(row)
        found.rows += 1
        if len(waiting) >= EVERY:
            progress(len(waiting))
            found.grow()
    progress(len(waiting))
    found.grow()
    return found


def _looked_at(found: Scan, row: SealedRow, latest: int, ahead: int) -> Newest | None:
    """The stream of a row that has a leaf of its own; what is wrong with the row is said."""
    if not _placed(found, row):
        return None
    _timed(found, row, latest, ahead)
    return _of_stream(found, row)


def _placed(found: Scan, row: SealedRow) -> bool:
    """Whether the row has a leaf of its own; holes before it get theirs."""
    expected = found.size + 1
    if row.position == expected:
        return True
    if row.position < expected:
        found.positions.add(f"a second row, or one below 1, at {row.named()}", row.position)
        return False
    if row.position - expected > WIDEST_GAP:
        found.positions.add(f"far behind the last fact, at {row.named()}", row.position)
        return False
    _hole(found, expected, row.position)
    return True


def _hole(found: Scan, start: int, end: int) -> None:
    several = end - start > 1
    named = f"positions {start} to {end - 1} are" if several else f"position {start} is"
    found.positions.add(f"{named} missing: {'facts were' if several else 'a fact was'} deleted or moved", start)
    found.missing.extend(range(start, end))
    found.waiting.extend([HOLE] * (end - start))
    last = found.instants[-1] if found.instants else 0
    found.instants.extend([last] * (end - start))


def _timed(found: Scan, row: SealedRow, latest: int, ahead: int) -> None:
    if row.recorded_at < latest:
        behind = (latest - row.recorded_at) / 1e6
        found.times.add(
            f"{row.named()} is recorded at {row.instant}, {behind:.6f} s before the fact before it", row.position
        )
    elif row.recorded_at > ahead:
        found.times.add(f"{row.named()} is recorded at {row.instant}, which is still to come", row.position)


def _heads(found: Scan) -> tuple[int, str]:
    """How many streams there are at this point of the reading, and the root over their heads."""
    tree = found.grow()
    mapped = HeadsMap(
        Head(head.text.decode(), head.version, head.position, tree.leaf(head.position - 1))
        for head in found.heads.values()
    )
    return mapped.size, mapped.root.hex()


def _of_stream(found: Scan, row: SealedRow) -> Newest:
    head = found.heads.get(row.stream)
    if head is None:
        head = found.heads[row.stream] = Newest(row.stream_id.encode(), 0, 0)
    if row.version != head.version + 1:
        _out_of_turn(found, row, head)
    if row.version > head.version:
        head.version, head.position = row.version, row.position
    return head


def _out_of_turn(found: Scan, row: SealedRow, head: Newest) -> None:
    if row.version <= head.version:
        found.versions.add(f"{row.named()} comes after version {head.version} of its stream", row.position)
        return
    low, high = head.version + 1, row.version - 1
    named = f"version {low} is" if low == high else f"versions {low} to {high} are"
    found.versions.add(f"{named} missing before {row.named()}", row.position)
    found.gaps.extend((row.stream, version) for version in range(low, min(high + 1, low + 100)))
