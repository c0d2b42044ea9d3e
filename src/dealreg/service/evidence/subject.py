"""What evidence is about: a deal, a conflict, a customer, a partner, or a period of the log."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from dealreg.service.ledger.ledger import Ledger
from dealreg.vocabulary.refused import Refused


class Kind(StrEnum):
    """Of what kind it is; the word that stands in a bundle."""

    DEAL = "deal"
    CONFLICT = "conflict"
    CUSTOMER = "customer"
    PARTNER = "partner"
    PERIOD = "period"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a bundle is about. Of a period ``first`` and ``last`` are positions: a gap of the clock is no gap of the log."""

    kind: Kind
    id: str
    program: str
    first: int = 0
    last: int = 0

    @classmethod
    def of(cls, kind: Kind, identity: str, program: str) -> Self:
        """Anything but a period. Raises ``Refused`` for what is no id."""
        if kind is Kind.PARTNER:
            return cls(kind, identity, program)
        try:
            return cls(kind, str(UUID(identity)), program)
        except ValueError:
            raise Refused(
                f"{identity!r} is no id of a {kind}; give the id that `dealreg deals` or `dealreg conflicts` shows"
            ) from None

    @classmethod
    def of_period(cls, ledger: Ledger, program: str, began: datetime, ended: datetime) -> Self:
        """What was recorded at or after one instant and before another. Raises ``Refused`` and ``Unavailable``."""
        if began >= ended:
            raise Refused(f"the period ends ({ended:%Y-%m-%dT%H:%M:%SZ}) before it begins ({began:%Y-%m-%dT%H:%M:%SZ})")
        found = ledger.run(_BETWEEN, [began, ended])[0]
        return cls(Kind.PERIOD, f"{began.isoformat()} to {ended.isoformat()}", program, found["first"], found["last"])

    @property
    def label(self) -> dict[str, Any]:
        """As a bundle says it, of a log that goes on behind a period."""
        match self.kind:
            case Kind.PERIOD:
                beside = {"before": self.first - 1, "behind": self.last + 1}
                return {"kind": self.kind.value, "first": self.first, "last": self.last, **beside}
            case Kind.PARTNER | Kind.CUSTOMER:
                return {"kind": self.kind.value, "id": self.id, "program": self.program}
            case _:
                return {"kind": self.kind.value, "id": self.id}

    def label_at(self, size: int) -> dict[str, Any]:
        """As the bundle of a checkpoint of this size says it: behind the newest fact there is none."""
        ends = self.kind is Kind.PERIOD and self.last >= size
        return {**self.label, "behind": 0} if ends else self.label

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


# What is recorded at the very instant belongs to what begins there.
_BETWEEN = """
SELECT ledger.position_at(%s::timestamptz - interval '1 microsecond') + 1 AS first,
    ledger.position_at(%s::timestamptz - interval '1 microsecond') AS last
"""
