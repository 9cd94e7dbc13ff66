"""Which days are to be profiled, and the vintages that they see: cost follows what is new."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import WEATHER_VARIABLES, Catalogue, SeriesGroup
from lakehouse.tables import Table
from lakehouse.tables.gold import FEATURES
from lakehouse.tables.silver import OBSERVATIONS, WEATHER_OBSERVATIONS
from lakehouse.tables.watched import PROFILES
from lakehouse.time import DAY, day_start, intervals_of, local_day
from spark_jobs.daily_values import WINDOW_DAYS
from spark_jobs.profiled import Work

OBSERVED, WEATHER = "observations", "weather"
#: A landing that was built late may have been fetched so long before the newest one.
_OUT_OF_ORDER = timedelta(days=2)
#: A day without a profile is looked for so long before the newest that has one; by then it was
#: overdue, and later only its rows tell of it.
_LATE_DAYS = 35 * DAY
#: Days before the first issued forecast from which on days are judged.
_DAYS_BEFORE = 14 * DAY


@dataclass(frozen=True)
class Known:
    """What gold.profiles holds of one data set and group: the revisions of its days, and the newest
    fetch in them."""

    days: Mapping[date, frozenset[str]] = field(default_factory=dict)
    recorded_until: datetime | None = None


class ToProfile:
    """The tables as they were known at a moment, and what of them has no profile yet."""

    def __init__(self, arrow: ArrowTables, catalogue: Catalogue, as_of: datetime) -> None:
        self._arrow = arrow
        self._catalogue = catalogue
        self._as_of = as_of
        self._known = _known(arrow)
        self.since = _first_origin(arrow, served_before(catalogue, as_of))

    def new_days(self) -> list[Work]:
        """Work for the days that are to be judged: those since the first forecast that have no
        profile, or rows fetched since their profile was made."""
        if self.since is None:
            return []
        works = (
            self._fresh(data_set, group)
            for data_set in (OBSERVED, WEATHER)
            for group in self._catalogue.groups.values()
        )
        return [work for work in works if work]

    def reference_days(self, wanted: dict[tuple[str, str], set[date]]) -> list[Work]:
        """Work for days that a judgement refers to, by data set and group, and that have none."""
        works = []
        for (data_set, group_id), days in wanted.items():
            lacking = sorted(days - self._known.get((data_set, group_id), Known()).days.keys())
            for run in _runs(lacking):
                work = self._work(data_set, self._catalogue.groups[group_id], run, judged=())
                works += [work] if work else []
        return works

    def _fresh(self, data_set: str, group: SeriesGroup) -> Work | None:
        known = self._known.get((data_set, group.group_id), Known())
        assert self.since is not None
        first = local_day(self.since, group.zone)
        from_then = max(first, max(known.days, default=first) - _LATE_DAYS)
        ahead = local_day(self._as_of, group.zone) + DAY
        pending = set(_days(from_then, ahead)) - known.days.keys()
        late = {d for d in self._touched(data_set, group, known) if d >= first or d in known.days}
        days = sorted(pending | late)
        return self._work(data_set, group, days, judged=[d for d in days if d >= first])

    def _touched(self, data_set: str, group: SeriesGroup, known: Known) -> set[date]:
        """The local days of rows that were fetched since the newest profile."""
        table, owner, owners = self._source(data_set, group)
        if known.recorded_until is None or not owners:
            return set()
        fetched = ("recorded_at", ">", known.recorded_until - _OUT_OF_ORDER)
        rows = self._read(table, [owner, "event_time"], [fetched], owner, owners)
        unique = pd.DatetimeIndex(rows["event_time"].unique())
        return set(unique.tz_convert(group.zone).date) if len(unique) else set()

    def _source(self, data_set: str, group: SeriesGroup) -> tuple[Table, str, list[str]]:
        members = self._catalogue.members(group.group_id)
        if data_set == OBSERVED:
            return OBSERVATIONS, "series_id", [series.series_id for series in members]
        places = sorted({series.location_id for series in members if series.location_id})
        return WEATHER_OBSERVATIONS, "location_id", places

    def _work(
        self, data_set: str, group: SeriesGroup, days: Sequence[date], judged: Iterable[date]
    ) -> Work | None:
        table, owner, owners = self._source(data_set, group)
        if not days or not owners:
            return None
        vintages = self._vintages(table, owner, owners, group, days)
        if vintages.empty:
            return None
        due = {day: self._due(data_set, group, day) for day in days}
        held = self._known.get((data_set, group.group_id), Known()).days
        days = tuple(days)
        found = Work(data_set, group, days, vintages, self._as_of, due, frozenset(judged), held)
        return found.changed()

    def _vintages(
        self, table: Table, owner: str, owners: list[str], group: SeriesGroup, days: Sequence[date]
    ) -> pd.DataFrame:
        begin = day_start(days[0] - (WINDOW_DAYS + 1) * DAY, group.zone)
        end = day_start(days[-1] + DAY, group.zone)
        filters = [("event_time", ">=", begin), ("event_time", "<", end)]
        told = "resolution_minutes" if table is OBSERVATIONS else "variable"
        names = [owner, told, "event_time", "available_at", "recorded_at", "value"]
        frame = self._read(table, names, filters, owner, owners)
        frame = frame.rename(columns={owner: "owner", "variable": "feature"})
        if table is OBSERVATIONS:
            return frame.assign(feature="value")
        return frame[frame["feature"].isin(WEATHER_VARIABLES)].assign(resolution_minutes=60)

    def _read(
        self,
        table: Table,
        names: list[str],
        filters: list[tuple[str, str, datetime]],
        owner: str,
        owners: list[str],
    ) -> pd.DataFrame:
        """Rows of some owners that were known."""
        known = [*filters, ("available_at", "<=", self._as_of), (owner, "in", owners)]
        frame: pd.DataFrame = self._arrow.read(table, names, known).to_pandas()
        return frame

    def _due(self, data_set: str, group: SeriesGroup, day: date) -> datetime:
        """When the last interval of a day usually is known, of all that the group has."""
        minutes = group.resolution_minutes
        last = intervals_of(day, group.zone, minutes)[-1]
        if data_set == WEATHER:
            return self._catalogue.weather.actual.available_at(last, 60)
        sets = {series.data_set for series in self._catalogue.members(group.group_id)}
        usual = (self._catalogue.data_sets[name].publication_at(self._as_of) for name in sets)
        return max(publication.available_at(last, minutes) for publication in usual)


def _known(arrow: ArrowTables) -> dict[tuple[str, str], Known]:
    names = ["data_set", "series_group", "day", "revision", "recorded_until"]
    rows = arrow.read(PROFILES, names, [("data_set", "in", [OBSERVED, WEATHER])])
    held: pd.DataFrame = rows.to_pandas()
    found = {}
    for (data_set, group), part in held.groupby(["data_set", "series_group"]):
        newest = part["recorded_until"].max()
        until = newest.to_pydatetime() if pd.notna(newest) else None
        revisions: dict[date, set[str]] = defaultdict(set)
        for day, revision in zip(part["day"], part["revision"], strict=True):
            revisions[day].add(revision)
        found[str(data_set), str(group)] = Known(
            {day: frozenset(own) for day, own in revisions.items()}, until
        )
    return found


def served_before(catalogue: Catalogue, as_of: datetime) -> datetime:
    """Forecasts of earlier origins than this are looked at: those of the origin that is being
    served may be there or not, as often as its day is begun again."""
    return min(group.last_origin(as_of) for group in catalogue.groups.values())


def _first_origin(arrow: ArrowTables, before: datetime) -> datetime | None:
    origins: pa.ChunkedArray = arrow.read(
        FEATURES, ["forecast_origin"], [("forecast_origin", "<", before)]
    )["forecast_origin"]
    first = pc.min(origins).as_py()
    return first - _DAYS_BEFORE if first else None


def _days(first: date, last: date) -> list[date]:
    return [first + n * DAY for n in range((last - first).days + 1)]


def _runs(days: Sequence[date]) -> list[list[date]]:
    """Days in runs between which more than a window lies: each is read by itself."""
    runs: list[list[date]] = []
    for day in days:
        if runs and (day - runs[-1][-1]).days <= WINDOW_DAYS:
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs
