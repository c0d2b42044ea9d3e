"""The map of stream heads: a second tree of RFC 6962 over the newest fact of every stream, sorted, so that what is not there is provable.

One leaf proves that a bundle holds all facts of a stream (versions have no gaps); two neighbours prove that a stream is not there.
"""

from bisect import bisect_left
from collections.abc import Iterable
from typing import NamedTuple

from dealreg.proof.bundle import head_text
from dealreg.proof.tree import Tree
from dealreg.proof.verify import Refused, leaf_hash


class Head(NamedTuple):
    """The newest fact of a stream: its version, its position, and the hash of its leaf in the log."""

    stream: str
    version: int
    position: int
    leaf: bytes


class HeadsMap:
    """The heads of all streams at one size of the log."""

    def __init__(self, heads: Iterable[Head]) -> None:
        """In any order. Raises ``Refused`` where a stream comes twice."""
        self.heads = sorted(heads)
        self._names = [head.stream for head in self.heads]
        if len(set(self._names)) < len(self._names):
            raise Refused("a stream has two heads")
        self._tree = Tree.of(leaf_hash(head_text(*head)) for head in self.heads)

    @property
    def size(self) -> int:
        """How many streams."""
        return self._tree.size

    @property
    def root(self) -> bytes:
        """The root over all heads."""
        return self._tree.root()

    def place(self, stream: str) -> int | None:
        """Where a stream stands in the map; ``None`` where it is not."""
        found = bisect_left(self._names, stream)
        return found if self._names[found : found + 1] == [stream] else None

    def neighbours(self, stream: str) -> list[int]:
        """The places beside a stream that is not there: two; one at an edge; none in an empty map. Raises ``Refused`` where it is there."""
        if self.place(stream) is not None:
            raise Refused(f"there is a stream {stream}")
        right = bisect_left(self._names, stream)
        return [place for place in (right - 1, right) if 0 <= place < self.size]

    def proof(self, place: int) -> list[bytes]:
        """That the head of this place is in the map."""
        return self._tree.inclusion(place)
