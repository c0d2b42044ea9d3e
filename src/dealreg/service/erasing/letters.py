"""Dead letters that mention somebody, however a message may spell it: they hold raw bytes, which nobody could read."""

import binascii
import re
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Callable, Iterator, Sequence
from html import unescape
from typing import Any, Final
from unicodedata import normalize
from urllib.parse import unquote_plus

from dealreg.service.ledger.ledger import Ledger

PAGE: Final = 200

_PAGE = """
SELECT id, subject, bytes, headers::text AS headers, detail::text AS detail FROM intake.dead_letters
WHERE redacted_at IS NULL AND id > %s ORDER BY id LIMIT %s
"""
_ESCAPE: Final = re.compile(r"\\u([0-9a-fA-F]{4})")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{4,}={0,2}")
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2}){3,}")


def mentioning(ledger: Ledger, needles: Sequence[str], tell: Callable[[int], None] = lambda _: None) -> list[int]:
    """The ids of the dead letters in which one of these is spelt; ``tell`` hears how many were looked at. Raises ``Unavailable``."""
    if not needles:
        return []
    found, after, looked = [], 0, 0
    while page := ledger.run(_PAGE, [after, PAGE]):
        found += [row["id"] for row in page if mentions(_raw(row), needles)]
        after, looked = page[-1]["id"], looked + len(page)
        tell(looked)
    return found


def how_many(ledger: Ledger) -> int:
    """How many there are to look at. Raises ``Unavailable``."""
    return int(ledger.run("SELECT count(*) AS n FROM intake.dead_letters WHERE redacted_at IS NULL")[0]["n"])


def _raw(row: dict[str, Any]) -> bytes:
    rest = "\n".join((row["subject"], row["headers"], row["detail"]))
    return bytes(row["bytes"]) + b"\n" + rest.encode()


def mentions(raw: bytes, needles: Sequence[str]) -> bool:
    """Whether one of them is in it: as text of some character set, escaped for JSON, HTML or a URL, in base64 or hexadecimal."""
    wanted = [_folded(one) for one in needles]
    least = (min(map(len, wanted)) + 1) // 2  # Folded, a text may be twice as long as it was.
    return any(one in text for text in _readings(raw, least) for one in wanted)


def _folded(text: str) -> str:
    """However it was capitalised and composed: an accent may be a character of its own."""
    return (text if text.isascii() else normalize("NFKC", text)).casefold()


def _readings(raw: bytes, least: int) -> Iterator[str]:
    """As text, and what is encoded in it; no run of digits is decoded that is too short for ``least`` characters."""
    yield from _texts(raw)
    plain = raw.decode("latin-1")
    for run in _BASE64.findall(plain):
        if len(run) * 3 >= least * 4:
            for decoded in _decoded(run):
                yield from _texts(decoded)
    for run in _HEX.findall(plain):
        if len(run) >= least * 2:
            yield from _texts(bytes.fromhex(run))


def _texts(raw: bytes) -> Iterator[str]:
    for charset in ("utf-8",) if _is_plain(raw) else ("utf-8", "latin-1", "utf-16-le", "utf-16-be"):
        text = raw.decode(charset, "replace")
        yield _folded(text)
        yield _folded(unescape(_unescaped(text)))
    if b"%" in raw or b"+" in raw:
        yield _folded(unquote_plus(raw.decode("utf-8", "replace")))


def _is_plain(raw: bytes) -> bool:
    """UTF-8 and nothing else: text of another character set has bytes that are none, or control characters."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return _CONTROL.search(raw) is None


def _unescaped(text: str) -> str:
    r"""JSON's ``\uXXXX`` as the characters they are, half surrogate pairs joined."""
    units = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text).replace("\\/", "/").replace('\\"', '"')
    return units.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _decoded(run: str) -> Iterator[bytes]:
    """A run of base64 digits, wherever in it the value begins."""
    digits = run.rstrip("=")
    reader = urlsafe_b64decode if "-" in digits or "_" in digits else b64decode
    for skipped in range(4):
        part = digits[skipped:]
        part = part[: len(part) - (len(part) % 4 == 1)]
        try:
            yield reader(part + "=" * (-len(part) % 4))
        except (binascii.Error, ValueError):
            continue
