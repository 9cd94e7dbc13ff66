"""The reference of a week: the same weeks of past years, and the weeks just before.

All are whole weeks that end on the same weekday, 364 days a year apart: a Monday meets Mondays, and
winter meets winters.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

_WEEK = timedelta(days=7)
_YEAR = 52 * _WEEK


@dataclass(frozen=True)
class ReferenceSettings:
    """Which weeks are a reference.

    past_years: years looked back at most. weeks_around: of each past year the same week and so many
    before and after it, so that a late spring is no drift. weeks_before: weeks just before, so that
    a slow trend is none. least_past_weeks: fewer than that of past years is no season.
    """

    past_years: int = 3
    weeks_around: int = 3
    weeks_before: int = 4
    least_past_weeks: int = 5

    def past(self, day: date) -> list[date]:
        """The last days of the weeks of past years, oldest first."""
        around = range(-self.weeks_around, self.weeks_around + 1)
        years = range(self.past_years, 0, -1)
        return [day - year * _YEAR + week * _WEEK for year in years for week in around]

    def before(self, day: date) -> list[date]:
        """The last days of the weeks just before, oldest first."""
        return [day - week * _WEEK for week in range(self.weeks_before, 0, -1)]


def days_of(ends: Iterable[date]) -> list[date]:
    """All days of the weeks that end on some days."""
    return [end - timedelta(days=back) for end in ends for back in range(6, -1, -1)]
