"""Check evidence of a deal: this one file, the standard library, no network, no database; written to be read in one sitting.

The log is a Merkle tree (RFC 6962, RFC 9162 section 2.1) over facts; its checkpoints are C2SP signed notes, its keys Ed25519
(RFC 8032), its witnesses' cosignatures C2SP cosignature/v1.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from typing import NamedTuple

LONGEST_NOTE = 1_000_000
"""Bytes of a note, and below a hundred signatures of it: what Go's reader of notes takes."""
SIGNED, COSIGNED = 1, 4
"""Kinds of a key in C2SP: Ed25519 over the note's text, and cosignature/v1 over a time and the text."""


class Refused(ValueError):
    """What was to be proved is not; the message says why."""


def decoded(text: str) -> bytes:
    """Base64 in its one canonical form. Raises ``Refused``."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise Refused(f"no base64: {text[:40]!r}") from error
    if base64.b64encode(data).decode() != text:
        raise Refused(f"base64 that is not canonical: {text[:40]!r}")
    return data


# --- The tree ---------------------------------------------------------------------------------------------------------


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return hashlib.sha256(b"\1" + left + right).digest()


def payload_digest(salt: bytes, state: bytes) -> bytes:
    """What the leaf says of a fact's bytes: without the salt nobody can try out what they are."""
    return hashlib.sha256(b"dealreg/payload/v1\n" + salt + state).digest()


def leaf_text(
    position: int, stream: str, version: int, recorded_at: str, recorded_by: str, topic: str, digest: bytes
) -> bytes:
    """The leaf of a fact. ``recorded_at`` is UTC as ``2026-09-01T12:00:00.000000Z``; leaf i of the tree is position i + 1."""
    lines = ["dealreg/event/v1", str(position), stream, str(version), recorded_at, recorded_by, topic]
    return "\n".join([*lines, base64.b64encode(digest).decode(), ""]).encode()


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """A leaf hash lies at ``index`` of the tree of ``size`` with this root (RFC 9162 section 2.1.3.2). Raises ``Refused``."""
    if not 0 <= index < size or {len(one) for one in (leaf, root, *proof)} != {32}:
        raise Refused(f"leaf {index} does not lie in a tree of {size}, or a hash does not have 32 bytes")
    here, last, found = index, size - 1, leaf
    for node in proof:
        if last == 0:
            raise Refused("the proof of inclusion is too long")
        if here & 1 or here == last:
            found = node_hash(node, found)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            found = node_hash(found, node)
        here, last = here >> 1, last >> 1
    if last or found != root:
        raise Refused(f"leaf {index} is not in the tree of {size}")


def verify_consistency(size1: int, size2: int, root1: bytes, root2: bytes, proof: Sequence[bytes]) -> None:
    """The tree of ``size2`` begins with that of ``size1`` (RFC 9162 section 2.1.4.2). Raises ``Refused``."""
    if size1 == size2 > 0 and not proof and root1 == root2:
        return
    if not 0 < size1 < size2 or not proof or {len(one) for one in (root1, root2, *proof)} != {32}:
        raise Refused(f"no proof that the tree of {size2} begins with that of {size1}")
    path = [root1, *proof] if size1 & (size1 - 1) == 0 else list(proof)
    here, last = size1 - 1, size2 - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    old = new = path[0]
    for node in path[1:]:
        if last == 0:
            raise Refused("the proof of consistency is too long")
        if here & 1 or here == last:
            old, new = node_hash(node, old), node_hash(node, new)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            new = node_hash(new, node)
        here, last = here >> 1, last >> 1
    if last or old != root1 or new != root2:
        raise Refused(f"the tree of {size2} does not begin with that of {size1}")


# --- Ed25519 ----------------------------------------------------------------------------------------------------------

