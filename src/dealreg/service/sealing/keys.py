"""The key of the log: a file of its own that its owner alone reads (architecture D10), behind the ``Signer`` of `dealreg.proof.note`."""

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dealreg.service.token_key import BadKey, read_or_make


class FileSigner:
    """An Ed25519 key in a PEM file of mode 0600; made, whole and once, where there is none."""

    def __init__(self, name: str, path: Path) -> None:
        """``name``: what its signatures are called; of a log its origin. Raises ``BadKey``."""
        self.name = name
        found = read_or_make(path)
        if not isinstance(found.private, Ed25519PrivateKey):
            raise BadKey(f"{path} holds no private Ed25519 key in PEM; only such a key signs notes")
        if path.stat().st_mode & 0o077:
            raise BadKey(f"{path} can be read by others than its owner; run: chmod 600 {path}")
        self._private = found.private

    @property
    def public(self) -> bytes:
        """32 bytes of Ed25519."""
        return self._private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)

    def sign(self, message: bytes) -> bytes:
        """64 bytes of Ed25519."""
        return self._private.sign(message)
