"""Where windows end: the first instant of a day in the program's time zone (rules.md section 1, Window)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
SMALLEST = timedelta(microseconds=1)


def instant_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which the zone's clocks first show ``wall`` (naive), in UTC; where they skip it, the first instant after.

    A skipped midnight is why this is not a sum: Sao Paulo had none on 4 November 2018, Apia had no 30 December 2011 at all.
    """
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if _wall(after, zone) == wall:
        return after
    while after - before > SMALLEST:
        middle = before + (after - before) / 2
        before, after = (before, middle) if _wall(middle, zone) >= wall else (middle, after)
    return after


def _wall(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


def first_instant(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a day in the zone."""
    return instant_of(datetime.combine(day, time()), zone)


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """The day that the zone's calendars show at the instant."""
    return at.astimezone(zone).date()


def last_day(end: datetime, zone: ZoneInfo) -> date:
    """The last day of a window that ends at ``end``, which is itself outside it."""
    return local_day(end - SMALLEST, zone)


def window_end(anchor: datetime, zone: ZoneInfo, days: int) -> datetime:
    """``to``: the first instant of the day after (the anchor's local date + ``days``), whatever the hour of the anchor.

    60 days from any hour of 1 March 2026 in Europe/Berlin: last day 30 April, ``to`` 1 May 00:00. The hard stop, the limits in
    days and ROE-12's days before the same partner is protected again are counted alike.
    """
    return _first_after(anchor, local_day(anchor, zone) + (days + 1) * ONE_DAY, zone)


def day_start(at: datetime, zone: ZoneInfo, days: int) -> datetime:
    """The first instant of the day that lies ``days`` after the instant's: when an activation delay is over (ROE-30)."""
    return first_instant(local_day(at, zone) + days * ONE_DAY, zone)


def day_end(at: datetime, zone: ZoneInfo) -> datetime:
    """The instant rounded up to a day's end: itself where it is one, else the first instant of the next day."""
    return _first_after(at - SMALLEST, last_day(at, zone) + ONE_DAY, zone)


def _first_after(at: datetime, day: date, zone: ZoneInfo) -> datetime:
    """The first instant of the day, or of the next where clocks were set back over its midnight and it lies before ``at``."""
    first = first_instant(day, zone)
    return first if first > at else first_instant(day + ONE_DAY, zone)


def extended(end: datetime, zone: ZoneInfo, days: int) -> datetime:
    """The end after adding days to the last day, as grace and an extension do (ROE-12, ROE-13)."""
    return first_instant(last_day(end, zone) + (days + 1) * ONE_DAY, zone)


def resumed(end: datetime, *, stopped_at: datetime, returned_at: datetime, zone: ZoneInfo) -> datetime:
    """The end of a stopped window: the return plus what was left when it stopped, rounded up to a day's end.

    Nothing was left of a window that ended before it stopped, so it ends with the day of the return.
    """
    return day_end(returned_at + max(end - stopped_at, timedelta(0)), zone)


def moved_alike(other: datetime, *, old_end: datetime, new_end: datetime, zone: ZoneInfo) -> datetime:
    """Another end moved by as many days as a window's end did: the hard stop after a stopped clock."""
    return extended(other, zone, (last_day(new_end, zone) - last_day(old_end, zone)).days)