_P, _L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
_D, _ROOT = -121665 * pow(121666, -1, _P) % _P, pow(2, (_P - 1) // 4, _P)
_Point = tuple[int, int, int, int]


def _add(one: _Point, two: _Point) -> _Point:
    a, b = (one[1] - one[0]) * (two[1] - two[0]) % _P, (one[1] + one[0]) * (two[1] + two[0]) % _P
    c, d = 2 * _D * one[3] * two[3] % _P, 2 * one[2] * two[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _point(text: bytes) -> _Point | None:
    number = int.from_bytes(text, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    x = x if x * x % _P == square else x * _ROOT % _P
    if y >= _P or x * x % _P != square or (not x and sign):
        return None
    x = x if x & 1 == sign else _P - x
    return x, y, 1, x * y % _P


_BASE = _point((4 * pow(5, -1, _P) % _P).to_bytes(32, "little")) or (0, 1, 1, 0)


def ed25519_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the holder of a public key signed a message (RFC 8032 section 5.1.7, without the cofactor)."""
    key = _point(public) if len(public) == 32 and len(signature) == 64 else None
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or scalar >= _L:
        return False
    against = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % _L
    minus = (_P - key[0], key[1], 1, _P - key[3])
    table = [(0, 1, 1, 0), _BASE, minus, _add(_BASE, minus)]
    found = table[0]
    for bit in range(252, -1, -1):
        found = _add(_add(found, found), table[(scalar >> bit & 1) + 2 * (against >> bit & 1)])
    z = pow(found[2], -1, _P)
    x, y = found[0] * z % _P, found[1] * z % _P
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


# --- Notes and checkpoints --------------------------------------------------------------------------------------------


class Key(NamedTuple):
    """Who signs: the key's name, its id of 4 bytes, its kind (``SIGNED`` or ``COSIGNED``), and 32 bytes of Ed25519."""

    name: str
    id: bytes
    kind: int
    public: bytes


class Note(NamedTuple):
    """A signed text: ``body`` with its last line break, and of each signature name, key id and bytes."""

    body: str
    signatures: tuple[tuple[str, bytes, bytes], ...]


class Checkpoint(NamedTuple):
    """The state of a log: whose, how many leaves, the root over them, and the note that says so."""

    origin: str
    size: int
    root: bytes
    note: Note


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """The 4 bytes by which a signature names its key."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def parse_vkey(text: str) -> Key:
    """A C2SP verifier key, ``name+id+base64``. Raises ``Refused``."""
    name, found, material = [*text.split("+", 2), "", ""][:3]
    public = decoded(material)
    if not _is_name(name) or len(public) != 33 or public[0] not in {SIGNED, COSIGNED}:
        raise Refused(f"no verifier key of Ed25519: {text[:80]!r}")
    key = Key(name, key_id(name, public[0], public[1:]), public[0], public[1:])
    if key.id.hex() != found:
        raise Refused(f"the verifier key {name!r} does not have the id it says")
    return key


def _is_name(name: str) -> bool:
    return bool(name) and not re.search(r"[\s+\x00-\x1f\x7f-\x9f\ud800-\udfff]", name)


def parse_note(text: str) -> Note:
    """A C2SP signed note. Unknown signers are no fault, a second signature of one key is. Raises ``Refused``."""
    if len(text.encode("utf-8", "replace")) > LONGEST_NOTE or re.search(r"[\x00-\x09\x0b-\x1f\x7f\ud800-\udfff]", text):
        raise Refused("no note: too long, or with control characters")
    body, _, lines = text.rpartition("\n\n")
    found = re.fullmatch(r"(?:— [^ \n]+ [^ \n]+\n){1,100}", lines)
    if not body or not found:
        raise Refused("no note: its text and its signature lines stand apart by one empty line")
    signatures = []
    for line in lines.split("\n")[:-1]:
        _, name, blob = line.split(" ")
        signature = decoded(blob)
        if not _is_name(name) or len(signature) < 5:
            raise Refused(f"no signature line: {line[:80]!r}")
        signatures.append((name, signature[:4], signature[4:]))
    if len({one[:2] for one in signatures}) < len(signatures):
        raise Refused("two signatures of one key")
    return Note(body + "\n", tuple(signatures))


def parse_checkpoint(text: str) -> Checkpoint:
    """A C2SP checkpoint without extension lines. Raises ``Refused``."""
    note = parse_note(text)
    lines = note.body.split("\n")
    if len(lines) != 4 or not lines[0] or not re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1]):
        raise Refused("no checkpoint: an origin, a size and a root are its three lines")
    root = decoded(lines[2])
    if len(root) != 32:
        raise Refused("no checkpoint: its root does not have 32 bytes")
    return Checkpoint(lines[0], int(lines[1]), root, note)


def signed_by(note: Note, key: Key) -> bool:
    """Whether a key of kind ``SIGNED`` signed a note."""
    mine = [sig for name, key_hash, sig in note.signatures if (name, key_hash) == (key.name, key.id)]
    return key.kind == SIGNED and bool(mine) and ed25519_verify(key.public, note.body.encode(), mine[0])


def cosigned_at(note: Note, key: Key) -> int | None:
    """The second of 1970 at which a witness says it saw a checkpoint; ``None`` where it did not sign."""
    mine = [sig for name, key_hash, sig in note.signatures if (name, key_hash) == (key.name, key.id)]
    if key.kind != COSIGNED or not mine or len(mine[0]) != 72:
        return None
    at = int.from_bytes(mine[0][:8], "big")
    said = f"cosignature/v1\ntime {at}\n{note.body}".encode()
    return at if ed25519_verify(key.public, said, mine[0][8:]) else None
