"""The key that signs and checks bearer tokens: a file that only its owner reads (architecture D10)."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SHORTEST_SECRET = 32
"""Bytes of a shared secret: as many as HS256 digests (RFC 7518 section 3.2)."""


class BadKey(Exception):
    """The file holds no key that tokens can be checked with; the message says what it should hold. A verb leaves with 2."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A key and the one algorithm that it is used with."""

    algorithm: str
    public: Any
    private: Any

    def signing(self) -> Any:
        """The half that signs. Raises ``BadKey`` where only the public half is here."""
        if self.private is None:
            raise BadKey("this is a public key: it checks tokens; the private one, which signs them, lies elsewhere")
        return self.private


def read_or_make(path: Path) -> TokenKey:
    """The key of a file; where there is none, a new Ed25519 key, readable by its owner alone. Raises ``BadKey``."""
    if not path.exists():
        _make(path)
    return read(path)


def read(path: Path) -> TokenKey:
    """The key of a file: PEM of an Ed25519 key (private or public), else a secret of at least 32 bytes. Raises ``BadKey``."""
    text = path.read_bytes().strip()
    if not text.startswith(b"-----BEGIN"):
        if len(text) < SHORTEST_SECRET:
            raise BadKey(f"{path} holds {len(text)} bytes; a shared secret has at least {SHORTEST_SECRET}")
        return TokenKey("HS256", text, text)
    try:
        if b"PRIVATE KEY" in text:
            private = serialization.load_pem_private_key(text, password=None)
            if isinstance(private, Ed25519PrivateKey):
                return TokenKey("EdDSA", private.public_key(), private)
        else:
            public = serialization.load_pem_public_key(text)
            if isinstance(public, Ed25519PublicKey):
                return TokenKey("EdDSA", public, None)
    except (ValueError, TypeError) as error:
        raise BadKey(f"{path} is no PEM that can be read without a password: {error}") from error
    raise BadKey(f"{path} holds another kind of key; put an Ed25519 key or a secret there")


def _make(path: Path) -> None:
    """Two processes that make it at one moment get the same key: the file comes into being whole, and only once."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    text = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return  # Another process was first; its key is the key.
    finally:
        draft.unlink()
