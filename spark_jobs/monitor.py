"""Profiles, drift and the report: reads tables, lets `monitoring` judge, writes what it said."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import WEATHER_VARIABLES, Catalogue, SeriesGroup
from lakehouse.tables.gold import DRIFT, FEATURES, PROFILES
from lakehouse.tables.silver import OBSERVATIONS
from lakehouse.time import DAY, intervals_of
from monitoring import drift, profiles
from spark_jobs.dense import at_resolution
from spark_jobs.train import TRAINING

#: One day of hourly weather is too alike within itself to be told from noise: a week is judged.
WEEK_DAYS = 7
_SETTINGS = drift.DriftSettings(minimum_values=150)
_FEATURES_OF = {FEATURES.name: WEATHER_VARIABLES, OBSERVATIONS.name: ("value",)}


class _Part(NamedTuple):
    """The rows of one data set, group and local day."""

    data_set: str
    series_group: str
    day: date
    rows: pd.DataFrame

    @property
    def revision(self) -> str:
        """Hash of the rows: late rows give a new one."""
        ordered = self.rows.sort_values(list(self.rows.columns)).to_csv(index=False)
        return hashlib.sha256(ordered.encode()).hexdigest()[:16]


def run(arrow: ArrowTables, catalogue: Catalogue, as_of: datetime, run_id: str) -> dict[str, int]:
    """Profile the days that have none yet and judge each week that ends with one of them."""
    known = {
        (row["data_set"], row["series_group"], row["day"], row["revision"])
        for row in arrow.rows(PROFILES, PROFILES.key)
    }
    fresh = []
    for part in _parts(arrow, catalogue, as_of):
        key = (part.data_set, part.series_group, part.day, part.revision)
        if key not in known:
            fresh.append(
                dict(zip(PROFILES.key, key, strict=True))
                | {
                    "rows": len(part.rows),
                    "profile": profiles.profile(part.rows[list(_FEATURES_OF[part.data_set])]),
                    "run_id": run_id,
                }
            )
    written = {PROFILES.name: arrow.insert_new(PROFILES, fresh)}
    findings = _drift_rows(arrow.rows(PROFILES), arrow.rows(DRIFT), fresh, run_id)
    return written | {DRIFT.name: arrow.insert_new(DRIFT, findings)}


def _parts(arrow: ArrowTables, catalogue: Catalogue, as_of: datetime) -> Iterable[_Part]:
    features = arrow.read(
        FEATURES,
        ["series_id", "series_group", "forecast_origin", "valid_time", *WEATHER_VARIABLES],
        [("forecast_origin", "<=", as_of)],
    ).to_pandas()
    yield from _by_day(FEATURES.name, features, "valid_time", catalogue)
    if features.empty:
        return
    # Observations count from a week before the first issued forecast.
    since = features["forecast_origin"].min().to_pydatetime() - 2 * WEEK_DAYS * DAY
    values = arrow.read(
        OBSERVATIONS,
        ["series_id", "event_time", "resolution_minutes", "available_at", "value"],
        [("event_time", ">=", since), ("available_at", "<=", as_of)],
    ).to_pandas()
    values = values.sort_values("available_at").drop_duplicates(
        ["series_id", "event_time"], keep="last"
    )
    groups = {series.series_id: series.series_group for series in catalogue.series.values()}
    values["series_group"] = values["series_id"].map(groups)
    parts = [
        _at_resolution(rows, catalogue.groups[str(group)])
        for (group, _), rows in values.groupby(["series_group", "series_id"])
    ]
    if parts:
        yield from _by_day(OBSERVATIONS.name, pd.concat(parts), "event_time", catalogue)


def _at_resolution(values: pd.DataFrame, group: SeriesGroup) -> pd.DataFrame:
    """One series at the interval that its group forecasts, which is what training profiled."""
    minutes = group.resolution_minutes
    if (values["resolution_minutes"] == minutes).all():
        return values
    first = values["event_time"].min().floor("D")
    begin = ((values["event_time"] - first) // pd.Timedelta(minutes=1)).to_numpy()
    length = values["resolution_minutes"].to_numpy(dtype=np.int64)
    count = int((begin + length).max()) // minutes
    grid = at_resolution(
        begin, length, values["value"].to_numpy(dtype=float), minutes, count, group.kind
    )
    made = pd.DataFrame(
        {
            "event_time": first + pd.to_timedelta(np.arange(count) * minutes, unit="min"),
            "value": grid,
            "series_id": values["series_id"].iloc[0],
            "series_group": values["series_group"].iloc[0],
        }
    )
    return made.dropna(subset="value")


def _by_day(
    data_set: str, frame: pd.DataFrame, time_column: str, catalogue: Catalogue
) -> Iterable[_Part]:
    """The whole local days of each group."""
    for group_id, rows in frame.groupby("series_group"):
        group = catalogue.groups[str(group_id)]
        zone = group.zone
        days = rows[time_column].dt.tz_convert(zone).dt.date
        for day, part in rows.groupby(days):
            intervals = len(intervals_of(day, zone, group.resolution_minutes))
            expected = intervals * part["series_id"].nunique()
            if part["series_id"].nunique() and len(part) >= expected:
                columns = ["series_id", time_column, *_FEATURES_OF[data_set]]
                yield _Part(data_set, str(group_id), day, part[columns])


def _drift_rows(
    held: list[dict[str, Any]],
    judged: list[dict[str, Any]],
    fresh: list[dict[str, Any]],
    run_id: str,
) -> list[dict[str, Any]]:
    by_day: dict[tuple[str, str], dict[date, bytes]] = defaultdict(dict)
    for row in held:
        by_day[row["data_set"], row["series_group"]][row["day"]] = row["profile"]
    verdicts: dict[tuple[str, str, str], dict[date, str]] = defaultdict(dict)
    for row in judged:
        verdicts[row["data_set"], row["series_group"], row["feature"]][row["day"]] = row["verdict"]
    rows: list[dict[str, Any]] = []
    for new in sorted(fresh, key=lambda row: row["day"]):
        data_set, group, day = new["data_set"], new["series_group"], new["day"]
        reference = _same_season(by_day[TRAINING, group], day)
        if not reference:
            continue
        days = by_day[data_set, group]
        week = [days[d] for d in sorted(days) if day - WEEK_DAYS * DAY < d <= day]
        for found in drift.compare(
            profiles.merge(week), profiles.merge(list(reference.values())), _SETTINGS
        ):
            if found.feature not in _FEATURES_OF[data_set]:
                continue
            history = verdicts[data_set, group, found.feature]
            history[day] = found.verdict
            until = [history[d] for d in sorted(history) if d <= day]
            rows.append(
                {
                    "data_set": data_set,
                    "series_group": group,
                    "day": day,
                    "revision": new["revision"],
                    "feature": found.feature,
                    "effect_size": found.distance,
                    "threshold": found.threshold,
                    "reference": f"training {min(reference)} to {max(reference)}",
                    "verdict": found.verdict,
                    "reason": found.reason,
                    "persistence": drift.persistence(until),
                    "missing_share": found.missing_share,
                    "run_id": run_id,
                }
            )
    return rows


def _same_season(months: dict[date, bytes], day: date) -> dict[date, bytes]:
    """The training months that lie at most one month of the year from a day's."""
    return {
        month: payload
        for month, payload in months.items()
        if min((month.month - day.month) % 12, (day.month - month.month) % 12) <= 1
    }
