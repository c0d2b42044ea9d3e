"""One question to somebody outside, whose answer may be anything."""

from dataclasses import dataclass
from typing import Final

import httpx

from dealreg.service.witnessing.sealed import NotCarried

LONGEST_ANSWER: Final = 100_000
"""Bytes: a time stamp with its signer's certificate has 1 to 5 thousand, a cosignature 200."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What was answered."""

    status: int
    kind: str
    content: bytes

    @property
    def text(self) -> str:
        """As text; what is none shows as such."""
        return self.content.decode("utf-8", "replace")


def posted(url: str, body: bytes, seconds: float, *, headers: dict[str, str] | None = None) -> Posted:
    """Ask; no redirection is followed, and no more is read than an answer may have. Raises ``NotCarried`` and ``httpx.HTTPError``."""
    with httpx.Client(timeout=seconds) as client, client.stream("POST", url, content=body, headers=headers) as answer:
        content = b""
        for chunk in answer.iter_bytes():
            content += chunk
            if len(content) > LONGEST_ANSWER:
                raise NotCarried("its answer is too long")
        kind = answer.headers.get("content-type", "").partition(";")[0].strip()
        return Posted(answer.status_code, kind, content)
