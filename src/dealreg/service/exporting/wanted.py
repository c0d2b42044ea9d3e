"""What an export is asked for, and what it says of itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Protocol
from uuid import UUID

from dealreg.service.ledger.ledger import Ledger

Tell = Callable[[int], None]
"""Is told how many more facts are done."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which facts: of some streams or (``None``) of all, of one program or of all, behind ``after`` and up to ``up_to``.

    ``origin`` is the log's name, once it has one.
    """

    up_to: int
    after: int = 0
    streams: frozenset[UUID] | None = None
    program: str | None = None
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """How many facts were written, and the first and the last position of them (0: none)."""

    facts: int
    first: int
    last: int


class Write(Protocol):
    """A form in which facts leave the house."""

    def __call__(self, ledger: Ledger, out: BinaryIO, wanted: Wanted, tell: Tell) -> Written:
        """Write the facts wanted. Raises ``Refused`` and ``Unavailable``."""
