"""Access to the trail, recorded before it is granted: whose access cannot be recorded is refused.

Each access has a stream of its own, so that readers never wait for each other but for their turn in the log. Recorded is what was
asked and about what, never an answer and never a value of a person.
"""

import re
from collections.abc import Mapping
from typing import Final
from uuid import uuid4

from dealreg.service.ledger.audit_facts import Exported, Face, TrailRead
from dealreg.service.ledger.auditing import fact, record
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.tokens import Claims
from dealreg.vocabulary.fact import Event, Role
from dealreg.vocabulary.ids import StreamId
from dealreg.vocabulary.refused import Refused
from dealreg.vocabulary.values import Text

LONGEST_ABOUT: Final = 1000
"""Characters: an id and a few plain parameters have a hundred."""

PLAIN: Final = frozenset({
    "as_known", "as_of", "at_size", "by", "by_effective", "customer", "effective", "effective_at", "field", "from", "kind", "known", "known_at",
    "line", "model", "on", "open", "partner", "region", "since", "standing", "state", "table", "territory", "to", "to_decide", "until",
})  # fmt: skip
"""Parameters of questions that name things of the program or instants: they may be recorded. Of others only the name is."""

_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(:\d{1,19})?|\d{1,19}")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,99}")


def asked(auditor: Ledger, who: Claims, *, question: str, about: str, reason: str | None = None, face: Face) -> int:
    """Record that somebody asks a question of the trail; the fact's position. Raises ``Unavailable``: then it is not answered.

    ``auditor`` is a ledger of the role ``dealreg_auditor``.
    """
    event = TrailRead(question=question, about=about[:LONGEST_ABOUT] or "everything", face=face)
    return _recorded(auditor, who, event, reason)


def exported(
    auditor: Ledger, who: Claims, *, form: str, about: str, log_size: int, facts: int, digest: str, reason: str
) -> int:
    """Record that a file leaves the house, before it does; the fact's position.

    ``log_size`` is the newest position that it could speak of, ``facts`` how many it holds, ``digest`` SHA-256 of its bytes in
    hexadecimal. Raises ``Refused`` without a reason, and ``Unavailable``: then nothing is handed over.
    """
    if not reason.strip():
        raise Refused("an export is recorded with its reason; say for whom and what it is made")
    event = Exported(
        form=form, about=about[:LONGEST_ABOUT] or "everything", log_size=log_size, facts=facts, digest=digest
    )
    return _recorded(auditor, who, event, reason)


def in_words(path: Mapping[str, object], query: Mapping[str, object]) -> str:
    """What a question is about, of its parameters: ids, and plain words where they name things of the program.

    Somebody may have typed anything else, a person's name among it: of that only the parameter's name is kept.
    """
    return ", ".join(
        _told(name, str(value)) for name, value in (*path.items(), *query.items()) if value not in (None, "")
    )


def _told(name: str, value: str) -> str:
    known = _ID.fullmatch(value) or (name in PLAIN and _WORD.fullmatch(value))
    return f"{name} {value}" if known else name


def _recorded(auditor: Ledger, who: Claims, event: Event, reason: Text | None) -> int:
    said = fact(StreamId(uuid4()), event, by=who.sub, reason=reason, role=Role(who.role), program=who.program)
    return record(auditor, said)
