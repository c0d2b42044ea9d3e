"""Keys by name: which logs a witness trusts, which witnesses the log asks, and which keys the trail says the log has had."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from dealreg.proof.verify import COSIGNED, SIGNED, Key, Refused, parse_vkey
from dealreg.vocabulary.ids import StreamId, derived

LOG_VKEYS = Path("keys") / "log.vkeys"
"""In the data folder: the verifier keys of the log of this machine, one a line, written by `seal`."""


class BadNames(Exception):
    """A setting names no keys; the message says what it should hold. A verb leaves with 2."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Known:
    """A witness that is asked: its key, and where it answers."""

    vkey: str
    key: Key
    url: str


def keys_stream(origin: str) -> StreamId:
    """Where the trail says which keys a log signs with (``audit.log_key_rotated``, ``audit.log_key_revoked``)."""
    return StreamId(derived("audit", "keys", origin))


def fingerprint(vkey: str) -> str:
    """What two people compare over the telephone: SHA-256 of the verifier key, in groups of four."""
    digest = sha256(vkey.encode()).hexdigest()
    return " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))


def witnesses(setting: str) -> tuple[Known, ...]:
    """The setting WITNESSES: a verifier key and an address in turn. Raises ``BadNames``."""
    words = _words(setting)
    if len(words) % 2:
        raise BadNames("WITNESSES is a verifier key and its address in turn: `name+id+key https://…`")
    found = [
        Known(vkey, _key(vkey, COSIGNED, "WITNESSES"), url.rstrip("/"))
        for vkey, url in zip(*[iter(words)] * 2, strict=True)
    ]
    if any(not re.match(r"https?://[^\s]+$", one.url) for one in found):
        raise BadNames("an address in WITNESSES begins with https:// or http://")
    if len({one.key.public for one in found}) < len(found):
        raise BadNames("WITNESSES names one key twice")
    return tuple(found)


def logs(setting: str) -> Mapping[str, Sequence[Key]]:
    """The setting WITNESS_LOGS: verifier keys, or `@FILE` with one a line; by origin. Raises ``BadNames``.

    A file that is not there yet names nobody: the log may be started after its witness.
    """
    found: dict[str, list[Key]] = {}
    for word in _words(setting):
        if word.startswith("@"):
            file = Path(word[1:])
            named = [line for line in _lines(file) if not line.startswith("#")]
        else:
            named = [word]
        for vkey in named:
            key = _key(vkey, SIGNED, "WITNESS_LOGS")
            found.setdefault(key.name, []).append(key)
    return found


def _lines(file: Path) -> list[str]:
    return [line.strip() for line in file.read_text().splitlines() if line.strip()] if file.exists() else []


def _words(setting: str) -> list[str]:
    return [word for word in re.split(r"[\s,]+", setting) if word]


def _key(vkey: str, kind: int, setting: str) -> Key:
    try:
        key = parse_vkey(vkey)
    except Refused as error:
        raise BadNames(f"{setting}: {error}") from error
    if key.kind != kind:
        raise BadNames(
            f"{setting}: {key.name} is a key of another kind; it wants those of {'logs' if kind == SIGNED else 'witnesses'}"
        )
    return key
