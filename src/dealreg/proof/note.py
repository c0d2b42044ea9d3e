"""Signed notes as C2SP has them, and the checkpoints that are notes (c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature)."""

from base64 import b64encode
from collections.abc import Iterable
from typing import Protocol

from dealreg.proof.verify import COSIGNED, SIGNED, key_id


class Named(Protocol):
    """A key as others know it."""

    @property
    def name(self) -> str:
        """The key's name; of a log, its origin."""

    @property
    def public(self) -> bytes:
        """32 bytes of Ed25519."""


class Signer(Named, Protocol):
    """Who can sign: a key in a file, or in a service that never gives it away (architecture D10)."""

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""


def vkey(signer: Named, kind: int = SIGNED) -> str:
    """The verifier key that others are given: ``name+id+base64``."""
    material = b64encode(bytes([kind]) + signer.public).decode()
    return f"{signer.name}+{key_id(signer.name, kind, signer.public).hex()}+{material}"


def checkpoint_body(origin: str, size: int, root: bytes) -> str:
    """What a checkpoint says, in three lines."""
    return f"{origin}\n{size}\n{b64encode(root).decode()}\n"


def signed_note(body: str, signers: Iterable[Signer]) -> str:
    """A note with a line of each signer."""
    return f"{body}\n" + "".join(
        _line(one.name, key_id(one.name, SIGNED, one.public), one.sign(body.encode())) for one in signers
    )


def cosignature(body: str, witness: Signer, at: int) -> str:
    """The line that a witness adds to a checkpoint that it saw at a second of 1970 (cosignature/v1)."""
    said = f"cosignature/v1\ntime {at}\n{body}".encode()
    return _line(
        witness.name, key_id(witness.name, COSIGNED, witness.public), at.to_bytes(8, "big") + witness.sign(said)
    )


def _line(name: str, key: bytes, signature: bytes) -> str:
    return f"— {name} {b64encode(key + signature).decode()}\n"
