"""One HTTP client for every source: quota, timeout, retries, and which kind of no an answer is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

import httpx
import stamina
from pyrate_limiter import Limiter, Rate

from dealreg.service.sources.client import SourceAway, SourceError, SourceRefused, SourceShut
from dealreg.service.sources.json_text import parsed, written
from dealreg.service.sources.settings import Api, Quota
from dealreg.service.sources.signing_in import signing_in

AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
"""What the same request may be answered otherwise a little later."""

_GONE = frozenset({httpx.codes.NOT_FOUND, httpx.codes.GONE})

LONGEST_WAIT_SECONDS = 30.0
"""A pause that a source asks for is kept within a call up to this; a longer one is handed to the caller, who has other work."""

LONGEST_ASKED_SECONDS = 86_400.0
"""What a source asks for beyond a day is a fault of its own."""

LONGEST_WORDS = 300

Judge = Callable[[httpx.Response], SourceError | None]
"""What a source means by an answer that HTTP does not say: its own error codes."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long a call is tried again."""

    attempts: int = 5
    seconds: float = 90.0
    first_pause: float = 0.5
    longest_pause: float = 15.0


class Http:
    """Asks one source. Threads may share it."""

    def __init__(self, api: Api, quota: Quota, judge: Judge | None = None, patience: Patience | None = None) -> None:
        """``quota``: what the source publishes, unless the mapping says another."""
        self._judge, self._patience = judge, patience or Patience()
        held = api.quota or quota
        self._reads, self._writes = _limiter(held.reads_per_second), _limiter(held.writes_per_second)
        self._client = httpx.Client(
            base_url=api.url,
            auth=signing_in(api.sign_in()),
            timeout=api.timeout_seconds,
            headers={"Accept": "application/json", "User-Agent": "dealreg"},
        )

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()
        self._reads.close()
        self._writes.close()

    def get(self, url: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None) -> Any:
        """A document; ``None`` where there is none (404, 410). Raises ``SourceError``."""
        return self._tried("GET", url, params=params, headers=headers)

    def ask(self, url: str, body: Any, headers: Mapping[str, str] | None = None) -> Any:
        """A question that is too long for an address. Raises ``SourceError``."""
        return self._tried("POST", url, body=body, headers=headers)

    def set(self, method: str, url: str, body: Any, headers: Mapping[str, str] | None = None) -> Any:
        """Change something; said twice it is so once. Raises ``SourceError``, for what is not there too."""
        found = self._tried(method, url, body=body, headers=headers, writes=True)
        if found is None:
            raise SourceRefused("the source has no such record (any more); nothing was written", 404)
        return found

    def _tried(self, method: str, url: str, *, writes: bool = False, **more: Any) -> Any:
        patience = self._patience
        for attempt in stamina.retry_context(
            on=_again,
            attempts=patience.attempts,
            timeout=patience.seconds,
            wait_initial=patience.first_pause,
            wait_max=patience.longest_pause,
            wait_jitter=patience.first_pause,
        ):
            with attempt:
                (self._writes if writes else self._reads).try_acquire("source")
                return self._once(method, url, **more)
        raise AssertionError("the last attempt returns or raises")

    def _once(
        self,
        method: str,
        url: str,
        *,
        body: Any = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        content = written(body).encode() if body is not None else None
        kind = {"Content-Type": "application/json"} if body is not None else {}
        try:
            response = self._client.request(
                method, url, params=params, content=content, headers={**kind, **(headers or {})}
            )
        except httpx.TransportError as error:
            raise SourceAway(f"no answer: {type(error).__name__}: {error}"[:LONGEST_WORDS]) from error
        return self._document(response)

    def _document(self, response: httpx.Response) -> Any:
        """What it says, or which kind of no it is. Raises ``SourceError``."""
        judged = self._judge(response) if self._judge is not None and response.is_error else None
        if isinstance(judged, SourceRefused) and judged.status in _GONE:
            return None
        if judged is not None:
            raise judged
        status, words = response.status_code, response.text[:LONGEST_WORDS]
        if status in _GONE:
            return None
        if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            raise SourceShut(f"the source does not let us in ({status}): {words}")
        if status in AGAIN:
            raise SourceAway(f"the source answers {status}: {words}", asked_to_wait(response))
        if not response.is_success:
            raise SourceRefused(f"the source refuses ({status}): {words}", status)
        if not response.content:
            return {}
        try:
            return parsed(response.content)
        except ValueError as error:
            raise SourceAway(f"the answer is no whole JSON, {len(response.content)} bytes of it came") from error


def asked_to_wait(response: httpx.Response) -> float | None:
    """``Retry-After`` in seconds, said as a number or as a date (RFC 9110, 10.2.3)."""
    said = response.headers.get("retry-after", "").strip()
    if not said:
        return None
    try:
        seconds = float(said)
        return min(max(seconds, 0.0), LONGEST_ASKED_SECONDS) if isfinite(seconds) else None
    except ValueError:
        pass
    try:
        until = (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds()
        return min(max(until, 0.0), LONGEST_ASKED_SECONDS)
    except (ValueError, TypeError):
        return None


def _again(error: Exception) -> bool | float:
    """Whether to try again within the call, and after which pause where the source names one."""
    if not isinstance(error, SourceAway):
        return False
    if error.retry_after is None:
        return True
    return error.retry_after if error.retry_after <= LONGEST_WAIT_SECONDS else False


def _limiter(per_second: float) -> Limiter:
    """One call, then the next: never a burst, so that no window that the source counts in is overrun."""
    return Limiter(Rate(1, max(round(1000 / per_second), 1)), buffer_ms=1)
