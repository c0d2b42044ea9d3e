"""A rulebook as YAML: read as written, refused with the place and what to do."""

import re
from collections.abc import Iterable
from typing import Any

import yaml
from pydantic import ValidationError

from dealreg.engagement.checks.fault import Fault, Place
from dealreg.engagement.checks.whole import faults
from dealreg.engagement.guards.completing import completed
from dealreg.engagement.guards.custom_fields import CustomFieldRules
from dealreg.engagement.rulebook import RulebookDocument
from dealreg.engagement.source_map import SourceMap, Spot

LONGEST = 1_000_000
"""Characters; a program with thousands of territories needs a tenth of it."""

DEEPEST = 20


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


def load(text: str, known: Iterable[CustomFieldRules] = ()) -> RulebookDocument:
    """The rulebook that the YAML says. Raises ``DocumentError`` with every fault that was found.

    Of the ``known`` fields of CRMs those that its guards name and it does not declare are declared in it.
    """
    if len(text) > LONGEST:
        raise DocumentError([f"the text has more than {LONGEST} characters; a rulebook is shorter"])
    try:
        written, spots = _read(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        at = f"{Spot(mark.line + 1, mark.column + 1)}: " if mark is not None else ""
        raise DocumentError([f"{at}this is no YAML: {error.problem or error.context}; correct it there"]) from error
    except yaml.YAMLError as error:
        raise DocumentError([f"this is no YAML that can be read: {error}"]) from error
    if spots is None or not isinstance(written, dict):
        raise DocumentError(["line 1: a rulebook is a list of settings, such as 'program: reference'"])
    try:
        document = RulebookDocument.model_validate(written)
    except ValidationError as error:
        raise DocumentError([_said(fault, spots) for fault in error.errors()]) from error
    document = completed(document, known)
    if found := faults(document):
        raise DocumentError([said for _, said in sorted(_told(fault, spots) for fault in found)])
    return document


def _read(text: str) -> tuple[Any, SourceMap | None]:
    """The values and where each stands."""
    _bounded(text)
    node = yaml.compose(text, _Written)
    if node is None:
        return None, None
    spots = SourceMap(text, node)
    loader = _Written("")
    try:
        return loader.construct_document(node), spots
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


def _said(fault: Any, spots: SourceMap) -> str:
    """One fault of pydantic with its place in the text."""
    place: Place = getattr(fault.get("ctx", {}).get("error"), "place", ()) or tuple(fault["loc"])
    return f"{spots.spot(place)}: {Fault(place, '').path}: {_advice(fault)}"


def _told(fault: Fault, spots: SourceMap) -> tuple[Spot, str]:
    """One fault of ours and where it is in the text, down to the column of an expression."""
    spot = spots.spot(fault.place) if fault.within is None else spots.inside(fault.place, fault.within)
    return spot, f"{spot}: {fault.path}: {fault.said}"


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
