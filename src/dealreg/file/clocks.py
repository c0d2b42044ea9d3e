"""What waits for a person or for the end of a limit in a customer file: conflicts, and appeals outside of one (rules.md section 3)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dealreg.file.words import Against
from dealreg.vocabulary.values import Tier


@dataclass(frozen=True, slots=True)
class ConflictClock:
    """When something falls due by itself in a conflict over a line: ``None`` is never.

    ``evidence_to``: no more evidence; ``ruling_to``: a ruling, or one on appeal, is due; ``stay_to``: a stay ends; ``appeal_to``: no more
    appeal, the conflict is closed. ``parties`` are its registrations, so that a party finds its conflict after the ruling too.
    """

    conflict: UUID
    line: str
    parties: tuple[UUID, ...] = ()
    evidence_to: datetime | None = None
    ruling_to: datetime | None = None
    stay_to: datetime | None = None
    appeal_to: datetime | None = None

    @property
    def runs(self) -> bool:
        """Whether anything of it will fall due."""
        return any((self.evidence_to, self.ruling_to, self.stay_to, self.appeal_to))


@dataclass(frozen=True, slots=True)
class Disputable:
    """A decision that its partner may appeal up to ``appeal_to``, and who made it: ``rulebook`` or a person (ROE-29).

    ``tier`` and ``partner`` name the leg of a refused extension.
    """

    against: Against
    decided_by: str
    appeal_to: datetime
    decided_at: datetime
    tier: Tier | None = None
    partner: str | None = None


@dataclass(frozen=True, slots=True)
class Appeal:
    """An appeal against a decision outside of a conflict that waits for its judge; ``ruling_to`` is when that is due (ROE-29)."""

    decision: Disputable
    appealed_by: str
    ruling_to: datetime
