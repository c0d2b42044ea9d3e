"""Who deletes or holds and why, as it stands in the fact; and the calls of the database that may meet somebody else's."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final, TypeVar

from dealreg.service.ledger.auditing import BUILD, AuditFact
from dealreg.service.ledger.errors import Unavailable
from dealreg.service.ledger.ledger import Ledger
from dealreg.service.ledger.mapper import encode
from dealreg.vocabulary.fact import Actor, Asked, Event, Meta
from dealreg.vocabulary.ids import ProgramId, StreamId
from dealreg.vocabulary.refused import Refused

T = TypeVar("T")

SALT_BYTES: Final = 32
"""A pseudonym cannot be guessed by trying names: its salt has 256 bits."""

TRIES: Final = 20

MET: Final = "40001"
"""SQLSTATE of the functions of migration 0008 where somebody else came first."""


@dataclass(frozen=True, slots=True)
class By:
    """Who asks, for which program, why, and the caller's own name for the request. The reason stays for ever: it names no person."""

    actor: Actor
    program: ProgramId
    reason: str
    key: str | None = None

    def __post_init__(self) -> None:
        """Raises ``Refused`` without a reason."""
        if not self.reason.strip():
            raise Refused("say why: the reason is recorded with the fact, and must name no person")

    def fact(self, stream: StreamId, event: Event, digest: str = "0" * 64) -> AuditFact:
        """The fact, ready; ``digest`` is that of the request where the request has a name."""
        asked = Asked(caller=self.actor.caller, id=self.key, digest=digest) if self.key is not None else None
        meta = Meta(
            program=self.program,
            actor=self.actor,
            reason=self.reason,
            request=asked,
            effective_at=datetime.now(UTC),
            build=BUILD,
        )
        return AuditFact(stream, event.NAME, encode(meta, event))


def pseudonym(salt: bytes, subject: str) -> str:
    """What a fact says in place of a person."""
    return sha256(salt + subject.encode()).hexdigest()


def only(ledger: Ledger, statement: str, parameters: Sequence[Any] | Mapping[str, Any]) -> dict[str, Any]:
    """The only row of a statement."""
    return ledger.run(statement, parameters)[0]


def again(attempt: Callable[[], T]) -> T:
    """What an attempt gives, made again where somebody else came first. Raises ``Unavailable``."""
    for _ in range(TRIES - 1):
        try:
            return attempt()
        except Unavailable as error:
            if not met(error):
                raise
    return attempt()


def met(error: BaseException | None) -> bool:
    """Whether an error says that somebody else came first."""
    while error is not None:
        if getattr(error, "sqlstate", None) == MET:
            return True
        error = error.__cause__
    return False
