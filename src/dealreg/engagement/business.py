"""Limits in business days and hours, by the program's calendar and time zone."""

from datetime import UTC, date, datetime, time, timedelta

from dealreg.engagement.public_holidays import is_business_day
from dealreg.engagement.rulebook import RulebookDocument
from dealreg.engagement.windows import ONE_DAY, first_instant, instant_of, local_day


def business_day(day: date, rules: RulebookDocument) -> bool:
    """Whether the program works on that day."""
    return is_business_day(day, rules.calendar.country, rules.calendar.subdivision)


def add_business_days(at: datetime, days: int, rules: RulebookDocument) -> datetime:
    """When a limit of so many business days from a notice ends: the end of the last of them, in the program's zone.

    The day of the notice does not count, so 5 business days from any hour of a Monday end with the Monday after. No days at all end
    with the day of the notice, or with the next business day where that is none.
    """
    day = local_day(at, rules.zone)
    left = days
    while left > 0 or not business_day(day, rules):
        day += ONE_DAY
        left -= business_day(day, rules)
    return first_instant(day + ONE_DAY, rules.zone)


def add_business_hours(at: datetime, hours: int, rules: RulebookDocument) -> datetime:
    """When so many business hours have passed: only time between opening and closing on business days counts (ROE-15)."""
    return add_business_time(at, timedelta(hours=hours), rules)


def add_business_time(at: datetime, span: timedelta, rules: RulebookDocument) -> datetime:
    """The same for any span: what was left of a clock that stood, for one."""
    day, left = local_day(at, rules.zone), span
    while True:
        opens, closes = _opening(day, rules)
        start = max(at.astimezone(UTC), opens)
        if business_day(day, rules) and start <= closes:
            if left <= closes - start:
                return start + left
            left -= closes - start
        day += ONE_DAY


def business_time(start: datetime, end: datetime, rules: RulebookDocument) -> timedelta:
    """How much business time lies between two instants; none where the end is not after the start."""
    day, passed = local_day(start, rules.zone), timedelta(0)
    while day <= local_day(end, rules.zone):
        opens, closes = _opening(day, rules)
        if business_day(day, rules):
            passed += max(min(end, closes) - max(start, opens), timedelta(0))
        day += ONE_DAY
    return passed


def _opening(day: date, rules: RulebookDocument) -> tuple[datetime, datetime]:
    hours = (rules.calendar.opens, rules.calendar.closes)
    opens, closes = (instant_of(datetime.combine(day, time.fromisoformat(hour)), rules.zone) for hour in hours)
    return opens, closes
