"""Days of vintages -> profiles and quality verdicts: few days here, many on all workers."""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any, NamedTuple

import pandas as pd

from lakehouse.catalogue import BEGINNING, SeriesGroup
from lakehouse.spark.tables import SparkTables
from lakehouse.time import uneven_since
from monitoring import profiles
from monitoring.kinds import ENERGY, PRICE, WEATHER
from monitoring.quality import Kind, Quality, QualitySettings
from spark_jobs.daily_values import WINDOW_DAYS, Line, OneDay, day_quality, profile_frame

#: Up to so many days the workers would take longer to start than to work.
FEW_DAYS = 60
#: Days that one task of a worker takes: they share the weeks before.
_DAYS_A_TASK = 30
_QUALITY = QualitySettings()
_HOUR = 3600
_SEEN_BEFORE, _SEEN_AFTER = pd.Timedelta(days=WINDOW_DAYS + 2), pd.Timedelta(days=2)


class Profiled(NamedTuple):
    """A local day of one data set and group, with what is asked of gold.profiles, and rows of
    gold.quality without what the profile's row says already."""

    data_set: str
    series_group: str
    day: date
    revision: str
    rows: int
    profile: bytes
    recorded_until: datetime | None
    quality: list[dict[str, Any]]


@dataclass(frozen=True)
class Work:
    """Days of one data set and group, and all vintages that they may see.

    vintages: owner, feature, event_time, available_at, recorded_at (UTC), resolution_minutes,
    value. due: when each day usually is whole; a day that is not and is not overdue is left for
    later. judged: the days whose quality is asked for. held: revisions that have a profile.
    """

    data_set: str
    group: SeriesGroup
    days: tuple[date, ...]
    vintages: pd.DataFrame
    as_of: datetime
    due: Mapping[date, datetime] = field(default_factory=dict)
    judged: frozenset[date] = frozenset()
    held: Mapping[date, frozenset[str]] = field(default_factory=dict)

    @cached_property
    def lines(self) -> list[Line]:
        """The vintages by owner and feature."""
        parts = self.vintages.groupby(["owner", "feature"], sort=True)
        return [_line(self.group, str(o), str(f), rows) for (o, f), rows in parts]

    def changed(self) -> "Work":
        """The same without the days that have a profile of all that is known of them, and without
        those of which nothing arrived, unless it is overdue."""
        times = self.vintages["event_time"].dt.tz_convert(self.group.zone)
        there = set(times.dt.date)
        days = [day for day in self.days if self._new(day, day in there)]
        return replace(self, days=tuple(days))

    def late_hours(self, day: date) -> float:
        """How long ago a day would usually have been whole; 0 where that is to come."""
        due = self.due.get(day)
        return max(0.0, (self.as_of - due).total_seconds() / _HOUR) if due else 0.0

    def _new(self, day: date, arrived: bool) -> bool:
        if day in self.held:
            return revision(self.lines, day) not in self.held[day]
        return arrived or self.late_hours(day) > _QUALITY.stale_hours

    def parts(self) -> "Iterable[Work]":
        """The same in tasks of some days each."""
        for place in range(0, len(self.days), _DAYS_A_TASK):
            days = self.days[place : place + _DAYS_A_TASK]
            first, last = (pd.Timestamp(day, tz=self.group.zone) for day in (days[0], days[-1]))
            times = self.vintages["event_time"]
            near = times.between(first - _SEEN_BEFORE, last + _SEEN_AFTER)
            yield replace(self, days=days, vintages=self.vintages[near])


def profiled(tables: SparkTables, works: Sequence[Work]) -> list[Profiled]:
    """The profiles of all days that are whole or overdue."""
    parts = [part for work in works for part in work.parts()]
    if sum(len(part.days) for part in parts) <= FEW_DAYS:
        return [found for part in parts for found in days_of(part)]
    context = tables.spark.sparkContext
    tasks = context.parallelize(parts, len(parts)).flatMap(days_of)
    return list(tasks.collect())


def days_of(work: Work) -> list[Profiled]:
    """The days of one piece of work that are whole or overdue."""
    return [found for found in (_on(work, day) for day in work.days) if found]


def _line(group: SeriesGroup, owner: str, feature: str, vintages: pd.DataFrame) -> Line:
    kind: Kind = WEATHER.get(feature) or (PRICE if group.kind == "price" else ENERGY)
    minutes, adds_up = group.resolution_minutes, str(group.kind)
    if feature in WEATHER:
        # Hourly, but where local days begin amid an hour.
        minutes = minutes if uneven_since(group.zone, 60, BEGINNING) else 60
        adds_up = "power"
    return Line(owner, feature, minutes, group.zone, adds_up, kind, vintages)


def _on(work: Work, day: date) -> Profiled | None:
    lines = [line for line in work.lines if line.begun(day)]
    waited_for = {line.owner for line in lines if not line.whole(day)}
    late = work.late_hours(day) if waited_for else 0.0
    if not lines or (waited_for and late <= _QUALITY.stale_hours):
        return None
    seen = [(line, line.on(day)) for line in lines]
    newest = pd.concat([line.arrived(day)["recorded_at"] for line in lines]).max()
    frame = profile_frame(seen)
    return Profiled(
        data_set=work.data_set,
        series_group=work.group.group_id,
        day=day,
        revision=revision(lines, day),
        rows=len(frame),
        profile=profiles.profile(frame),
        recorded_until=newest.to_pydatetime() if pd.notna(newest) else None,
        quality=(
            _quality_rows(seen, day, dict.fromkeys(waited_for, late)) if day in work.judged else []
        ),
    )


def revision(lines: Iterable[Line], day: date) -> str:
    """Hash of a day's values and of when they became known: a later truth gives another."""
    digest = hashlib.sha256()
    for line in lines:
        if line.begun(day):
            digest.update(f"{line.owner}/{line.feature}".encode() + line.content(day))
    return digest.hexdigest()[:16]


def _quality_rows(
    seen: Sequence[tuple[Line, OneDay]], day: date, late: Mapping[str, float]
) -> list[dict[str, Any]]:
    """`late`: for how many hours an owner's day has been overdue; others' are whole."""
    rows = []
    for owner in dict.fromkeys(line.owner for line, _ in seen):
        own = [pair for pair in seen if pair[0].owner == owner]
        found = day_quality(own, late.get(owner, 0.0), _QUALITY)
        rows += [
            {"owner": owner, "feature": line.feature, "known_at": _known_at(line, day)}
            | _told(quality)
            for (line, _), quality in zip(own, found, strict=True)
        ]
    return rows


def _known_at(line: Line, day: date) -> datetime | None:
    newest = line.arrived(day)["available_at"].max()
    return newest.to_pydatetime() if pd.notna(newest) else None


def _told(quality: Quality) -> dict[str, Any]:
    figures = {
        "missing_share": quality.missing_share,
        "flat_hours": quality.flat_hours,
        "factor": quality.factor,
        "shift_hours": quality.shift.hours if quality.shift else None,
        "shift_gain": quality.shift.gain if quality.shift else None,
        "stale_hours": quality.stale_hours,
    }
    known = {
        name: None if value is None or math.isnan(value) else float(value)
        for name, value in figures.items()
    }
    said = {"verdict": quality.verdict, "faults": list(quality.faults)}
    return said | {"reason": " ".join(quality.reasons)} | known
