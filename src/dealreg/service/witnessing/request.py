"""What a witness is asked: an old size, the proof from there, and a checkpoint (c2sp.org/tlog-witness, add-checkpoint)."""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from dealreg.proof.verify import Checkpoint, Refused, decoded, parse_checkpoint

LONGEST_REQUEST = 200_000
"""Bytes: 63 hashes, and a checkpoint with more signatures than a reader of notes has to take."""

MOST_PROOF = 63
"""Lines of proof: a tree of 2^63 leaves needs no more."""

WIDTH = 32


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is well formed; nothing in it is believed yet."""

    old: int
    proof: Sequence[bytes]
    checkpoint: Checkpoint
    note: str
    """The checkpoint as it was sent."""


def parse_request(body: bytes) -> Asked:
    """Read a request. Raises ``Refused`` where it is not as the protocol says (400)."""
    if len(body) > LONGEST_REQUEST:
        raise Refused(f"the request is longer than {LONGEST_REQUEST} bytes")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused("the request is not UTF-8") from error
    head, apart, note = text.partition("\n\n")
    first, *rest = head.split("\n")
    old = re.fullmatch(r"old (0|[1-9][0-9]{0,18})", first)
    if not apart or old is None or len(rest) > MOST_PROOF:
        raise Refused("a request is a line `old SIZE`, at most 63 lines of proof, an empty line, and a checkpoint")
    proof = [decoded(line) for line in rest]
    if any(len(one) != WIDTH for one in proof):
        raise Refused("a hash of the proof does not have 32 bytes")
    return Asked(int(old[1]), proof, parse_checkpoint(note), note)


def request_text(old: int, proof: Sequence[bytes], note: str) -> str:
    """The request of a log."""
    return "".join([f"old {old}\n", *(f"{b64encode(one).decode()}\n" for one in proof), "\n", note])
