"""What a row that is not what was sealed may have been: every guess is tried against the sealed hash, so a guess that fits is proved.

A leaf hash does not say what is in it. But of a row of which one thing was changed nearly everything is still there, and what can stand
in the place of the rest is few: known names, known logins, versions that are missing, instants between two neighbours.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice

from dealreg.proof.verify import leaf_hash, leaf_text, payload_digest
from dealreg.service.verifying.rows import SealedRow, instant_text

Fits = Callable[[int, bytes], bool]
"""Whether a leaf hash is the one that was sealed at an index."""

MOST_INSTANTS = 30_000
"""Microseconds between two neighbours that are tried one by one, for all rows together: half a second."""

MOST_STREAMS = 5_000
HOUR = 3_600_000_000
SHIFTS = [
    sign * HOUR * hours for hours in [*range(1, 49), *range(72, 24 * 32, 24), 24 * 365, 24 * 366] for sign in (1, -1)
]
"""By what clocks are set back: hours up to two days, days up to a month, a year."""

NEAR = 5
"""Versions and positions beside a row that are tried."""

STILL = 32 * b"\0"


@dataclass(slots=True)
class Clues:
    """What is known besides the rows themselves.

    ``gaps`` are streams with a version of theirs that is missing; ``copies`` what read models still say of a position;
    ``moved_to`` further positions that a row may have come from.
    """

    topics: Iterable[bytes] = ()
    logins: Iterable[bytes] = ()
    gaps: list[tuple[bytes, int]] = field(default_factory=list)
    others: list[int] = field(default_factory=list)
    copies: Mapping[int, Mapping[str, object]] = field(default_factory=dict)
    instants_left: int = MOST_INSTANTS


@dataclass(frozen=True, slots=True)
class Between:
    """The rows on both sides, where there are any: when they were recorded."""

    before: int | None = None
    after: int | None = None


def what_it_was(row: SealedRow, between: Between, clues: Clues, fits: Fits) -> str | None:
    """The one thing by which a row differs from what was sealed at its position, in words; ``None`` where no guess fits."""
    digest = payload_digest(row.salt, row.state)
    for words, guess in chain(_names(row, clues), _numbers(row, clues), _instants(row, between)):
        if fits(row.position - 1, _leaf(guess, digest)):
            return words
    return _between(row, between, clues, fits, digest)


def where_it_belongs(row: SealedRow, clues: Clues, fits: Fits, instants: Mapping[int, int]) -> int | None:
    """The other position at which this very row was sealed, with its instant or with the one that stands there now (``instants``)."""
    digest = payload_digest(row.salt, row.state)
    near = [at for at in range(row.position - NEAR, row.position + NEAR + 1) if at > 0]
    for position in chain(near, clues.others):
        if position == row.position:
            continue
        for at in {row.recorded_at, instants.get(position, row.recorded_at)}:
            if fits(position - 1, _leaf(row._replace(position=position, recorded_at=at), digest)):
                return position
    return None


def _leaf(row: SealedRow, digest: bytes) -> bytes:
    return leaf_hash(
        leaf_text(
            row.position, row.stream_id, row.version, row.instant, row.recorded_by.decode("utf-8", "replace"),
            row.topic.decode("utf-8", "replace"), digest,
        )
    )  # fmt: skip


Guesses = Iterator[tuple[str, SealedRow]]


def _names(row: SealedRow, clues: Clues) -> Guesses:
    for topic in clues.topics:
        yield f"its topic was changed: {topic.decode()} was sealed", row._replace(topic=topic)
    for login in clues.logins:
        yield f"who recorded it was changed: {login.decode()} was sealed", row._replace(recorded_by=login)


def _numbers(row: SealedRow, clues: Clues) -> Guesses:
    near = range(max(1, row.version - NEAR), row.version + NEAR + 1)
    for version in {*near, *(version for stream, version in clues.gaps if stream == row.stream)}:
        yield f"its version was changed: {version} was sealed", row._replace(version=version)
    for stream, version in islice(clues.gaps, MOST_STREAMS):
        moved = row._replace(stream=stream)
        yield f"its stream was changed: {moved.stream_id} was sealed", moved
        if version != row.version:
            words = f"its stream and version were changed: {moved.stream_id}, {version} was sealed"
            yield words, moved._replace(version=version)


def _instants(row: SealedRow, between: Between) -> Guesses:
    beside = [at for at in (between.before, between.after) if at is not None]
    for at in [*beside, *(row.recorded_at + shift for shift in SHIFTS)]:
        if at != row.recorded_at:
            yield f"recorded_at was changed: {instant_text(at)} was sealed", row._replace(recorded_at=at)


def _between(row: SealedRow, between: Between, clues: Clues, fits: Fits, digest: bytes) -> str | None:
    """Every microsecond between the neighbours, where they are near enough."""
    if between.before is None or between.after is None:
        return None
    wide = between.after - between.before
    if not 1 < wide <= clues.instants_left:
        return None
    clues.instants_left -= wide
    for at in range(between.before + 1, between.after):
        if fits(row.position - 1, _leaf(row._replace(recorded_at=at), digest)):
            return f"recorded_at was changed: {instant_text(at)} was sealed"
    return None


def salt_fault(row: SealedRow) -> str | None:
    """What can be seen of a salt that was wiped."""
    if len(row.salt) != len(STILL):
        return f"its salt was wiped: {len(row.salt)} bytes in place of {len(STILL)}"
    return "its salt was wiped: it is all zeros" if row.salt == STILL else None
