"""The map of stream heads of a ledger: made from the newest fact of every stream, and recorded as a fact, so that the log seals it."""

from typing import NamedTuple

from dealreg.proof.heads import Head, HeadsMap
from dealreg.service.evidence.leaves import leaves_at, streams_at
from dealreg.service.ledger.audit_facts import StreamHeadsSealed
from dealreg.service.ledger.auditing import fact, record
from dealreg.service.ledger.ledger import Ledger
from dealreg.vocabulary.fact import Role
from dealreg.vocabulary.ids import StreamId, derived

STREAM = StreamId(derived("audit", "heads"))
"""The stream of the recorded maps."""


class Heads(NamedTuple):
    """A recorded map: at which size of the log it was made, and at which position its root stands."""

    map: HeadsMap
    log_size: int
    position: int


def heads_map(ledger: Ledger, size: int, origin: str | None = None) -> HeadsMap:
    """The map at a size of the log; leaf hashes come from the tiles of ``origin`` as far as it has them. Raises ``Unavailable``."""
    found = streams_at(ledger, size)
    leaves = leaves_at(ledger, origin, (position for _, _, position in found))
    return HeadsMap(Head(str(stream), version, position, leaves[position]) for stream, version, position in found)


def record_heads(ledger: Ledger, *, origin: str | None, by: str, reason: str, role: Role = Role.AUDITOR) -> Heads:
    """Make the map of all that is recorded now, and record its root.

    ``ledger`` is of the role of the sealer or the auditor. Raises ``Unavailable``.
    """
    size = ledger.head()
    found = heads_map(ledger, size, origin)
    event = StreamHeadsSealed(log_size=size, streams=found.size, root=found.root.hex())
    return Heads(found, size, record(ledger, fact(STREAM, event, by=by, reason=reason, role=role)))
