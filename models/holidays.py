"""Public holidays of a local day, by the country that a time zone belongs to."""

from datetime import date
from functools import cache
from importlib.resources import files

import holidays

#: Where holidays differ within a country, the part that the zone is named after.
_PARTS = {"Europe/London": "ENG"}


def is_holiday(day: date, timezone: str) -> bool:
    """Whether a local day is a public holiday; a zone without a known country has none."""
    country = _countries().get(timezone)
    return country is not None and day in _holidays_of(country, _PARTS.get(timezone), day.year)


@cache
def _countries() -> dict[str, str]:
    """ISO 3166 country of each zone that lies in one: the table of the tz database."""
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return {row[2]: row[0] for row in rows}


@cache
def _holidays_of(country: str, part: str | None, year: int) -> frozenset[date]:
    try:
        return frozenset(holidays.country_holidays(country, subdiv=part, years=year))
    except NotImplementedError:  # a country whose holidays the library does not know
        return frozenset()
