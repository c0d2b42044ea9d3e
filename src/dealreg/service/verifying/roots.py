"""Roots of the tree as it would be with some other leaves: by them it is found out what a row was when it was sealed."""

from collections.abc import Mapping

from dealreg.proof.tree import Tree
from dealreg.proof.verify import node_hash


def root_with(tree: Tree, size: int, changed: Mapping[int, bytes]) -> bytes:
    """The root over the first ``size`` leaves, were the leaves at these indexes others; some twenty hashes for each of them."""
    return _span(tree, 0, size, sorted(changed), changed) if changed else tree.root(size)


def _span(tree: Tree, start: int, end: int, indexes: list[int], changed: Mapping[int, bytes]) -> bytes:
    inside = [index for index in indexes if start <= index < end]
    length = end - start
    level = length.bit_length() - 1
    if not inside and length == 1 << level:
        return tree.node(level, start >> level)
    if length == 1:
        return changed[start]
    half = 1 << (length - 1).bit_length() - 1
    return node_hash(_span(tree, start, start + half, inside, changed), _span(tree, start + half, end, inside, changed))
