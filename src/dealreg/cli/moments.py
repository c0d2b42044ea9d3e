"""Moments as a command line names them: instants in ISO 8601 (without an offset they are UTC), days, sizes of the log."""

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from dealreg.service.past.moment import When

AtSize = Annotated[
    int | None,
    typer.Option(
        "--at-size",
        metavar="N",
        min=0,
        help="A size of the log, as a checkpoint or receipt names it, in place of an instant.",
    ),
]


def instant(text: str, what: str = "WHEN") -> datetime:
    """Raises ``typer.BadParameter``."""
    from pydantic import TypeAdapter, ValidationError

    from dealreg.vocabulary.values import Instant

    try:
        found = datetime.fromisoformat(text)
        aware = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
        return TypeAdapter[datetime](Instant).validate_python(aware)
    except (ValueError, OverflowError, ValidationError) as error:
        raise typer.BadParameter(
            f"{text!r} is no instant; write it like 2026-03-01T12:00:00Z, between 1900 and 2200", param_hint=what
        ) from error


def day_or_instant(text: str) -> date | datetime:
    """A day where there is no time of day. Raises ``typer.BadParameter``."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return instant(text, "--on").date()
    return instant(text, "--on")


def past(when: str | None, effective: str | None, at_size: int | None) -> "When":
    """The past that is asked for. Raises ``typer.BadParameter``, and ``Refused`` where two answers would fit."""
    from dealreg.service.past.moment import When

    at = instant(when) if when is not None else None
    return When(at, instant(effective, "--effective") if effective is not None else None, at_size)


def pasts(
    first: str | None,
    second: str | None,
    sizes: tuple[int, int] | None,
    effective: str | None,
    known: str | None,
    *,
    by_effective: bool,
) -> "tuple[When, When]":
    """The two that are compared. Raises ``typer.BadParameter``."""
    from dealreg.service.past.moment import When

    if sizes is not None:
        if first or second or by_effective:
            raise typer.BadParameter(
                "two sizes say which two moments; leave T1, T2 and --by-effective out", param_hint="--sizes"
            )
        return past(None, effective, sizes[0]), past(None, effective, sizes[1])
    if first is None:
        raise typer.BadParameter("name the earlier moment, or two sizes with --sizes", param_hint="T1")
    if by_effective:
        known_at = instant(known, "--known") if known is not None else None
        return When(known_at, instant(first, "T1")), When(
            known_at, instant(second, "T2") if second is not None else None
        )
    if known is not None:
        raise typer.BadParameter("goes with --by-effective: T1 and T2 say already as known when", param_hint="--known")
    return past(first, effective, None), past(second, effective, None)
