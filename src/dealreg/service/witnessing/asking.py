"""The log asks a witness: the newest checkpoint with the proof from what that witness cosigned last (c2sp.org/tlog-witness)."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx
import structlog

from dealreg.proof.verify import Refused, cosigned_at, parse_checkpoint
from dealreg.service.proving.hashes import Hashes, Run
from dealreg.service.witnessing.keyring import Known
from dealreg.service.witnessing.posting import Posted, posted
from dealreg.service.witnessing.request import request_text
from dealreg.service.witnessing.sealed import NotCarried, Sealed, carried, note_done
from dealreg.service.witnessing.witness import SIZE

ASK_SECONDS: Final = 10.0
"""How long a witness may take."""

ANSWER_DIGITS: Final = 20
TRIES: Final = 3
"""The first may find the witness elsewhere than we thought, a second publisher may move it once more."""

ALIVE_EVERY: Final = timedelta(seconds=60)
"""A witness that has the newest checkpoint is asked again so often, so that its absence shows while nothing happens."""

SKEW_SECONDS: Final = 60
"""A cosignature says when it was made; by a clock that is further off it would prove a wrong time."""

_KEEP = """
INSERT INTO seal.cosignatures (origin, size, witness, line, cosigned_at) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (origin, size, witness) DO NOTHING
"""

log = structlog.get_logger(__name__)


class Asking:
    """The errand to one witness."""

    errand: Final = "witness"

    def __init__(self, run: Run, known: Known, *, now: Callable[[], float] = time.time) -> None:
        """``run`` as the sealer's database role."""
        self._run, self._known, self._now = run, known, now
        self.taker = known.key.name

    @property
    def named(self) -> str:
        """What it is, with where it goes."""
        return f"witness {self._known.vkey} {self._known.url}"

    def due(self, newest: Sealed) -> bool:
        """Whether the witness lacks the newest checkpoint, or was not heard of for a while."""
        had = carried(self._run, self.errand, self.taker, newest.origin)
        return had.size < newest.size or had.done_at is None or datetime.now(UTC) - had.done_at > ALIVE_EVERY

    def go(self, newest: Sealed) -> None:
        """Ask once, and keep the cosignature. Raises ``NotCarried`` and ``Unavailable``."""
        old = carried(self._run, self.errand, self.taker, newest.origin).size
        for _ in range(TRIES):
            answer = self._asked(min(old, newest.size), newest)
            if answer.status == httpx.codes.OK:
                self._keep(newest, answer.text)
                note_done(self._run, self.errand, self.taker, newest.origin, newest.size)
                return
            has = self._elsewhere(answer)
            if has > newest.size:
                log.critical(
                    "witness_has_seen_more", witness=self.taker, origin=newest.origin, size=newest.size, witnessed=has
                )
                raise NotCarried(
                    f"it cosigned size {has}, the log is at {newest.size}: positions were lost; run `dealreg audit verify`"
                )
            if has == old == newest.size:
                log.critical("witness_has_another_tree", witness=self.taker, origin=newest.origin, size=has)
                raise NotCarried(
                    f"it cosigned another tree of size {has}: the log was rewritten; run `dealreg audit verify`"
                )
            old = has
        raise NotCarried("it moves on while it is asked: somebody else asks it for this log")

    def _asked(self, old: int, newest: Sealed) -> Posted:
        try:
            proof = Hashes(self._run, newest.origin, newest.size).consistency(old) if 0 < old < newest.size else []
        except Refused as error:
            raise NotCarried(f"no proof from size {old} can be made: {error}") from error
        try:
            return posted(
                f"{self._known.url}/add-checkpoint", request_text(old, proof, newest.note).encode(), ASK_SECONDS
            )
        except httpx.HTTPError as error:
            raise NotCarried(f"it does not answer at {self._known.url} ({type(error).__name__})") from error

    def _elsewhere(self, answer: Posted) -> int:
        """Which size the witness has. Raises ``NotCarried`` for any other no."""
        said = answer.text.strip()
        if (
            answer.status == httpx.codes.CONFLICT
            and answer.kind == SIZE
            and said.isdecimal()
            and len(said) < ANSWER_DIGITS
        ):
            return int(said)
        if answer.status == httpx.codes.UNPROCESSABLE_ENTITY:
            log.critical("witness_refuses", witness=self.taker, reason=said[:200])
        raise NotCarried(f"it says no ({answer.status}): {said[:200]}")

    def _keep(self, newest: Sealed, lines: str) -> None:
        """Keep the witness's own line. Raises ``NotCarried`` where it did not sign this checkpoint, now."""
        key = self._known.key
        try:
            note = parse_checkpoint(newest.note + lines).note
        except Refused as error:
            raise NotCarried(f"its answer is no cosignature: {error}") from error
        at = cosigned_at(note, key)
        if at is None:
            raise NotCarried("its answer is not a cosignature of this checkpoint by the key that WITNESSES names")
        if abs(at - self._now()) > SKEW_SECONDS:
            raise NotCarried(f"its clock is {at - self._now():.0f} s from ours")
        (line,) = [
            one
            for one in lines.splitlines(keepends=True)
            if parse_checkpoint(newest.note + one).note.signatures[-1][:2] == (key.name, key.id)
        ]
        self._run(_KEEP, [newest.origin, newest.size, self.taker, line, datetime.fromtimestamp(at, UTC)])
