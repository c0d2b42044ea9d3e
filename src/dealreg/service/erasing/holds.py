"""Legal holds: what stands under one is neither erased nor retired, whoever asks, until it is lifted.

The database holds them and looks at them in the transaction that deletes (migration 0008); here they are placed, lifted and listed.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID, uuid4

from dealreg.service.erasing.saying import SALT_BYTES, By, again, only, pseudonym
from dealreg.service.ledger.audit_facts import HoldKind, HoldLifted, HoldPlaced
from dealreg.service.ledger.ledger import Ledger
from dealreg.vocabulary.fact import event_id
from dealreg.vocabulary.ids import StreamId, derived
from dealreg.vocabulary.refused import Closed, Refused, Reused, Unknown

_PLACE: Final = "SELECT personal.place_hold(%s, %s, %s, %s, %s, %b, %s, %s, %s, %b) AS done"
_LIFT: Final = "SELECT personal.lift_hold(%s, %b) AS lifted"
_STANDING: Final = """
SELECT hold, stream, kind, about, folded, salt, matter, reason, placed_by, placed_at FROM personal.holds
WHERE %(hold)s::uuid IS NULL OR hold = %(hold)s ORDER BY placed_at, hold
"""
_KNOWN: Final = """
SELECT EXISTS (SELECT FROM ledger.events WHERE originator_id = %s AND originator_version = 1 AND starts_with(topic, %s)) AS known
"""
_BEGINS: Final = {
    HoldKind.DEAL: "registration_submitted.",
    HoldKind.CUSTOMER: "customer_opened.",
    HoldKind.CONFLICT: "conflict_detected.",
}
"""How the stream of each begins: a hold on the id of something else would keep nothing, and nobody would know."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A hold that stands. ``about`` is an id, a program or a person's pseudonym as in the fact; ``event`` is that of its placing."""

    hold: UUID
    kind: HoldKind
    about: str
    matter: str
    placed_at: datetime
    event: str
    reason: str
    placed_by: str

    def __str__(self) -> str:
        """As people are told of it."""
        return f"hold {self.hold} on a {self.kind} (matter {self.matter}, since {self.placed_at:%Y-%m-%d})"


@dataclass(frozen=True, slots=True)
class Placed:
    """What came of placing: the hold, and of a person the salt that shows the fact's pseudonym to be its own."""

    hold: UUID
    about: str
    salt: str | None
    repeated: bool


def place(auditor: Ledger, kind: HoldKind, about: str, *, matter: str, by: By) -> Placed:
    """Lay a hold; asked again under the same key, it is the same hold.

    ``auditor`` is a ledger of the role ``dealreg_auditor``. Raises ``Refused``, ``Unknown`` for an id of nothing, ``Reused``, ``Unavailable``.
    """
    about, folded = _as_kept(auditor, kind, about)
    hold = derived("hold", by.program, by.actor.caller, by.key) if by.key is not None else uuid4()
    stream = StreamId(derived("audit", "hold", hold))
    if auditor.read_many({stream: 0}).rows:
        return _placed_before(auditor, hold, kind, about, matter)
    salt = secrets.token_bytes(SALT_BYTES) if kind is HoldKind.SUBJECT else None
    told = about if salt is None else pseudonym(salt, about)
    event = HoldPlaced(hold=hold, matter=matter, kind=kind, about=told)
    fact = by.fact(stream, event, sha256(f"{kind}\n{told}\n{matter}".encode()).hexdigest())
    said = [hold, stream, kind.value, about, folded, salt, event.matter, by.reason, by.actor.subject, fact.state]
    again(lambda: auditor.run(_PLACE, said))
    return Placed(hold, told, salt.hex() if salt else None, repeated=False)


def _as_kept(auditor: Ledger, kind: HoldKind, about: str) -> tuple[str, str]:
    about = about.strip()
    if not about:
        raise Refused("say what the hold is on")
    if kind in {HoldKind.SUBJECT, HoldKind.PROGRAM}:
        return about, about.casefold()
    try:
        stream = UUID(about)
    except ValueError as error:
        raise Refused(f"a {kind} is named by its id, a UUID") from error
    if not only(auditor, _KNOWN, [stream, _BEGINS[kind]])["known"]:
        raise Unknown(f"there is no {kind} {stream}; check its id")
    return str(stream), str(stream)


def _placed_before(auditor: Ledger, hold: UUID, kind: HoldKind, about: str, matter: str) -> Placed:
    rows = auditor.run(_STANDING, {"hold": hold})
    if not rows:
        raise Closed("this request placed a hold that has been lifted since; place another under another key")
    row = rows[0]
    if (row["kind"], row["about"], row["matter"]) != (kind.value, about, matter):
        raise Reused("this request id was used before for another hold")
    salt = bytes(row["salt"]) if row["salt"] is not None else None
    return Placed(hold, _told(row), salt.hex() if salt else None, repeated=True)


def lift(auditor: Ledger, hold: UUID, *, by: By) -> bool:
    """End a hold; false when it was lifted before. Raises ``Unknown`` where there never was one, ``Unavailable``."""
    rows = auditor.run(_STANDING, {"hold": hold})
    stream = StreamId(derived("audit", "hold", hold))
    if not rows:
        if auditor.read_many({stream: 0}).rows:
            return False
        raise Unknown(f"there is no hold {hold}; see those that stand with `dealreg audit hold list`")
    fact = by.fact(stream, HoldLifted(hold=hold, matter=rows[0]["matter"]), sha256(hold.bytes).hexdigest())
    return bool(again(lambda: only(auditor, _LIFT, [hold, fact.state]))["lifted"])


def listed(ledger: Ledger, only: Iterable[UUID] | None = None) -> list[Standing]:
    """The holds that stand, the oldest first; all of them, or of these. Raises ``Unavailable``."""
    wanted = None if only is None else set(only)
    return [
        Standing(
            row["hold"],
            HoldKind(row["kind"]),
            _told(row),
            row["matter"],
            row["placed_at"],
            event_id(row["stream"], 1),
            row["reason"],
            row["placed_by"],
        )
        for row in ledger.run(_STANDING, {"hold": None})
        if wanted is None or row["hold"] in wanted
    ]


def on_subject(ledger: Ledger, subject: str) -> list[Standing]:
    """Those that were laid on a person, asked for as when they were laid. Raises ``Unavailable``."""
    asked = {subject.strip(), subject.strip().casefold()}
    rows = ledger.run(_STANDING, {"hold": None})
    return listed(
        ledger, [row["hold"] for row in rows if row["kind"] == "subject" and {row["about"], row["folded"]} & asked]
    )


def _told(row: dict[str, Any]) -> str:
    return str(row["about"]) if row["salt"] is None else pseudonym(bytes(row["salt"]), row["about"])
