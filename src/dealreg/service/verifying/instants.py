"""The time sandwich: a fact is dated after every witnessed checkpoint that lacks it and before every one that has it (audit 4.6).

That turns "not altered" into "not back-dated": who seals a false date cannot take back what a witness has seen.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from dealreg.service.verifying.finding import Findings
from dealreg.service.verifying.rows import instant_text

EARLIEST_MICROS = 946_684_800 * 1_000_000
"""1970 to 2000 in microseconds."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Somebody else saw the log at a size, at an instant of the own clock (microseconds since 2000)."""

    size: int
    at: int
    who: str


def seen_at(size: int, second: int, who: str) -> Seen:
    """``second`` is of 1970, as cosignatures have it."""
    return Seen(size, second * 1_000_000 - EARLIEST_MICROS, who)


@dataclass(slots=True)
class Sandwich:
    """What was compared."""

    seen: int = 0
    findings: Findings = field(
        default_factory=lambda: Findings(
            "witnessed times",
            "the date of the fact is false, or the sealer or a clock was behind then: compare their logs",
        )
    )


def sandwich(instants: Sequence[int], seen: Iterable[Seen], skew_seconds: float) -> Sandwich:
    """Hold the instants of all leaves against what witnesses saw; a second is added, for they count whole ones."""
    done = Sandwich()
    found = sorted(set(seen), key=lambda one: (one.size, one.at))
    done.seen = len(found)
    if not found or not instants:
        return done
    skew = round(skew_seconds * 1e6)
    latest, earliest = list(accumulate(instants, max)), list(accumulate(reversed(instants), min))
    told: set[int] = set()
    for one in found:
        if 0 < one.size <= len(instants) and latest[one.size - 1] > one.at + skew + 1_000_000:
            at = next(index for index in range(one.size) if instants[index] > one.at + skew + 1_000_000)
            _tell(
                done,
                told,
                at,
                f"is dated {instant_text(instants[at])}, after {one.who} saw it in the log of {one.size} at {instant_text(one.at)}",
            )
        if one.size < len(instants) and earliest[len(instants) - one.size - 1] < one.at - skew:
            at = next(index for index in range(one.size, len(instants)) if instants[index] < one.at - skew)
            _tell(
                done,
                told,
                at,
                f"is dated {instant_text(instants[at])}, and at {instant_text(one.at)} {one.who} saw the log of {one.size} without it",
            )
    return done


def _tell(done: Sandwich, told: set[int], index: int, what: str) -> None:
    if index not in told:
        told.add(index)
        done.findings.add(f"position {index + 1} {what}", index + 1)
