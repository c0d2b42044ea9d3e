"""An answer as fields by their paths, so that two answers can be compared and one field can be asked for."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel, JsonValue

NAMED_BY: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "claims": (("line",), ("registration", "line")),
    "legs": (("tier", "partner"), ("registration", "line", "tier", "partner")),
    "parties": (("registration",),),
    "requested": (("line",),),
    "inputs": (("name",),),
    "identifiers": (("scheme",),),
    "bars": (("override",),),
}
"""What names the elements of a list; where they are of several registrations, the longer name."""

ABOUT_THE_ANSWER: Final = frozenset({"as_of", "stands_at"})
"""Fields of the question, not of what it is about."""

Fields = dict[str, JsonValue]


def flat(answer: BaseModel) -> Fields:
    """Every field of an answer by its path: ``claims.storage.legs.dealer.ALPHA.state``. A list of plain values is one field."""
    shown = answer.model_dump(mode="json")
    own = str(shown.get("registration", ""))
    return dict(_fields({name: value for name, value in shown.items() if name not in ABOUT_THE_ANSWER}, "", own))


def _fields(value: Any, path: str, own: str) -> Iterator[tuple[str, JsonValue]]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _fields(part, f"{path}.{name}" if path else name, own)
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        seen: Counter[str] = Counter()
        for number, part in enumerate(value):
            name = _name(path.rpartition(".")[2], part, own) or str(number)
            seen[name] += 1
            again = f"#{seen[name]}" if seen[name] > 1 else ""
            yield from _fields(part, f"{path}.{name}{again}", own)
    else:
        yield path, value


def _name(field: str, part: Mapping[str, Any], own: str) -> str | None:
    names = NAMED_BY.get(field)
    if names is None:
        return None
    of_another = len(names) > 1 and "registration" in part and str(part["registration"]) != own
    chosen = names[1] if of_another else names[0]
    return ".".join(str(part[name]) for name in chosen)


def matches(path: str, asked: str) -> bool:
    """Whether a field is meant: its whole path, or the end of it from a name on."""
    return path == asked or path.endswith("." + asked)
