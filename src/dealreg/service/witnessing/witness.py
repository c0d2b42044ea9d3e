"""A witness: it cosigns a checkpoint only when the log's own signature and the proof from what it cosigned last hold (tlog-witness).

Whoever can show two checkpoints of one log that do not begin with one another shows that the log lied; a witness never cosigns both,
whoever asks at which moment.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from dealreg.proof.note import Signer, cosignature
from dealreg.proof.tree import EMPTY
from dealreg.proof.verify import Checkpoint, Key, Note, Refused, signed_by, verify_consistency
from dealreg.service.witnessing.memory import Memory
from dealreg.service.witnessing.request import Asked, parse_request

PLAIN = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"

log = structlog.get_logger(__name__)

Logs = Callable[[], Mapping[str, Sequence[Key]]]
"""The logs that are trusted now: of each origin its keys; two while a key is replaced."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the protocol: an HTTP status, a body, and of which kind the body is."""

    status: int
    body: str
    kind: str = PLAIN


class Witness:
    """Threads may share one: what is checked and what is stored is one step for each log."""

    def __init__(self, signer: Signer, memory: Memory, logs: Logs, *, now: Callable[[], float] = time.time) -> None:
        """``signer`` is the witness's own key, ``memory`` is held for as long as this lives."""
        self._signer, self._memory, self._logs, self._now = signer, memory, logs, now
        self._turn = threading.Lock()

    def add(self, body: bytes) -> Answer:
        """Answer ``add-checkpoint``."""
        try:
            asked = parse_request(body)
        except Refused as error:
            return Answer(400, f"{error}\n")
        keys = self._logs().get(asked.checkpoint.origin)
        if keys is None:
            return Answer(404, "the witness does not know this log\n")
        if not _signed(asked.checkpoint.note, keys):
            return Answer(403, "no signature of a key that is trusted for this log\n")
        if asked.old > asked.checkpoint.size:
            return Answer(400, "the old size is larger than the checkpoint's\n")
        with self._turn:
            return self._judged(asked, body)

    def newest(self, digest: str) -> str | None:
        """The newest checkpoint that was cosigned of the log whose origin has this SHA-256, with the cosignature."""
        return self._memory.by_digest(digest)

    def _judged(self, asked: Asked, body: bytes) -> Answer:
        """What was read stays true until the new is stored: nobody else stores in between."""
        offered, known = asked.checkpoint, self._memory.newest(asked.checkpoint.origin)
        size = known.size if known else 0
        if asked.old != size:
            return Answer(409, f"{size}\n", SIZE)
        if known is not None and offered.size == size and offered.root != known.root:
            self._memory.keep_refused(offered.origin, offered, body)
            log.critical("fork_refused", origin=offered.origin, size=size)
            return Answer(409, f"{size}\n", SIZE)
        try:
            _prove(known, asked)
        except Refused as error:
            self._memory.keep_refused(offered.origin, offered, body)
            log.warning("checkpoint_refused", origin=offered.origin, size=offered.size, known=size, reason=str(error))
            return Answer(422, f"{error}\n")
        line = cosignature(offered.note.body, self._signer, int(self._now()))
        # Other witnesses' lines are not this one's to keep.
        self._memory.remember(offered.origin, f"{_of_the_log(asked)}{line}")
        log.info("checkpoint_cosigned", origin=offered.origin, size=offered.size, before=size)
        return Answer(200, line)


def _signed(note: Note, keys: Sequence[Key]) -> bool:
    """A trusted key signed; one that is named and did not sign spoils the note (signed-note)."""
    named = {(name, identity) for name, identity, _ in note.signatures}
    mine = [key for key in keys if (key.name, key.id) in named]
    return bool(mine) and all(signed_by(note, key) for key in mine)


def _prove(known: Checkpoint | None, asked: Asked) -> None:
    """Raise ``Refused`` unless the checkpoint begins with what is known."""
    offered = asked.checkpoint
    if known is None or known.size == 0:
        if asked.proof:
            raise Refused("from size 0 there is nothing to prove")
        if offered.size == 0 and offered.root != EMPTY:
            raise Refused("a tree without leaves has another root")
        return
    verify_consistency(known.size, offered.size, known.root, offered.root, asked.proof)


def _of_the_log(asked: Asked) -> str:
    """The note as it was sent, without lines of other names."""
    body, _, lines = asked.note.rpartition("\n\n")
    own = [line for line in lines.splitlines() if line.split(" ")[1] == asked.checkpoint.origin]
    return "\n".join([body, "", *own, ""])
