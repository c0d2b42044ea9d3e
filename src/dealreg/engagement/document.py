"""A rulebook as YAML: read as written, refused with the place and what to do."""

import re
from collections.abc import Iterator
from typing import Any

import yaml
from pydantic import ValidationError

from dealreg.engagement.rulebook import RulebookDocument

LONGEST = 1_000_000
"""Characters; a program with thousands of territories needs a tenth of it."""

DEEPEST = 20

Place = tuple[str | int, ...]


class DocumentError(ValueError):
    """The text is no rulebook; ``faults`` are the lines of the message, each with line, path and what to do."""

    def __init__(self, faults: list[str]) -> None:
        """Keep the faults one by one for ``--json``."""
        super().__init__("\n".join(faults))
        self.faults = faults


class _Written(yaml.BaseLoader):
    """Every scalar is the text that was written (a version 2026.10 stays one, NO stays Norway); only ``null`` and nothing are none."""


_Written.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_Written.add_constructor("tag:yaml.org,2002:null", lambda _loader, _node: None)


def load(text: str) -> RulebookDocument:
    """The rulebook that the YAML says. Raises ``DocumentError`` with every fault that was found."""
    if len(text) > LONGEST:
        raise DocumentError([f"the text has more than {LONGEST} characters; a rulebook is shorter"])
    try:
        written, lines = _read(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        at = f"line {mark.line + 1}: " if mark is not None else ""
        raise DocumentError([f"{at}this is no YAML: {error.problem or error.context}; correct it there"]) from error
    except yaml.YAMLError as error:
        raise DocumentError([f"this is no YAML that can be read: {error}"]) from error
    if not isinstance(written, dict):
        raise DocumentError(["line 1: a rulebook is a list of settings, such as 'program: reference'"])
    try:
        return RulebookDocument.model_validate(written)
    except ValidationError as error:
        raise DocumentError([_said(fault, lines) for fault in error.errors()]) from error


def _read(text: str) -> tuple[Any, dict[Place, int]]:
    """The values and the line of each."""
    _bounded(text)
    node = yaml.compose(text, _Written)
    if node is None:
        return None, {}
    lines = dict(_lines(node, ()))
    loader = _Written("")
    try:
        return loader.construct_document(node), lines
    finally:
        loader.dispose()


def _bounded(text: str) -> None:
    """Refuse what can grow without bound: a few aliases say billions of values, and brackets in brackets take hours to read."""
    depth = 0
    for event in yaml.parse(text, _Written):
        line = event.start_mark.line + 1 if event.start_mark is not None else 1
        if isinstance(event, yaml.AliasEvent):
            raise DocumentError([f"line {line}: an alias (*) is used; write out what it stands for"])
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise DocumentError([f"line {line}: more than {DEEPEST} levels in one another; a rulebook has five"])


def _lines(node: yaml.Node, place: Place) -> Iterator[tuple[Place, int]]:
    """The line of every value, counted from one. Raises ``MarkedYAMLError`` where a mapping names a key twice."""
    yield place, node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        for number, inner in enumerate(node.value):
            yield from _lines(inner, (*place, number))
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, inner in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value in seen:
                word = f"{key.value!r} is set twice" if isinstance(key, yaml.ScalarNode) else "a key is no word"
                raise yaml.MarkedYAMLError(problem=word, problem_mark=key.start_mark)
            seen.add(key.value)
            yield from _lines(inner, (*place, key.value))


def _said(fault: Any, lines: dict[Place, int]) -> str:
    """One fault of pydantic with the place in the text: the nearest thing around it that was written."""
    place: Place = tuple(fault["loc"])
    near = place
    while near and near not in lines:
        near = near[:-1]
    path = ".".join(map(str, place)) or "the rulebook"
    return f"line {lines.get(near, 1)}: {path}: {_advice(fault)}"


def _advice(fault: Any) -> str:
    match fault["type"]:
        case "extra_forbidden":
            return "no rulebook has this setting; correct its spelling or leave it out"
        case "missing":
            return "is missing; add it"
        case "value_error":
            return str(fault["msg"]).removeprefix("Value error, ")
        case _:
            return f"{fault['input']!r}: {str(fault['msg'])[:1].lower()}{str(fault['msg'])[1:]}"
