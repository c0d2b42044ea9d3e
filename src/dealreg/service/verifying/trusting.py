"""Whose signatures count: the policy that a verifier brings along, or for want of one the keys that this machine knows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from dealreg.proof.policy import read_policy
from dealreg.proof.verify import SIGNED, Key, Note, Refused, parse_vkey
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.witnessing.policy import trust as trail

SKEW_SECONDS = 5
"""By how much the clocks of the database, of witnesses and of time-stamp services may differ, where no policy says."""


class BadPolicy(Exception):
    """A policy that cannot be read; the message says what it should hold. A verb leaves with 2."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class LogKey:
    """A key of a log, and for checkpoints of which sizes it counts; ``to_size`` is the first for which it does not."""

    key: Key
    from_size: int = 0
    to_size: int | None = None

    def counts_at(self, size: int) -> bool:
        """Whether it may sign a checkpoint of a size."""
        return self.from_size <= size and (self.to_size is None or size < self.to_size)


@dataclass(frozen=True, slots=True)
class Trust:
    """Keys by the origin of their log, witnesses, and the skew of clocks. ``source`` says where they are from."""

    logs: Mapping[str, Sequence[LogKey]] = field(default_factory=dict)
    witnesses: Sequence[Key] = ()
    skew_seconds: float = SKEW_SECONDS
    source: str = "nowhere"

    def signed(self, origin: str, size: int, note: Note) -> str | None:
        """Why a note is not signed by the log at this size; ``None`` when it is."""
        keys = self.logs.get(origin, ())
        if not keys:
            return f"no key of the log {origin} is known"
        if any(one.counts_at(size) and _verified(note, one.key) for one in keys):
            return None
        if any(_verified(note, one.key) for one in keys):
            return f"it is signed by a key of {origin} that does not count at size {size}"
        return f"no key of {origin} has signed it"

    def witnessed(self, note: Note) -> Iterator[tuple[str, int | None]]:
        """Of each trusted witness that is named, the second of 1970 at which it saw the note; ``None`` where its line does not stand."""
        for key in self.witnesses:
            for name, key_id, blob in note.signatures:
                if (name, key_id) == (key.name, key.id):
                    at = int.from_bytes(blob[:8], "big")
                    said = f"cosignature/v1\ntime {at}\n{note.body}".encode()
                    yield key.name, at if _stands(key.public, said, blob[8:]) else None


def of_policy(file: Path) -> Trust:
    """The policy in a file. Raises ``BadPolicy``, and ``OSError`` where there is no file."""
    try:
        said = read_policy(file.read_bytes())
    except Refused as error:
        raise BadPolicy(f"{file} is no policy as `dealreg audit policy` writes one: {error}") from error
    logs = {origin: tuple(LogKey(*key) for key in keys) for origin, keys in said.logs.items()}
    return Trust(logs, tuple(said.witnesses), said.skew, str(file))


def of_trail(ledger: Ledger, vkeys: Path, witnesses: Sequence[str] = ()) -> Trust:
    """For want of a policy: the keys that the sealer of this machine wrote down, a line each, and those that the trail says followed them.

    Nobody counts where that file is not there. A trail that cannot be read adds nothing. Raises ``BadPolicy``, ``Unavailable``.
    """
    named = vkeys.read_text(encoding="utf-8").split() if vkeys.exists() else []
    try:
        machine = {parse_vkey(line).name: (LogKey(parse_vkey(line)),) for line in named}
        seen_by = tuple(map(parse_vkey, witnesses))
    except Refused as error:
        raise BadPolicy(f"{vkeys} or WITNESSES holds something else than verifier keys: {error}") from error
    if not named:
        return Trust(witnesses=seen_by)
    try:
        found = trail(ledger, named).logs
    except (Refused, ValueError):  # What is wrong with it is for the checks to say.
        return Trust(machine, seen_by, SKEW_SECONDS, str(vkeys))
    logs = {
        origin: tuple(LogKey(one.key, one.from_size, one.to_size) for one in keys) for origin, keys in found.items()
    }
    return Trust(logs, seen_by, SKEW_SECONDS, f"{vkeys}, and the trail")


def _verified(note: Note, key: Key) -> bool:
    mine = [blob for name, key_id, blob in note.signatures if (name, key_id) == (key.name, key.id)]
    return key.kind == SIGNED and bool(mine) and _stands(key.public, note.body.encode(), mine[0])


def _stands(public: bytes, message: bytes, signature: bytes) -> bool:
    """By OpenSSL: a log of months has a million checkpoints, and the verifier's own arithmetic takes 4 ms for each."""
    try:
        _key(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=100)
def _key(public: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public)
