"""Receipts: the proof that one fact stands in the log, for whoever keeps it to hold against us (c2sp.org/tlog-proof).

A receipt carries the leaf of the fact, not the fact: its stream, place, instant and name, and the salted digest of its content. Of
anybody else's facts it has hashes only.
"""

from base64 import b64encode
from typing import NamedTuple
from uuid import UUID

import structlog

from dealreg.proof.verify import Refused, leaf_hash, parse_checkpoint, verify_inclusion
from dealreg.service.ledger.errors import Unavailable
from dealreg.service.proving.hashes import Hashes, Run
from dealreg.service.sealing.leaves import COLUMNS, Entry, text_of
from dealreg.vocabulary.refused import Unknown

MEDIA_TYPE = "text/plain; charset=utf-8"
SUFFIX = ".tlog-proof"
"""As c2sp.org/tlog-proof names such files."""

FIRST = 1
"""The version at which a registration's stream says that it was submitted."""

_FACT = f"SELECT {COLUMNS} FROM ledger.events WHERE originator_id = %s AND originator_version = %s"  # noqa: S608  # constants

# One that a witness saw, where there is one: nobody can show another tree of that size. The earliest, which dates the fact best.
_COVERING = """
WITH now AS (SELECT s.origin FROM seal.standing AS s ORDER BY s.beat_at DESC LIMIT 1)
SELECT c.origin, c.size, c.note FROM now, LATERAL (
    (SELECT k.origin, k.size, 0 AS rank FROM seal.cosignatures AS k WHERE k.origin = now.origin AND k.size >= %s ORDER BY k.size LIMIT 1)
    UNION ALL
    (SELECT k.origin, k.size, 1 FROM seal.checkpoints AS k WHERE k.origin = now.origin AND k.size >= %s ORDER BY k.size LIMIT 1)
) AS found JOIN seal.checkpoints AS c USING (origin, size) ORDER BY found.rank LIMIT 1
"""
_LINES = "SELECT line FROM seal.cosignatures WHERE origin = %s AND size = %s ORDER BY witness"

log = structlog.get_logger(__name__)


class NotSealedYet(Exception):
    """The fact is recorded, and no checkpoint covers it yet: a second or two, or the sealer is away. A verb leaves with 1."""

    exit_code = 1


class Receipt(NamedTuple):
    """A receipt: its text, how many facts the log had, and how many witnesses saw that."""

    text: str
    size: int
    witnesses: int


def receipt(run: Run, stream: UUID, version: int = FIRST) -> Receipt:
    """The receipt of a fact; of a registration, of its submission. ``run`` as a role that reads the ledger and the seal.

    Raises ``Unknown``, ``NotSealedYet``, and ``Unavailable``, also where the proof does not hold: nobody is given one that would not.
    """
    rows = run(_FACT, [stream, version])
    if not rows:
        raise Unknown("there is no such fact; check its id")
    entry = Entry(*rows[0].values())
    covering = run(_COVERING, [entry.position, entry.position])
    if not covering:
        raise NotSealedYet("it is recorded and not sealed yet; ask again in a second")
    origin, size, note = covering[0].values()
    lines = [row["line"] for row in run(_LINES, [origin, size])]
    leaf, index = text_of(entry), entry.position - 1
    try:
        proof = Hashes(run, origin, size).inclusion(index)
        verify_inclusion(index, size, leaf_hash(leaf), proof, parse_checkpoint(note).root)
    except Refused as error:
        log.critical("receipt_does_not_hold", position=entry.position, origin=origin, size=size, reason=str(error))
        raise Unavailable(
            "what is recorded here is not what was sealed; the operator runs `dealreg audit verify`"
        ) from error
    return Receipt(tlog_proof(leaf, index, proof, note + "".join(lines)), size, len(lines))


def tlog_proof(leaf: bytes, index: int, proof: list[bytes], note: str) -> str:
    """The text of a proof that carries its leaf."""
    hashes = "".join(f"{b64encode(one).decode()}\n" for one in proof)
    return f"c2sp.org/tlog-proof@v1\nextra {b64encode(leaf).decode()}\nindex {index}\n{hashes}\n{note}"
