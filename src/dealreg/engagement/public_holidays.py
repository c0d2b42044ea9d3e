"""Which days are business days: weekends and public holidays of a country, from the holidays library."""

from datetime import date
from functools import lru_cache

import holidays


@lru_cache(maxsize=64)
def calendar_of(country: str, subdivision: str | None) -> holidays.HolidayBase:
    """The public holidays of a country or of a part of it; both in ISO 3166. Raises ``ValueError`` with what is known."""
    known = holidays.list_supported_countries()
    if country not in known:
        raise ValueError(f"{country!r} is no country of the holidays library; use its two letters, such as DE")
    if subdivision is not None and subdivision not in known[country]:
        parts = ", ".join(known[country]) or "none"
        raise ValueError(f"{subdivision!r} is no subdivision of {country}; use one of: {parts}")
    return holidays.country_holidays(country, subdiv=subdivision)


def is_business_day(day: date, country: str, subdivision: str | None) -> bool:
    """Neither a weekend day of that country nor a public holiday."""
    return calendar_of(country, subdivision).is_working_day(day)
