"""The envelope of CloudEvents 1.0: structured JSON, and the binary mode of the broker's binding.

The envelope says which source (``source``), which message (``source`` and ``id`` together), when the CRM committed (``time``, needed
here) and in which order (``sequence``, compared as text; where it is missing the time decides). ``dealregprogram`` may name the
partner program. What the data is, formats/neutral says. Source: CloudEvents 1.0.2 and its sequence extension.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from dealreg.service.intake.unreadable import Unreadable, Why

TYPE = "dealreg.opportunity.changed.v1"
ACCOUNT_TYPE = "dealreg.account.changed.v1"
PROGRAM = "dealregprogram"

_REQUIRED = ("id", "source", "specversion", "type")
_CONTEXT = (*_REQUIRED, "datacontenttype", "dataschema", "subject", "time")
_NAME = re.compile(r"[a-z0-9]+")
_URI_REFERENCE = re.compile(r"[^\s<>\"{}|\\^`\x00-\x1f]+")
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
JSON_TYPE = re.compile(r"[^/;\s]+/(json|[^/;\s]+\+json)\s*(;.*)?", re.IGNORECASE)
_INTEGER = range(-(2**31), 2**31)


def attributes_of_binary(headers: Mapping[str, str]) -> dict[str, Any]:
    """The attributes that headers ``ce-…`` carry; their values are percent-encoded."""
    lower = {name.lower(): value for name, value in headers.items()}
    found: dict[str, Any] = {
        name[3:]: unquote(value) for name, value in lower.items() if name.startswith(("ce-", "ce_"))
    }
    if "content-type" in lower:
        found["datacontenttype"] = lower["content-type"]
    return found


def is_event(value: Any, headers: Mapping[str, str]) -> bool:
    """Whether a message calls itself a CloudEvent: by ``specversion``, in its body or in its headers."""
    return "specversion" in attributes_of_binary(headers) or (isinstance(value, dict) and "specversion" in value)


def said_of(value: Any, headers: Mapping[str, str]) -> Mapping[str, Any]:
    """The attributes as they were sent, not checked yet; empty for what is no CloudEvent."""
    binary = attributes_of_binary(headers)
    if "specversion" in binary:
        return binary
    return value if isinstance(value, dict) and "specversion" in value else {}


def opened(value: Any, headers: Mapping[str, str]) -> tuple[dict[str, Any], Any]:
    """Attributes and data, checked, in either mode. Raises ``Unreadable`` with the attribute that breaks a rule."""
    binary = attributes_of_binary(headers)
    if "specversion" in binary:
        check(binary)
        return binary, value
    return envelope(value)


def envelope(value: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
    """Attributes and data of a structured event, checked. Raises ``Unreadable`` with the attribute that breaks a rule."""
    attributes = {key: item for key, item in value.items() if key not in {"data", "data_base64"} and item is not None}
    check(attributes)
    if value.get("data_base64") is not None:
        raise Unreadable(Why.INVALID, "is binary data; an opportunity is a JSON object in data", "data_base64")
    return attributes, value.get("data")


def check(attributes: Mapping[str, Any]) -> None:
    """The rules that CloudEvents 1.0 sets for attributes. Raises ``Unreadable``."""
    for name in _REQUIRED:
        if attributes.get(name) in (None, ""):
            raise Unreadable(Why.INVALID, "is required by CloudEvents and missing or empty", name)
    for name, value in attributes.items():
        _check_one(name, value)
    if attributes["specversion"] != "1.0":
        raise Unreadable(Why.INVALID, "is not 1.0, the version that is read here", "specversion")
    if not _URI_REFERENCE.fullmatch(attributes["source"]):
        raise Unreadable(Why.INVALID, "is no URI reference", "source")
    if "time" in attributes and not _RFC_3339.fullmatch(attributes["time"]):
        raise Unreadable(Why.INVALID, "is no RFC 3339 time such as 2026-03-02T10:00:00Z", "time")


def _check_one(name: str, value: Any) -> None:
    if not _NAME.fullmatch(name):
        raise Unreadable(Why.INVALID, "is no attribute's name: lower-case letters and digits only", name[:100])
    if name in _CONTEXT and (not isinstance(value, str) or not value):
        raise Unreadable(Why.INVALID, "has to be text that is not empty", name)
    if isinstance(value, int) and not isinstance(value, bool) and value not in _INTEGER:
        raise Unreadable(Why.INVALID, "is beyond the 32 bits of a CloudEvents integer; send it as text", name)
    if not isinstance(value, str | int):
        raise Unreadable(Why.INVALID, "has to be text, a whole number or a boolean", name)


def committed(attributes: Mapping[str, Any]) -> datetime:
    """The instant at which the source committed the change, in UTC. Raises ``Unreadable``."""
    if "time" not in attributes:
        raise Unreadable(Why.INVALID, "is needed: the instant at which the CRM committed the change", "time")
    try:
        return datetime.fromisoformat(attributes["time"].upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Unreadable(Why.INVALID, f"is no instant: {error}", "time") from error


def order(attributes: Mapping[str, Any], committed: datetime) -> str:
    """The sequence, else the time; all with a sequence come after all without, so that a source which begins to send it may."""
    sequence = attributes.get("sequence")
    if sequence is None:
        return committed.strftime("0:%Y-%m-%dT%H:%M:%S.%fZ")
    if not isinstance(sequence, str) or not sequence.strip():
        raise Unreadable(Why.INVALID, "has to be text that is not empty", "sequence")
    if attributes.get("sequencetype") == "Integer":
        return f"1:{_integer(sequence):020d}"
    return f"1:{sequence}"


def _integer(sequence: str) -> int:
    if not re.fullmatch(r"\d{1,10}", sequence):
        raise Unreadable(Why.INVALID, "is not the whole number that sequencetype says it is", "sequence")
    return int(sequence)
