"""Another key: the trail says so, both sign for a while, then the old one rests."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from dealreg.proof.note import vkey
from dealreg.service.ledger.audit_facts import LogKeyRotated
from dealreg.service.ledger.auditing import fact, record
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.sealing.keys import FileSigner
from dealreg.service.sealing.own_state import KeyUsed
from dealreg.service.sealing.sealer import Sealer
from dealreg.service.sealing.signing import FIRST_KEY, tell_keys
from dealreg.service.sealing.things import Things
from dealreg.service.witnessing.keyring import keys_stream
from dealreg.vocabulary.values import Text


def rotate(sealer: Sealer, *, by: str, reason: Text | None) -> KeyUsed:
    """Make the next key, record it, and sign with both from the next checkpoint on, for as long as the settings say.

    Done again after a crash it goes on where it was. Raises ``Unavailable``, ``OSError``.
    """
    own, things = sealer.own, sealer.things
    file = _next(own.keys[-1].file)
    new = vkey(FileSigner(own.origin, things.keys / file))
    changed = LogKeyRotated(origin=own.origin, old=own.keys[-1].vkey, new=new, from_size=own.size)
    stream = keys_stream(own.origin)
    with Ledger(sealer.database_url, role="dealreg_sealer", pool_size=1) as ledger:
        known = [ledger.read(row).event for row in ledger.read_many({stream: 0}).rows]
        said = next((one for one in known if isinstance(one, LogKeyRotated) and one.new == new), None)
        if said is None:
            record(ledger, fact(stream, changed, by=by, reason=reason))
    made = KeyUsed(file=file, vkey=new, from_size=(said or changed).from_size)
    last = own.keys[-1].model_copy(update={"signs_until": datetime.now(UTC) + things.overlap})
    sealer.remember(own.model_copy(update={"keys": (*own.keys[:-1], last, made)}))
    tell_keys(things, sealer.own)
    return made


def _next(file: str) -> str:
    """``log``, ``log-2``, ``log-3``: a log after a restore goes on with the newest of them, so its keys are not counted."""
    number = file.rpartition("-")[2]
    return f"{FIRST_KEY}-{int(number) + 1 if number.isdecimal() else 2}"


def asked_for(things: Things) -> Path:
    """Where a sealer that is at work finds that its key is to change."""
    return things.state.with_name("rotate.json")


def ask(things: Things, *, by: str, reason: str | None) -> None:
    """Leave word for the sealer that has the turn."""
    path = asked_for(things)
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(json.dumps({"by": by, "reason": reason}))
    draft.replace(path)


def rotate_if_asked(sealer: Sealer) -> None:
    """Change the key where somebody asked for it."""
    path = asked_for(sealer.things)
    with suppress(FileNotFoundError):
        said = json.loads(path.read_text())
        rotate(sealer, by=said["by"], reason=said["reason"])
        path.unlink()
