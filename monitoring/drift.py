"""Drift: does a feature look this week as it does in weeks of the same season?

The last seven days are compared with whole weeks of past years around the same date and the weeks
just before (`reference`), in units of how different those weeks are from each other (`effects`).
A week that is beyond a threshold is watched; several days in a row are drift. What the thresholds
give on real years is measured by benchmarks/drift.py (docs/monitoring.md). Whether the data are
broken is another question: `quality`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from lakehouse.errors import BadInput
from monitoring.columns import Column, together
from monitoring.effects import Effects, effects
from monitoring.reference import ReferenceSettings, days_of

Verdict = Literal["stable", "watch", "drift", "no_reference", "not_judged"]
Reason = Literal[
    "same",  # stable: every effect is below its threshold
    "constant",  # stable: one and the same value in the week and in the reference
    "location",  # beyond: the values lie higher or lower
    "spread",  # beyond: they vary more or less
    "shape",  # beyond: they are otherwise distributed
    "left_constant",  # beyond: the reference had one value, the week has others
    "no_past_year",  # no_reference: too few weeks of the same season of past years
    "no_values",  # not_judged: the week has no value at all
    "few_days",  # not_judged: too few days of the week have values
    "unreadable_profile",  # not_judged: a profile of the week cannot be read
]


@dataclass(frozen=True)
class DriftSettings:
    """When a difference counts.

    location, spread: shift in units of the reference's between-week spread. distance: Hellinger
        distance, relative to what nine in ten reference weeks keep from the others.
    days: in a row beyond a threshold until it is drift; before that it is watched. The weeks of
        neighbouring days share six days, so a single odd day is forgotten but not counted thrice.
    bins: equal shares of the reference for the Hellinger distance.
    least_days: days with values that a week needs.
    reference: which weeks are the reference.
    """

    location: float = 4.0
    spread: float = 6.0
    distance: float = 2.2
    days: int = 3
    bins: int = 10
    least_days: int = 5
    reference: ReferenceSettings = field(default_factory=ReferenceSettings)

    def __post_init__(self) -> None:
        """Raise BadInput for settings that cannot give a verdict."""
        thresholds = min(self.location, self.spread, self.distance) > 0
        if not (thresholds and self.days >= 1 and self.bins >= 2 and 1 <= self.least_days <= 7):
            raise BadInput(
                "Expected thresholds above 0, days of at least 1, bins of at least 2 and "
                f"least_days from 1 to 7, got {self}. Correct the drift settings."
            )

    def strength(self, found: Effects) -> float:
        """The greatest effect over its threshold: from 1 on it is beyond."""
        return max(
            abs(found.location_shift) / self.location,
            abs(found.spread_shift) / self.spread,
            found.relative_distance / self.distance,
        )


#: Days of one data set and group: their columns by name, None where a profile cannot be read.
Days = Mapping[date, Mapping[str, Column] | None]


class Weeks:
    """Whole weeks of profiles, each put together once."""

    def __init__(self, days: Days, least_days: int) -> None:
        self._days = days
        self._least_days = least_days
        self._made: dict[tuple[date, str], tuple[Column, int]] = {}

    def readable(self, day: date) -> bool:
        """Whether the profiles of all days of the week that ends on a day can be read."""
        return all(self._days.get(d, {}) is not None for d in days_of([day]))

    def ending(self, day: date, feature: str) -> tuple[Column, int]:
        """A feature in the seven days up to a day, and how many of them have values."""
        key = (day, feature)
        if key not in self._made:
            parts = [
                columns[feature]
                for d in days_of([day])
                if (columns := self._days.get(d)) and feature in columns
            ]
            self._made[key] = (together(parts), sum(part.values > 0 for part in parts))
        return self._made[key]

    def whole(self, ends: Sequence[date], feature: str) -> list[Column]:
        """Of the weeks that end on some days those with values on enough days."""
        found = (self.ending(end, feature) for end in ends)
        return [column for column, days in found if days >= self._least_days]


@dataclass(frozen=True)
class Drift:
    """What was found for one feature: `effects` is None where there was nothing to compare with;
    persistence: days in a row beyond a threshold, up to this one."""

    feature: str
    verdict: Verdict
    reason: Reason
    effects: Effects | None
    persistence: int
    past_weeks: int
    weeks_before: int
    missing_share: float


def judge(weeks: Weeks, day: date, feature: str, before: int, settings: DriftSettings) -> Drift:
    """The finding for the week up to a day. `before`: the day before's persistence."""
    week, days = weeks.ending(day, feature)
    past = weeks.whole(settings.reference.past(day), feature)
    recent = weeks.whole(settings.reference.before(day), feature)
    found: Effects | None = None
    reason: Reason
    if not weeks.readable(day):
        reason = "unreadable_profile"
    elif not week.values:
        reason = "no_values"
    elif len(past) < settings.reference.least_past_weeks:
        reason = "no_past_year"
    elif days < settings.least_days:
        reason = "few_days"
    else:
        reference = [*past, *recent]
        found = effects(week, reference, settings.bins)
        reason = _reason(found, week, together(reference), settings)
    verdict, persistence = _verdict(reason, before, settings.days)
    return Drift(
        feature, verdict, reason, found, persistence, len(past), len(recent), week.missing_share
    )


def _reason(found: Effects, week: Column, reference: Column, settings: DriftSettings) -> Reason:
    if reference.constant:
        same = week.constant and week.location == reference.location
        return "constant" if same else "left_constant"
    if abs(found.location_shift) >= settings.location:
        return "location"
    if abs(found.spread_shift) >= settings.spread:
        return "spread"
    return "shape" if found.relative_distance >= settings.distance else "same"


def _verdict(reason: Reason, before: int, days: int) -> tuple[Verdict, int]:
    if reason == "no_past_year":
        return "no_reference", 0
    if reason in ("no_values", "few_days", "unreadable_profile"):
        return "not_judged", 0
    if reason in ("same", "constant"):
        return "stable", 0
    return ("drift" if before + 1 >= days else "watch"), before + 1
