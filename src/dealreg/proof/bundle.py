"""What a bundle of evidence is written like, and which streams belong to what it is about."""

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid5

NAMESPACE = UUID("6d0f5b0e-6f0c-5b1e-9d5e-0d8f2c1f7a11")

_ID, _HASH = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), re.compile(r"[A-Za-z0-9+/]{43}=")
_AT = re.compile(r"[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}\.[0-9]{6}Z")
_NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f]{1,200}")
_PATH = re.compile(r"((0|[1-9][0-9]{0,8})( (0|[1-9][0-9]{0,8})){0,99})?")
_EVENT = {
    "position": int, "stream": _ID, "version": int, "recorded_at": _AT, "recorded_by": _NAME, "topic": _NAME,
    "after": int, "before": int, "proof": _PATH,
}  # fmt: skip
BUNDLE = {
    "format": re.compile("dealreg/evidence/v1"), "checkpoint": str, "nodes": [_HASH],
    "subject": ({"kind": re.compile("deal|conflict"), "id": _ID}, {"kind": re.compile("customer"), "id": _ID, "program": _NAME},
                {"kind": re.compile("partner"), "id": _NAME, "program": _NAME}, {"kind": re.compile("period"), "first": int, "last": int, "before": int, "behind": int}),
    "anchors": [{"checkpoint": str, "proof": _PATH}],
    "events": [({**_EVENT, "digest": _HASH}, {**_EVENT, "salt": _HASH, "state": str})],
    "heads": (None, {"position": int, "absent": [_ID], "entries": [
        {"index": int, "stream": _ID, "version": int, "position": int, "leaf": _HASH, "proof": _PATH}]}),
    "personal": [({"ref": _ID, "value": None, "salt": None}, {"ref": _ID, "value": str, "salt": str})],
}  # fmt: skip


def written(bundle: Any) -> bytes:
    """The one way in which a bundle is written."""
    return (json.dumps(bundle, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode("utf-8", "surrogatepass")


def head_text(stream: str, version: int, position: int, leaf: bytes) -> bytes:
    """An entry of the map of stream heads: the newest fact of a stream."""
    return f"dealreg/head/v1\n{stream}\n{version}\n{position}\n{leaf.hex()}\n".encode()


def derived(kind: str, *parts: str) -> str:
    """The stream that has no id of its own but follows from others: a partner's, a rulebook's, a customer's file of claims."""
    return str(uuid5(NAMESPACE, json.dumps([kind, *parts], ensure_ascii=False, separators=(",", ":"))))


def roots(subject: dict[str, Any]) -> list[str]:
    """The streams that a bundle is about."""
    if subject["kind"] == "partner":
        return [derived("partner", subject["program"], subject["id"])]
    more = [derived("file", subject["program"], subject["id"])] if subject["kind"] == "customer" else []
    return [subject["id"], *more] if subject["kind"] != "period" else []


def belonging(subject: dict[str, Any], shown: dict[str, list[dict[str, Any]]]) -> set[str]:
    """The streams without which the story has holes: all claims on the customer and all conflicts over them, as far as facts are shown."""
    found: set[str] = set()
    todo = roots(subject)
    while todo:
        stream = todo.pop()
        if stream in found:
            continue
        found.add(stream)
        for fact in shown.get(stream, []) if subject["kind"] != "partner" else []:
            for key, value in _ids(fact["data"]):
                own = key in {"registration", "conflict"}
                todo.append(value if own else derived("file", fact["meta"]["program"], value))
    return found


def _ids(data: Any) -> Iterator[tuple[str, str]]:
    pairs = data.items() if isinstance(data, dict) else [("", one) for one in data] if isinstance(data, list) else []
    for key, value in pairs:
        if key in {"registration", "conflict", "customer", "into", "absorbed"} and isinstance(value, str):
            yield key, value
        yield from _ids(value)


def sealed(value: Any) -> Iterator[tuple[str, str]]:
    """Every personal value that a fact names: its ref, and SHA-256 of salt and value."""
    if isinstance(value, dict) and value.keys() == {"ref", "digest"}:
        yield str(value["ref"]), str(value["digest"])
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        yield from sealed(one)
