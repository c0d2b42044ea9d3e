"""Values of Dataverse in plain JSON: option sets, money, references to records, dates of .NET.

Sources: Microsoft's reference of RemoteExecutionContext and of the Web API; design, domain.md section 3.3.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dealreg.service.intake.formats.dates import as_iso
from dealreg.service.intake.unreadable import Unreadable, Why

NOBODY = "00000000-0000-0000-0000-000000000000"
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LOOKUP = re.compile(r"_(.+)_value")
_ETAG = re.compile(r'W/"(\d{1,19})"')


def guid(value: Any, field: str) -> str:
    """The id of a record, in small letters: Dataverse writes it in both. Raises ``Unreadable``."""
    text = value.strip("{} ").lower() if isinstance(value, str) else ""
    if not _GUID.fullmatch(text) or text == NOBODY:
        raise Unreadable(Why.INVALID, "is no id of a record", field)
    return text


def attributes(entity: Mapping[str, Any], field: str) -> dict[str, Any]:
    """The fields of an ``Entity``, each in plain JSON. Raises ``Unreadable``."""
    return {name: plain(value, f"{field}.{name}") for name, value in pairs(entity.get("Attributes"), field).items()}


def pairs(value: Any, field: str) -> dict[str, Any]:
    """A list of ``{"key": …, "value": …}`` as an object; nothing of null. Raises ``Unreadable``."""
    if value is None:
        return {}
    if not isinstance(value, list) or not all(
        isinstance(one, dict) and isinstance(one.get("key"), str) for one in value
    ):
        raise Unreadable(Why.INVALID, "has to be a list of keys and values", field)
    return {one["key"]: one.get("value") for one in value}


def kind(value: Any) -> str:
    """The class of a value by its ``__type``: ``Entity``, ``EntityReference``, ``OptionSetValue``, ``Money``; empty for others."""
    named = value.get("__type") if isinstance(value, dict) else None
    return named.partition(":")[0] if isinstance(named, str) else ""


def plain(value: Any, field: str) -> Any:
    """An option set by its number, money by its amount, a record by its id, an instant as ISO 8601 writes it; lists of these."""
    if isinstance(value, list):
        return [plain(one, field) for one in value]
    if isinstance(value, str) and value.startswith("/Date("):
        return as_iso(value, field)
    if not isinstance(value, dict):
        return value
    if kind(value) == "EntityReference" or ({"Id", "LogicalName"} <= value.keys() and "Attributes" not in value):
        return guid(value.get("Id"), field)
    if "Value" in value and value.keys() <= {"__type", "Value"}:
        return value["Value"]
    return value


def of_web_api(value: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """The fields of a record of the Web API, lookups under the names that messages use, and its row version (0: not said)."""
    etag = _ETAG.fullmatch(value["@odata.etag"]) if isinstance(value.get("@odata.etag"), str) else None
    return dict(_columns(value)), int(etag[1]) if etag else row_version(value.get("versionnumber"))


def row_version(value: Any) -> int:
    """The row version as a number: it grows with every change in the whole database. 0 where there is none."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if re.fullmatch(r"[0-9]{1,19}", text) else 0


def _columns(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, inner in value.items():
        lookup = _LOOKUP.fullmatch(name)
        if "@" in name:
            continue  # An annotation, such as the words of an option set in the caller's language.
        yield (lookup[1], guid(inner, name) if inner is not None else None) if lookup else (name, inner)
