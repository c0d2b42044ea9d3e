"""What a source wraps around its changes, looked into with words for what is missing."""

from collections.abc import Mapping
from typing import Any

from dealreg.service.intake.conversions import text_of
from dealreg.service.intake.heard import Entity
from dealreg.service.intake.mapping import EntityMapping, MappingDocument
from dealreg.service.intake.unreadable import Unreadable, Why


def word(value: Mapping[str, Any], name: str, where: str = "") -> str:
    """A text that has to be there; a whole number counts as its digits. Raises ``Unreadable``."""
    found = text_of(value.get(name))
    if not isinstance(found, str) or not found.strip() or isinstance(value.get(name), bool):
        raise Unreadable(Why.INVALID, "is missing or no text", f"{where}{name}")
    return found.strip()


def whole_number(value: Mapping[str, Any], name: str, where: str = "") -> int:
    """A whole number of 64 bits that has to be there. Raises ``Unreadable``."""
    found = value.get(name)
    if not isinstance(found, int) or isinstance(found, bool):
        raise Unreadable(Why.INVALID, "is missing or no whole number", f"{where}{name}")
    return found


def inside(value: Any, path: str) -> Any:
    """What lies at a path of names with dots between them; ``None`` where nothing does."""
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def is_meant(value: Mapping[str, Any], mapping: MappingDocument) -> bool:
    """Whether the mapping's ``only`` takes this message, or part of one."""
    return all(text_of(inside(value, path)) in taken for path, taken in mapping.only.items())


def of_entity(entity: Entity, mapping: MappingDocument) -> EntityMapping:
    """The part of the mapping that speaks of a kind of record. Raises ``Unreadable`` where there is none."""
    if entity is Entity.OPPORTUNITY:
        return mapping
    if mapping.account is None:
        raise Unreadable(Why.SHAPE, "is an account, and the mapping has none", "entity")
    return mapping.account
