"""Which past a read is about, as its parameters say."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query

from dealreg.service.past.moment import When
from dealreg.vocabulary.values import Day, Instant, Whole

AsOf = Annotated[
    Instant | None,
    Query(
        description="A recorded instant, ISO 8601 with an offset: what was recorded by then. Later than the newest fact: "
        "`final` is false, the answer may still change.",
        examples=["2026-03-01T12:00:00Z"],
    ),
]
EffectiveAt = Annotated[
    Instant | None,
    Query(
        description="A business instant: of what was recorded only that which counts by then. Together with `as_of`: what was true then, "
        "as known at that time.",
        examples=["2026-03-01T12:00:00Z"],
    ),
]
AtSize = Annotated[
    Whole | None,
    Query(
        ge=0,
        description="A size of the log, as a checkpoint or receipt names it: what the first so many facts say. In place of `as_of`; "
        "for the deal desk and auditors.",
    ),
]


def then(as_of: AsOf = None, effective_at: EffectiveAt = None, at_size: AtSize = None) -> When | None:
    """A dependency: the past that is asked for; ``None`` is now, as the read models have it."""
    if (as_of, effective_at, at_size) == (None, None, None):
        return None
    return When(as_of, effective_at, at_size)


Then = Annotated[When | None, Depends(then)]


def between(
    from_: Annotated[Instant | None, Query(alias="from", description="The earlier moment; none is before all.")] = None,
    to: Annotated[Instant | None, Query(description="The later moment; none is now.")] = None,
    from_size: Annotated[Whole | None, Query(ge=0, description="The earlier moment as a size of the log.")] = None,
    to_size: Annotated[Whole | None, Query(ge=0, description="The later one as a size of the log.")] = None,
    effective_at: EffectiveAt = None,
    *,
    by_effective: Annotated[
        bool,
        Query(
            description="`from` and `to` are business instants, both as known now or at `known_at`, not instants of recording."
        ),
    ] = False,
    known_at: Annotated[
        Instant | None, Query(description="With `by_effective`: as known at this recorded instant.")
    ] = None,
) -> tuple[When, When]:
    """A dependency: the two pasts to compare."""
    if by_effective:
        return When(known_at, from_ or BEGINNING), When(known_at, to)
    before = When(from_, effective_at, 0 if from_ is None and from_size is None else from_size)
    return before, When(to, effective_at, to_size)


Between = Annotated[tuple[When, When], Depends(between)]

BEGINNING = datetime.fromisoformat("1900-01-01T00:00:00+00:00")
"""Before anything that can count."""

On = Annotated[
    Instant | Day,
    Query(
        description="A day in the program's time zone, or an instant with an offset.",
        examples=["2026-09-01", "2026-09-01T12:00:00+02:00"],
    ),
]


def known(
    known_at: Annotated[Instant | None, Query(description="As known at this recorded instant; none is now.")] = None,
    at_size: AtSize = None,
) -> When:
    """A dependency: as known when."""
    return When(known_at, None, at_size)


Known = Annotated[When, Depends(known)]
