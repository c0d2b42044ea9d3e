"""The root of a tree that is read once from left to right: a hash for each bit of its size is all that is kept."""

from dealreg.proof.tree import EMPTY
from dealreg.proof.verify import node_hash


class Growing:
    """An RFC 6962 tree of which only the root is asked for."""

    def __init__(self) -> None:
        """Without leaves."""
        self.size = 0
        self._subtrees: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Append the hash of a leaf."""
        self._subtrees.append(leaf)
        self.size += 1
        merged = self.size
        while merged % 2 == 0:
            right = self._subtrees.pop()
            self._subtrees.append(node_hash(self._subtrees.pop(), right))
            merged //= 2

    @property
    def root(self) -> bytes:
        """The root over what was added."""
        if not self._subtrees:
            return EMPTY
        *left, found = self._subtrees
        for subtree in reversed(left):
            found = node_hash(subtree, found)
        return found
