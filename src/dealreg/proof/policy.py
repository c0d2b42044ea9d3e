"""What a verifier trusts, and what it reads: only what is written as it should be, only checkpoints of logs and keys that it was told of."""

import json
import re
from datetime import UTC, datetime
from typing import Any, NamedTuple

from dealreg.proof.verify import (
    Checkpoint,
    Key,
    Refused,
    cosigned_at,
    decoded,
    leaf_hash,
    parse_checkpoint,
    parse_vkey,
    signed_by,
    verify_inclusion,
)

LARGEST = 100_000_000
"""Bytes of a bundle."""
LATEST = 2**33
"""No witness sees anything later than in the year 2242."""
POLICY = {
    "logs": [{"origin": str, "keys": [{"vkey": str, "from_size": int, "to_size": (None, int)}]}],
    "witnesses": [{"vkey": str}], "quorum": int, "skew_seconds": int, "require_completeness": bool,
}  # fmt: skip


def read_json(data: bytes, form: Any, name: str) -> Any:
    """JSON in UTF-8 that has exactly the keys and types of a form, no key twice. Raises ``Refused``."""
    if len(data) > LARGEST:
        raise Refused(f"the {name} is larger than {LARGEST} bytes")
    try:
        value = json.loads(data.decode(), object_pairs_hook=_once)
    except (UnicodeError, ValueError, RecursionError) as error:
        raise Refused(f"the {name} cannot be read: {str(error)[:200]}") from error
    fits(value, form, name)
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(found := dict(pairs)) < len(pairs):
        raise Refused(f"a key stands there twice, of {[key[:40] for key, _ in pairs[:9]]}")
    return found


def fits(value: Any, form: Any, at: str) -> None:
    """A form is a type, a pattern, None, a list of one form, a dict of forms, or a tuple of which one fits. Raises ``Refused``."""
    if isinstance(form, tuple):
        for one in form[:-1]:
            try:
                return fits(value, one, at)
            except Refused:
                continue
        return fits(value, form[-1], at)
    if isinstance(form, dict) and type(value) is dict and value.keys() == form.keys():
        for key, inner in form.items():
            fits(value[key], inner, f"{at}.{key}")
    elif isinstance(form, list) and type(value) is list:
        for number, one in enumerate(value):
            fits(one, form[0], f"{at}[{number}]")
    elif not _is(value, form):
        raise Refused(f"{at} is not what stands there in this format: {str(value)[:60]!r}")
    return None


def _is(value: Any, form: Any) -> bool:
    if isinstance(form, re.Pattern):
        return type(value) is str and form.fullmatch(value) is not None
    if form is int:
        return type(value) is int and 0 <= value < 2**63
    return value is None if form is None else isinstance(form, type) and type(value) is form


class Policy(NamedTuple):
    """Of each log its keys with the sizes for which they count (half-open), the witnesses, and how many of them must have signed.

    ``skew``: seconds by which a witness's clock may differ from the log's.
    """

    logs: dict[str, list[tuple[Key, int, int | None]]]
    witnesses: list[Key]
    quorum: int
    skew: int
    require_completeness: bool


class Trusted(NamedTuple):
    """A checkpoint that a known log signed, with which key, and at which second of 1970 each trusted witness saw it."""

    checkpoint: Checkpoint
    key: Key
    times: dict[str, int]

    def __str__(self) -> str:
        log, key = self.checkpoint, f"{self.key.name}+{self.key.id.hex()}"
        seen = "".join(f"; seen by {name} at {utc(at)}" for name, at in sorted(self.times.items()))
        return f"log {log.origin}: {log.size} facts, root {log.root.hex()}, signed by {key}{seen or '; seen by no trusted witness'}"


def utc(second: int) -> str:
    """A second of 1970 as a person reads it."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_policy(data: bytes) -> Policy:
    """Raises ``Refused``."""
    said = read_json(data, POLICY, "policy")
    logs: dict[str, list[tuple[Key, int, int | None]]] = {}
    for log in said["logs"]:
        keys = [(parse_vkey(key["vkey"]), key["from_size"], key["to_size"]) for key in log["keys"]]
        logs.setdefault(log["origin"], []).extend(keys)
    witnesses = [parse_vkey(one["vkey"]) for one in said["witnesses"]]
    if min(len({one.name for one in witnesses}), len({one.public for one in witnesses})) < len(witnesses):
        raise Refused("the policy names a witness twice")
    return Policy(logs, witnesses, said["quorum"], said["skew_seconds"], said["require_completeness"])


def trusted(text: str, policy: Policy, quorum: int = 0) -> Trusted:
    """A checkpoint of a known log that a key which counts for its size signed, and a quorum of witnesses. Raises ``Refused``."""
    found = parse_checkpoint(text)
    if found.origin not in policy.logs:
        raise Refused(f"the checkpoint is of a log that the policy does not name: {found.origin[:80]!r}")
    keys = policy.logs[found.origin]
    signers = [key for key, _, _ in keys if signed_by(found.note, key)]
    counting = [
        key for key, first, end in keys if key in signers and first <= found.size and (end is None or found.size < end)
    ]
    if not counting:
        raise Refused(f"no key that counts at size {found.size} signed the checkpoint of {found.origin[:80]!r}")
    seen = [(key.name, cosigned_at(found.note, key)) for key in policy.witnesses]
    times = {name: at for name, at in seen if at is not None and at < LATEST}
    named = {(name, key_hash) for name, key_hash, _ in found.note.signatures}
    known = [
        *(key for key, _, _ in keys if key not in signers),
        *(key for key in policy.witnesses if key.name not in times),
    ]
    if any((key.name, key.id) in named for key in known):
        raise Refused(f"a signature of a known key under the checkpoint of size {found.size} is not one of its key")
    if len(times) < quorum:
        raise Refused(
            f"{len(times)} trusted witnesses saw the checkpoint of size {found.size}; the policy wants {quorum}"
        )
    return Trusted(found, counting[0], times)


def check_receipt(data: bytes, policy: Policy, at_least: int = 0) -> list[str]:
    """A C2SP tlog-proof whose ``extra`` is the text of the leaf; a line for each thing proved. Raises ``Refused``."""
    text = data.decode("utf-8", "replace") if len(data) <= LARGEST // 50 else ""
    said = r"c2sp\.org/tlog-proof@v1\nextra (\S+)\nindex (0|[1-9][0-9]{0,18})\n((?:[^\s ]+\n){0,63})\n(.*)"
    found = re.fullmatch(said, text, re.DOTALL)
    if found is None:
        raise Refused("no receipt: its format, extra, index, proof, an empty line and a checkpoint are what it has")
    leaf, index, path = decoded(found[1]), int(found[2]), [decoded(one) for one in found[3].split()]
    log = trusted(found[4], policy, policy.quorum)
    if log.checkpoint.size < at_least:
        raise Refused(f"the receipt is of size {log.checkpoint.size}, older than the {at_least} that are known")
    verify_inclusion(index, log.checkpoint.size, leaf_hash(leaf), path, log.checkpoint.root)
    lines = leaf.decode("utf-8", "replace").split("\n")
    if lines[:2] != ["dealreg/event/v1", str(index + 1)] or lines[8:] != [""]:
        raise Refused("the receipt is of a leaf that is no fact of its place")
    position, stream, version, at, by, topic = lines[1:7]
    return [str(log), f"position {position}: {topic}, fact {version} of {stream}, recorded {at} by {by}"]
