"""A Merkle tree as RFC 6962 has it, kept in memory: 64 bytes a leaf, proofs without hashing anything but the ragged right edge.

Level 0 holds the hashes of the leaves, level n those of complete subtrees of 2^n leaves. A root or a proof for an earlier size is had
from the same levels, because a complete subtree never changes.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256

from dealreg.proof.verify import Refused, node_hash

WIDTH = 32
"""Bytes of a hash."""

EMPTY = sha256(b"").digest()
"""The root of a tree without leaves."""


class Tree:
    """A tree that grows. Not for several threads at once."""

    def __init__(self) -> None:
        """Without leaves."""
        self._levels: list[bytearray] = [bytearray()]

    @classmethod
    def of(cls, leaves: Iterable[bytes]) -> "Tree":
        """The tree over these leaf hashes."""
        tree = cls()
        tree.extend(leaves)
        return tree

    @property
    def size(self) -> int:
        """How many leaves."""
        return len(self._levels[0]) // WIDTH

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Append leaf hashes of 32 bytes each."""
        self._levels[0] += b"".join(leaves)
        level, sha = 0, sha256
        while len(self._levels[level]) >= 2 * WIDTH:
            if level + 1 == len(self._levels):
                self._levels.append(bytearray())
            below, above = self._levels[level], self._levels[level + 1]
            done, whole = 2 * len(above), len(below) // (2 * WIDTH) * 2 * WIDTH
            fresh = bytes(below[done:whole])
            above += b"".join(
                [sha(b"\1" + fresh[at : at + 2 * WIDTH]).digest() for at in range(0, len(fresh), 2 * WIDTH)]
            )
            level += 1

    def node(self, level: int, index: int) -> bytes:
        """The hash of the complete subtree ``index`` of 2^level leaves. Raises ``Refused`` where it is not complete."""
        found = bytes(self._levels[level][index * WIDTH : (index + 1) * WIDTH]) if level < len(self._levels) else b""
        if len(found) != WIDTH or index < 0:
            raise Refused(f"subtree {index} of level {level} is not in a tree of {self.size}")
        return found

    def leaf(self, index: int) -> bytes:
        """The hash of a leaf. Raises ``Refused`` where there is none."""
        return self.node(0, index)

    def root(self, size: int | None = None) -> bytes:
        """The root over the first ``size`` leaves; over all, without one. Raises ``Refused`` for a size that is not reached yet."""
        size = self._known(size)
        return self._span(0, size) if size else EMPTY

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """The proof that a leaf is in the tree of ``size`` (RFC 9162 section 2.1.3.1). Raises ``Refused`` where it is not."""
        size = self._known(size)
        if not 0 <= index < size:
            raise Refused(f"leaf {index} does not lie in a tree of {size}")
        return [self._span(*span) for span in _path(index, 0, size)]

    def consistency(self, size1: int, size2: int | None = None) -> list[bytes]:
        """The proof that the tree of ``size2`` begins with that of ``size1`` (RFC 9162 section 2.1.4.1). Raises ``Refused``."""
        size2 = self._known(size2)
        if not 0 < size1 <= size2:
            raise Refused(f"a tree of {size2} does not begin with one of {size1}")
        return [self._span(*span) for span in _between(size1, 0, size2)]

    def _known(self, size: int | None) -> int:
        size = self.size if size is None else size
        if not 0 <= size <= self.size:
            raise Refused(f"the tree has {self.size} leaves, not {size}")
        return size

    def _span(self, start: int, end: int) -> bytes:
        """The root over the leaves from ``start`` to ``end``, where ``start`` is the beginning of a complete subtree as large."""
        length = end - start
        level = length.bit_length() - 1
        if length == 1 << level:
            return self.node(level, start >> level)
        split = start + (1 << level)
        return node_hash(self._span(start, split), self._span(split, end))


def _split(start: int, end: int) -> int:
    """Where the left subtree ends: the largest power of two below the length."""
    return start + (1 << (end - start - 1).bit_length() - 1)


def _path(index: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The spans beside the way from a leaf up to the root, lowest first."""
    spans = []
    while end - start > 1:
        middle = _split(start, end)
        if index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    yield from reversed(spans)


def _between(size: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The spans of which both trees are made, lowest first; the old tree itself is left out where it is one subtree."""
    spans, whole = [], True
    while size < end:
        middle = _split(start, end)
        if size <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start, whole = middle, False
    if not whole:
        spans.append((start, end))
    yield from reversed(spans)
