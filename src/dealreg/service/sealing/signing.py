"""Which keys sign now, and the state of a sealer that has signed nothing yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from dealreg.proof.note import Signer, vkey
from dealreg.service.sealing.halting import NotOurs
from dealreg.service.sealing.keys import FileSigner
from dealreg.service.sealing.own_state import KeyUsed, Memory, OwnState
from dealreg.service.sealing.tables import Tables

FIRST_KEY = "log"
"""The file of a log's first key, in the folder of the keys."""


@dataclass(frozen=True, slots=True)
class Things:
    """What is the sealer's own: its memory, the folder of its keys, the origin that its log is to have, how long two keys sign."""

    state: Path
    keys: Path
    origin: str | None = None
    overlap: timedelta = timedelta(days=7)


def signers(things: Things, own: OwnState, now: datetime) -> Sequence[Signer]:
    """Those that sign a checkpoint now, the newest key first. Raises ``NotOurs`` and ``BadKey``."""
    return [
        _signer(things, own.origin, key)
        for key in reversed(own.keys)
        if key.signs_until is None or now < key.signs_until
    ]


def _signer(things: Things, origin: str, key: KeyUsed) -> Signer:
    path = things.keys / key.file
    if not path.exists():
        raise NotOurs(f"the key {path} that signed for {origin} is not there; put it back")
    signer = FileSigner(origin, path)
    if vkey(signer) != key.vkey:
        raise NotOurs(f"{path} is another key than the one that signed for {origin}, {key.vkey}; put that one back")
    return signer


def first_state(things: Things, memory: Memory, tables: Tables) -> OwnState:
    """Begin a log. Raises ``NotOurs`` where the database has one already: its sealer's state is missing, not its log."""
    known = tables.origins()
    if known:
        raise NotOurs(
            f"{memory.path} is not there, and the database has checkpoints of {', '.join(known)}; "
            "set SEALER_STATE to the sealer's own file, or, when it is lost: `dealreg seal --restored REASON`"
        )
    state = begun(things, things.origin or f"dealreg/{uuid4().hex[:16]}", FIRST_KEY)
    memory.keep(state)
    return state


def begun(things: Things, origin: str, file: str) -> OwnState:
    """The state of a log that has signed nothing, with a key that is made where it is not there."""
    return OwnState(
        origin=origin, keys=(KeyUsed(file=file, vkey=vkey(FileSigner(origin, things.keys / file)), from_size=0),)
    )
