"""An export in CloudEvents, read again: each line is checked by itself, and the lines are together what they claim to be."""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, BinaryIO
from uuid import UUID

from dealreg.proof.verify import Refused as NotProved
from dealreg.proof.verify import decoded
from dealreg.service.exporting.cloudevents import DATA, LONGEST_LINE, TYPE, parsed
from dealreg.service.exporting.stored import Stored, instant
from dealreg.vocabulary.refused import Refused

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_NEEDED = (
    "specversion", "id", "source", "type", "subject", "time", "sequence", "leafindex", "streamversion", "recordedby", "salt",
    "leafhash",
)  # fmt: skip


def lines(file: BinaryIO) -> Iterator[Stored]:
    """The facts of a file, line by line. Raises ``Refused`` with the number of the line and what is wrong with it."""
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        try:
            yield _fact(line)
        except (ValueError, NotProved) as error:
            raise Refused(f"line {number}: {error}") from error


def whole(facts: Iterable[Stored]) -> Iterator[Stored]:
    """The facts of a whole log: every position once, in order, from the first. Raises ``Refused`` with the number of the line."""
    for number, fact in enumerate(facts, 1):
        if fact.position != number:
            raise Refused(f"line {number}: {_out_of_order(fact.position, number)}")
        yield fact


def _out_of_order(position: int, wanted: int) -> str:
    if position > wanted:
        missing = f"{wanted} is" if position == wanted + 1 else f"{wanted} to {position - 1} are"
        return f"position {position} stands where {wanted} should: {missing} missing, or this is no export of the whole log"
    return f"position {position} stands where {wanted} should: it is here twice, or the lines were moved"


def _fact(line: bytes) -> Stored:
    """Raises ``ValueError`` with what is wrong."""
    if len(line) > LONGEST_LINE:
        raise ValueError(f"it is longer than {LONGEST_LINE} bytes")
    if not line.endswith(b"\n"):
        raise ValueError("it is cut off: no line break ends it, so the file is not all that was written")
    try:
        said = parsed(line)
    except ValueError as error:
        raise ValueError(f"it is no JSON object of its own: {str(error)[:120]}") from None
    if not isinstance(said, dict):
        raise ValueError("it is no JSON object of its own")  # noqa: TRY004 - one kind of fault for the reader of a line
    texts = _texts(said)
    position, version = _number(texts["sequence"], "sequence"), _number(texts["streamversion"], "streamversion")
    fact = Stored(
        position=position,
        stream=texts["subject"],
        version=version,
        topic=texts["type"].removeprefix(TYPE),
        state=b"",
        recorded_at=_instant(texts["time"]),
        recorded_by=texts["recordedby"],
        salt=_bytes(texts["salt"], 32, "salt"),
    )
    _agree(fact, texts)
    return _with_bytes(fact, line, said, _bytes(texts["leafhash"], 32, "leafhash"))


def _texts(said: dict[str, Any]) -> dict[str, str]:
    for name in _NEEDED:
        value = said.get(name)
        if not isinstance(value, str) or not value or _CONTROLS.search(value):
            raise ValueError(f"{name} is missing, or no text in one line")
    if said["specversion"] != "1.0":
        raise ValueError("specversion is not 1.0")
    if not said["type"].startswith(TYPE):
        raise ValueError(f"type does not begin with {TYPE}; this is no export of dealreg")
    if ("data" in said) == ("data_base64" in said):
        raise ValueError("it has neither data nor data_base64, or both")
    return {name: said[name] for name in _NEEDED}


def _agree(fact: Stored, texts: dict[str, str]) -> None:
    """What is said twice is said alike."""
    try:
        canonical = str(UUID(fact.stream)) == fact.stream
    except ValueError:
        canonical = False
    if not canonical:
        raise ValueError("subject is no id of a stream")
    if texts["id"] != f"{fact.stream}:{fact.version}":
        raise ValueError("id is not made of subject and streamversion")
    if texts["leafindex"] != str(fact.position - 1):
        raise ValueError("leafindex is not sequence less one")


def _with_bytes(fact: Stored, line: bytes, said: dict[str, Any], leaf: bytes) -> Stored:
    """The fact with the bytes that its leaf hash is made of: as they stand, or compact again where a tool has laid them out anew."""
    if "data_base64" in said:
        text = said["data_base64"]
        candidates = [decoded(text if isinstance(text, str) else "?")]
    else:
        raw = line.rstrip()[line.find(DATA) + len(DATA) : -1] if DATA in line else b""
        again = json.dumps(said["data"], ensure_ascii=False, separators=(",", ":"))
        candidates = [raw, again.encode("utf-8", "surrogatepass")]
    for state in candidates:
        found = fact._replace(state=state)
        if found.leaf == leaf:
            return found
    raise ValueError("it is not the fact of its leafhash: something in this line was changed")


def _number(text: str, name: str) -> int:
    if not re.fullmatch(r"[0-9]{1,20}", text) or not 0 < int(text) < 2**63:
        raise ValueError(f"{name} is no whole number above nothing")
    return int(text)


def _instant(text: str) -> str:
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", text):
        raise ValueError("time is no RFC 3339 time")
    return instant(datetime.fromisoformat(text))


def _bytes(text: str, length: int, name: str) -> bytes:
    found = decoded(text)
    if len(found) != length or b64encode(found).decode() != text:
        raise ValueError(f"{name} does not have {length} bytes")
    return found
