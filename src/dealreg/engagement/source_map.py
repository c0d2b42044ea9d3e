"""Where in a text each value of a YAML document stands, down to the column inside an expression."""

from collections.abc import Iterator
from typing import NamedTuple, cast

import yaml

from dealreg.engagement.checks.fault import Place


class Spot(NamedTuple):
    """A line and a column, counted from one."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


class SourceMap:
    """The places of a document's values; ``ValueError`` of YAML where a mapping names a key twice."""

    def __init__(self, text: str, root: yaml.Node) -> None:
        """Walk the nodes once."""
        self._lines = text.splitlines()
        self._nodes = dict(_nodes(root, ()))

    def spot(self, place: Place) -> Spot:
        """Where a value begins, or the nearest thing around it that was written."""
        near = place
        while near and near not in self._nodes:
            near = near[:-1]
        mark = self._nodes[near].start_mark
        return Spot(mark.line + 1, mark.column + 1)

    def inside(self, place: Place, within: tuple[int, int]) -> Spot:
        """The place of a line and column of the text that stands at ``place``; where it was folded or escaped, of its beginning."""
        node = cast("yaml.ScalarNode", self._nodes[place])
        line, column = within
        written = node.value.split("\n")
        start = self._block(node, line) if node.style in {"|", ">"} else self._plain(node, line)
        if start is None or not self._text(start).startswith(written[line - 1]):
            return self.spot(place)
        return Spot(start.line, start.column + column - 1)

    def _plain(self, node: yaml.ScalarNode, line: int) -> Spot | None:
        """An expression in the line of its key, quoted or not."""
        mark = node.start_mark
        return Spot(mark.line + 1, mark.column + 1 + (node.style is not None)) if line == 1 else None

    def _block(self, node: yaml.ScalarNode, line: int) -> Spot | None:
        """A block begins in the line after its mark, indented as its first line is."""
        first = node.start_mark.line + 1
        if first + line - 1 >= len(self._lines):
            return None
        indent = len(self._lines[first]) - len(self._lines[first].lstrip(" "))
        return Spot(first + line, indent + 1)

    def _text(self, spot: Spot) -> str:
        return self._lines[spot.line - 1][spot.column - 1 :]


def _nodes(node: yaml.Node, place: Place) -> Iterator[tuple[Place, yaml.Node]]:
    """Every value by its place. Raises ``MarkedYAMLError`` where a mapping names a key twice, or a key is no word."""
    yield place, node
    if isinstance(node, yaml.SequenceNode):
        for number, inner in enumerate(node.value):
            yield from _nodes(inner, (*place, number))
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, inner in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value in seen:
                word = f"{key.value!r} is set twice" if isinstance(key, yaml.ScalarNode) else "a key is no word"
                raise yaml.MarkedYAMLError(problem=word, problem_mark=key.start_mark)
            seen.add(key.value)
            yield from _nodes(inner, (*place, key.value))
