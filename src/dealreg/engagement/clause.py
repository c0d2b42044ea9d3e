"""What a clause looks at and what it answers."""

from dataclasses import dataclass

from dealreg.vocabulary.values import PartnerTier, Standing, Track


@dataclass(frozen=True, slots=True)
class Refusal:
    """A clause says no: its number, why in words that a partner may read, and a short code that never changes."""

    clause: str
    reason: str
    code: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A partner as it stood on the day of completeness: what ROE-1 looked at."""

    track: Track | None
    tier: PartnerTier | None
    standing: Standing | None
    lines: frozenset[str] = frozenset()
    territories: frozenset[str] = frozenset()
    specialisations: frozenset[str] = frozenset()
