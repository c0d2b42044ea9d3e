"""The log as CloudEvents 1.0, one event a line (JSON Lines), from which alone the root of the tree can be computed again.

The context attributes are those of the standard; what the leaf needs besides travels in extensions::

    id             the fact's id, <stream>:<version>            subject     the stream
    type           "dealreg." and the stored name               time        recorded_at
    sequence       the position, twenty digits                  leafindex   the position less one
    streamversion  the version                                  recordedby  the database role that recorded it
    salt           32 bytes in base64                           leafhash    the hash of the leaf in base64

``data`` is the last member of a line and holds the stored bytes as they are, not a rendering of them; bytes that are no such JSON go as
``data_base64``. Source: CloudEvents 1.0.2, its JSON format and its sequence extension.
"""

import json
from base64 import b64encode
from typing import Any, BinaryIO, Final
from urllib.parse import quote

from dealreg.service.exporting.stored import Stored, stored
from dealreg.service.exporting.wanted import Tell, Wanted, Written
from dealreg.service.ledger.ledger import Ledger
from dealreg.vocabulary.refused import Refused

FORM: Final = "cloudevents"
SUFFIX: Final = ".jsonl"
TYPE: Final = "dealreg."
DATA: Final = b',"data":'
"""Where the stored bytes begin in a line: attributes are flat text, so these bytes cannot stand in one."""

LONGEST_LINE: Final = 64 * 1024 * 1024
"""Bytes of a line. A fact comes through doors that take a megabyte; what a merge takes over by value may be a few."""


def write(ledger: Ledger, out: BinaryIO, wanted: Wanted, tell: Tell) -> Written:
    """Write the facts wanted, one line each; the memory needed is that of a page. Raises ``Refused`` and ``Unavailable``."""
    source = f"dealreg:{quote(wanted.origin, safe='')}" if wanted.origin else "dealreg:log"
    facts = first = last = 0
    for fact in stored(ledger, wanted):
        written = line(fact, source)
        if len(written) > LONGEST_LINE:
            raise Refused(
                f"the fact at position {fact.position} has {len(fact.state)} bytes, more than a line may have"
            )
        out.write(written)
        facts, first, last = facts + 1, first or fact.position, fact.position
        tell(1)
    return Written(facts, first, last)


def line(fact: Stored, source: str) -> bytes:
    """A fact as a line."""
    attributes = {
        "specversion": "1.0",
        "id": f"{fact.stream}:{fact.version}",
        "source": source,
        "type": f"{TYPE}{fact.topic}",
        "subject": fact.stream,
        "time": fact.recorded_at,
        "datacontenttype": "application/json",
        "sequence": f"{fact.position:020d}",
        "leafindex": str(fact.position - 1),
        "streamversion": str(fact.version),
        "recordedby": fact.recorded_by,
        "salt": b64encode(fact.salt).decode(),
        "leafhash": b64encode(fact.leaf).decode(),
    }
    head = json.dumps(attributes, ensure_ascii=False, separators=(",", ":")).encode()[:-1]
    if _is_plain(fact.state):
        return head + DATA + fact.state + b"}\n"
    return head + b',"data_base64":"' + b64encode(fact.state) + b'"}\n'


def parsed(text: bytes) -> Any:
    """JSON in which every key stands once and every number is one. Raises ``ValueError``, of what is too deep as well."""
    try:
        return json.loads(text.decode("utf-8"), object_pairs_hook=_each_key_once, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("it is nested too deep to be read") from None


def _is_plain(state: bytes) -> bool:
    """Whether the bytes can stand in a line as they are and are read as the same JSON by everybody."""
    if b"\n" in state or b"\r" in state or not state.startswith(b"{"):
        return False
    try:
        return isinstance(parsed(state), dict)
    except ValueError:
        return False


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("an object names a key twice")
    return made


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not a number")
