"""Whether what is stored can be read: JSON of the right shape under a known name, and which personal values it names."""

import re
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json

from dealreg.service.ledger.stored_names import stored_names
from dealreg.service.verifying.finding import Checked, Findings
from dealreg.service.verifying.rows import Parts, SealedRow

CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
LARGEST_NUMBER_OF_REFS = 5_000_000
"""Personal values named in one ledger; each is remembered with its digest, some 200 bytes."""

DELETING = frozenset({b"audit.subject_erased.v1", b"audit.retention_applied.v1"})
"""Facts that say which personal values are there no more."""

FACTS_OF_THE_LOG = frozenset(
    {
        b"audit.stream_heads_sealed.v1",
        b"audit.log_restored.v1",
        b"audit.log_key_rotated.v1",
        b"audit.log_key_revoked.v1",
    }
)
"""Facts that say something of the tree: they are kept, and held against it once it is known."""


@dataclass(slots=True)
class Contents:
    """What was seen of the stored bytes. ``topics`` and ``logins`` have come before; ``refs`` maps a personal value's ref to its digest and a position; ``erased`` to where it was."""

    known: frozenset[bytes] = field(default_factory=lambda: frozenset(name.encode() for name in stored_names().names))
    topics: set[bytes] = field(default_factory=set)
    logins: set[bytes] = field(default_factory=set)
    refs: dict[str, tuple[str, int]] = field(default_factory=dict)
    erased: dict[str, int] = field(default_factory=dict)
    of_the_log: list[tuple[SealedRow, dict[str, Any]]] = field(default_factory=list)
    findings: Findings = field(
        default_factory=lambda: Findings(
            "content", "read with the build that recorded it, or look who wrote past `ledger.append`"
        )
    )

    def look(self, row: Parts) -> None:
        """Read one row."""
        by, topic, state = row[4], row[5], row[7]
        if by not in self.logins or topic not in self.topics:
            self._met(SealedRow._make(row))
        try:
            stored = from_json(state)
            data = stored["data"]
            if type(stored) is not dict or type(data) is not dict or type(stored["meta"]) is not dict:
                raise ValueError("JSON without `meta` and `data`")
        except (ValueError, KeyError, TypeError, IndexError) as error:
            self._unreadable(SealedRow._make(row), error)
            return
        if b'"ref"' in state:
            self._name(data, row[0])
        if topic in DELETING:
            self.erased.update(dict.fromkeys(map(str, data.get("refs") or ()), row[0]))
        elif topic in FACTS_OF_THE_LOG:
            self.of_the_log.append((SealedRow._make(row), data))

    def _met(self, row: SealedRow) -> None:
        """A name or a login that comes for the first time, or every time when it is none."""
        if row.topic not in self.known:
            self.findings.add(f"{row.named()}: this build knows no such fact", row.position)
        elif CONTROL.search(row.recorded_by):
            self.findings.add(f"{row.named()}: a control character in its login", row.position)
        else:
            self.topics.add(row.topic)
            self.logins.add(row.recorded_by)

    def _unreadable(self, row: SealedRow, error: Exception) -> None:
        why = error if type(error) is ValueError else "JSON without `meta` and `data`"
        self.findings.add(f"{row.named()}: not what is stored of a fact: {why}", row.position)

    def _name(self, value: Any, position: int) -> None:
        """Every ``{"ref": …, "digest": …}`` in it."""
        if isinstance(value, dict):
            if value.keys() == {"ref", "digest"} and len(self.refs) < LARGEST_NUMBER_OF_REFS:
                self.refs[str(value["ref"])] = (str(value["digest"]), position)
                return
            for item in value.values():
                self._name(item, position)
        elif isinstance(value, list):
            for item in value:
                self._name(item, position)

    def checked(self) -> list[Checked]:
        """The line of this check."""
        return [self.findings.checked("every fact is JSON under a name that this build knows")]
