"""Which keys sign now, and the state of a sealer that has signed nothing yet."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from dealreg.proof.note import Signer, vkey
from dealreg.service.sealing.halting import NotOurs
from dealreg.service.sealing.keys import FileSigner
from dealreg.service.sealing.own_state import KeyUsed, Memory, OwnState
from dealreg.service.sealing.tables import Tables
from dealreg.service.sealing.things import Things

VKEYS = "log.vkeys"
"""Beside them, what others are given: the verifier keys."""

RESTORED = "/restored-"
"""Between the origin of a log and the number of one that goes on from it."""

FIRST_KEY = "log"
"""The file of a log's first key, in the folder of the keys."""


def signers(things: Things, own: OwnState, now: datetime) -> Sequence[Signer]:
    """Those that sign a checkpoint now, the newest key first. Raises ``NotOurs`` and ``BadKey``."""
    return [
        _signer(things, own.origin, key)
        for key in reversed(own.keys)
        if key.signs_until is None or now < key.signs_until
    ]


def checked_name(things: Things, own: OwnState) -> None:
    """The log is the one that the settings name. Raises ``NotOurs``."""
    if (
        things.origin is not None
        and own.origin != things.origin
        and not own.origin.startswith(things.origin + RESTORED)
    ):
        raise NotOurs(
            f"LOG_ORIGIN is {things.origin} and {things.state} is the memory of {own.origin}; set one to the other"
        )


def tell_keys(things: Things, own: OwnState) -> None:
    """Write the verifier keys of the log beside its keys, one a line, for a witness of this machine."""
    lines = "".join(f"{key.vkey}\n" for key in own.keys)
    path = things.keys / VKEYS
    if not path.exists() or path.read_text() != lines:
        draft = path.with_name(f".{VKEYS}.draft")
        draft.write_text(lines)
        draft.replace(path)


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
