"""Time stamps over checkpoints from somebody whose clock is not ours (RFC 3161)."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx
from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from dealreg.service.proving.hashes import Run
from dealreg.service.witnessing.posting import posted
from dealreg.service.witnessing.sealed import NotCarried, Sealed, carried, note_done

if TYPE_CHECKING:
    from dealreg.service.settings import Settings

ASK_SECONDS: Final = 20.0
SKEW: Final = timedelta(minutes=5)
"""A stamp that is further from our clock than this is not kept: it would prove a wrong time."""

_KEEP = """
INSERT INTO seal.tokens (origin, size, authority, token, stamped_at) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (origin, size, authority) DO NOTHING
"""


class BadRoots(Exception):
    """TSA_URL is set and no certificate to judge its stamps by; the message says what is wanted. A verb leaves with 2."""

    exit_code = 2


def roots_of(file: Path | None) -> Sequence[x509.Certificate]:
    """The certificates of a PEM file. Raises ``BadRoots``."""
    if file is None or not file.exists():
        raise BadRoots("TSA_URL needs TSA_ROOTS: a PEM file of the certificates that its stamps must lead to")
    try:
        return x509.load_pem_x509_certificates(file.read_bytes())
    except ValueError as error:
        raise BadRoots(f"{file} holds no certificates in PEM: {error}") from error


def stamped_at(token: bytes, body: bytes, roots: Sequence[x509.Certificate], nonce: int | None = None) -> datetime:
    """When an authority that one of ``roots`` vouches for saw ``body``. Raises ``NotCarried`` where the stamp does not say so."""
    try:
        response: TimeStampResponse = decode_timestamp_response(token)
    except ValueError as error:
        raise NotCarried(f"no time stamp: {error}") from error
    if response.status != 0:
        raise NotCarried(f"the authority says no: {'; '.join(response.status_string) or response.status}")
    builder = VerifierBuilder(roots=list(roots), nonce=nonce)
    try:
        builder.build().verify_message(response, body)
    except (VerificationError, ValueError) as error:
        raise NotCarried(f"the time stamp does not hold: {error}") from error
    return response.tst_info.gen_time.astimezone(UTC)


class Stamping:
    """The errand to a time-stamp authority."""

    errand: Final = "stamp"

    def __init__(
        self,
        run: Run,
        url: str,
        roots: Sequence[x509.Certificate],
        *,
        every: timedelta,
        positions: int,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """It stamps the newest checkpoint so ``every`` long, and when the log has grown by so many ``positions``."""
        self._run, self.taker, self._roots = run, url, roots
        self._every, self._positions, self._now = every, positions, now

    @property
    def named(self) -> str:
        """What it is, with where it goes."""
        return f"stamp {self.taker}"

    def due(self, newest: Sealed) -> bool:
        """Whether the newest checkpoint is to be stamped."""
        had = carried(self._run, self.errand, self.taker, newest.origin)
        if had.done_at is None or newest.size - had.size >= self._positions:
            return True
        return newest.size > had.size and self._now() - had.done_at >= self._every

    def go(self, newest: Sealed) -> None:
        """Have it stamped, check the stamp, keep it. Raises ``NotCarried`` and ``Unavailable``."""
        body = newest.body.encode()
        request = TimestampRequestBuilder().data(body).hash_algorithm(HashAlgorithm.SHA256).nonce(nonce=True).build()
        token = self._asked(request.as_bytes())
        at = stamped_at(token, body, self._roots, request.nonce)
        if abs(at - self._now()) > SKEW:
            raise NotCarried(f"its clock says {at:%Y-%m-%d %H:%M:%S} UTC, ours {self._now():%H:%M:%S}")
        self._run(_KEEP, [newest.origin, newest.size, self.taker, token, at])
        note_done(self._run, self.errand, self.taker, newest.origin, newest.size)

    def _asked(self, request: bytes) -> bytes:
        headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
        try:
            answer = posted(self.taker, request, ASK_SECONDS, headers=headers)
        except httpx.HTTPError as error:
            raise NotCarried(f"it does not answer ({type(error).__name__})") from error
        if answer.status != httpx.codes.OK:
            raise NotCarried(f"it answers {answer.status}")
        return answer.content


def stamping(settings: "Settings", run: Run) -> list[Stamping]:
    """The errand, where an authority is set. Raises ``BadRoots``."""
    if settings.tsa_url is None:
        return []
    every = timedelta(seconds=settings.tsa_seconds)
    return [
        Stamping(run, settings.tsa_url, roots_of(settings.tsa_roots), every=every, positions=settings.tsa_positions)
    ]
