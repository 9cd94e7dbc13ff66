"""From one forecast back to all that it was made of, down to the bodies on disk. Without Spark.

The slices are those of `spark_jobs.known_at`: of each value the newest vintage known at the origin.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.arrow import ArrowTables
from lakehouse.landing import LandingZone
from lakehouse.newest import preferred
from lakehouse.places import Place
from lakehouse.tables import Table
from lakehouse.tables.bronze import LANDINGS
from lakehouse.tables.gold import CALIBRATION, FEATURES, PROMOTIONS, TRAINING_RUNS
from lakehouse.tables.lineage import PAST_DAYS
from lakehouse.tables.preference import NEWEST_RUN, NEWEST_VINTAGE
from lakehouse.tables.silver import (
    COVARIATES,
    OBSERVATIONS,
    SERIES,
    WEATHER_FORECASTS,
    WEATHER_OBSERVATIONS,
)
from lakehouse.time import DAY, day_start, local_day
from spark_jobs.broken import broken_days
from spark_jobs.champions import FALLBACK, in_order
from spark_jobs.one_forecast import Asked, chosen
from spark_jobs.stored_models import read_stretch

WHOLE, GONE, ALTERED, UNTOLD = "whole", "gone", "altered", "not in bronze.landings"
_SPAN_OF_A_VALUE = DAY


@dataclass(frozen=True)
class Window:
    """Values that were known at the origin, of one kind: how many, about which times, and by
    which body each came."""

    first: datetime | None
    last: datetime | None
    newest_available_at: datetime | None
    values: int
    landing_ids: tuple[str, ...]


@dataclass(frozen=True)
class Explanation:
    """The chain from a forecast to bodies. Sections without a counterpart are null or empty:
    seasonal naive has no training and sees no weather."""

    forecast: dict[str, Any]
    model: dict[str, Any]
    decision: dict[str, Any] | None
    features: dict[str, Any] | None
    observations: Window
    broken_days: list[date]
    weather: list[dict[str, Any]]
    past_weather: Window | None
    covariates: Window | None
    bodies: list[dict[str, Any]]


def explain(lakehouse: Place, asked: Asked) -> Explanation:
    """Walk the chain. Raises BadInput where there is no such forecast."""
    arrow = ArrowTables(lakehouse)
    row = chosen(arrow, asked)
    [series] = arrow.rows(SERIES, filters=[("series_id", "=", asked.series_id)])
    seen = _Seen(arrow, row, series)
    learnt = row["model_name"] != FALLBACK
    weather = seen.weather_runs() if learnt else []
    windows = {
        "observations": seen.observations(),
        "past_weather": seen.past_weather() if learnt else None,
        "covariates": seen.covariates() if learnt else None,
    }
    used = {name: window.landing_ids for name, window in windows.items() if window}
    used["weather"] = tuple(run["landing_id"] for run in weather)
    observations = windows["observations"]
    assert observations is not None
    return Explanation(
        forecast=row,
        model=_model(arrow, lakehouse, row),
        decision=_decision(arrow, row),
        features=_features(arrow, row),
        observations=observations,
        broken_days=seen.broken_days(row["series_group"]),
        weather=weather,
        past_weather=windows["past_weather"],
        covariates=windows["covariates"],
        bodies=_bodies(arrow, LandingZone(lakehouse / "landing"), used),
    )


class _Seen:
    """What a series could see at the origin of a forecast."""

    def __init__(
        self, arrow: ArrowTables, forecast: Mapping[str, Any], series: Mapping[str, Any]
    ) -> None:
        self._arrow, self._series = arrow, series
        self._origin: datetime = forecast["forecast_origin"]
        self._valid: datetime = forecast["valid_time"]
        zone = ZoneInfo(series["timezone"])
        day = local_day(self._valid, zone)
        self._target, self._target_end = day_start(day, zone), day_start(day + DAY, zone)
        self._past = self._target - timedelta(hours=24 * PAST_DAYS)

    def observations(self) -> Window:
        """The intervals that reach into the days looked back on."""
        return self._window(OBSERVATIONS, "series_id", ("event_time",), self._target)

    def broken_days(self, group: str) -> list[date]:
        """The days looked back on whose values no model was shown."""
        found = broken_days(self._arrow, [(group, self._origin)], self._past.date())
        return sorted(day for name, day in found if name == self._series["series_id"])

    def covariates(self) -> Window | None:
        """What was known in advance, of the past and of the target day; null for most series."""
        window = self._window(COVARIATES, "series_id", ("name", "event_time"), self._target_end)
        return window if window.values else None

    def past_weather(self) -> Window | None:
        """The actual weather of the days looked back on; null for a series without a place."""
        if self._series["location_id"] is None:
            return None
        key = ("variable", "event_time")
        return self._window(WEATHER_OBSERVATIONS, "location_id", key, self._target)

    def weather_runs(self) -> list[dict[str, Any]]:
        """Per variable the newest forecast of the hour that was public."""
        if self._series["location_id"] is None:
            return []
        filters = [
            ("location_id", "=", self._series["location_id"]),
            ("valid_time", "=", self._valid.replace(minute=0)),
            ("available_at", "<=", self._origin),
        ]
        names = (
            "variable", "value", "unit", "weather_model", "issue_time", "available_at",
            "issue_basis", "landing_id",
        )  # fmt: skip
        known = self._arrow.read(WEATHER_FORECASTS, names, filters)
        runs: list[dict[str, Any]] = preferred(known, ("variable",), NEWEST_RUN).to_pylist()
        return runs

    def _window(self, table: Table, owner: str, key: Sequence[str], end: datetime) -> Window:
        lasts = [name for name in ("resolution_minutes",) if name in table.column_names]
        filters = [
            (owner, "=", self._series[owner]),
            ("event_time", ">=", self._past - _SPAN_OF_A_VALUE),
            ("event_time", "<", end),
            ("available_at", "<=", self._origin),
        ]
        known = self._arrow.read(table, [*key, "available_at", "landing_id", *lasts], filters)
        return _told(self._reaching_in(preferred(known, key, NEWEST_VINTAGE)))

    def _reaching_in(self, rows: pa.Table) -> pa.Table:
        """Without the intervals that ended before the days looked back on."""
        if "resolution_minutes" not in rows.column_names:
            return rows.filter(pc.greater_equal(rows["event_time"], pa.scalar(self._past)))
        length = pc.multiply(rows["resolution_minutes"].cast(pa.int64()), 60_000_000)
        end = pc.add(rows["event_time"], length.cast(pa.duration("us")))
        return rows.filter(pc.greater(end, pa.scalar(self._past)))


def _told(rows: pa.Table) -> Window:
    times = pc.min_max(rows["event_time"]).as_py()
    return Window(
        first=times["min"],
        last=times["max"],
        newest_available_at=pc.max(rows["available_at"]).as_py(),
        values=rows.num_rows,
        landing_ids=tuple(sorted(pc.unique(rows["landing_id"]).to_pylist())),
    )


def _model(arrow: ArrowTables, lakehouse: Place, row: Mapping[str, Any]) -> dict[str, Any]:
    """The training, where its files lie, and how far it stretches each pair of quantiles: as its
    held-out days asked for, and on top of that its live days, where it has some."""
    names = ("series_group", "model_name", "model_version")
    found = arrow.rows(TRAINING_RUNS, filters=[(name, "=", row[name]) for name in names])
    folder = "/".join(("models", *(row[name] for name in names)))
    kept = (lakehouse / folder).exists()
    live = arrow.rows(CALIBRATION, filters=[(name, "=", row[name]) for name in CALIBRATION.key])
    return {
        "training": found[0] if found else None,
        "folder": folder if kept else None,
        "calibration": read_stretch(lakehouse / folder).get(row["series_id"]) if kept else None,
        "live_calibration": live[0] if live else None,
    }


def _decision(arrow: ArrowTables, row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The decision by which the model was in charge at the origin; null for a challenger."""
    made = arrow.rows(PROMOTIONS, filters=[("series_group", "=", row["series_group"])])
    decided = [one for one in in_order(made) if one["decided_at"] <= row["forecast_origin"]]
    named = [
        one
        for one in decided
        if (one["champion_model"], one["champion_version"])
        == (row["model_name"], row["model_version"])
    ]
    if row["forecast_source"] != "champion" or not named:
        return None
    put_in_charge = [one for one in named if one["promoted"]]
    return (put_in_charge or named[:1])[-1]


def _features(arrow: ArrowTables, row: Mapping[str, Any]) -> dict[str, Any] | None:
    key = ("series_id", "forecast_origin", "valid_time", "feature_version")
    found = arrow.rows(FEATURES, filters=[(name, "=", row[name]) for name in key])
    return found[0] | {"covariates": dict(found[0]["covariates"])} if found else None


def _bodies(
    arrow: ArrowTables, zone: LandingZone, used: Mapping[str, Iterable[str]]
) -> list[dict[str, Any]]:
    """Every body once: what it was used for, the request, and whether its file is as it landed."""
    uses: dict[str, list[str]] = {}
    for what, landing_ids in used.items():
        for landing_id in dict.fromkeys(landing_ids):
            uses.setdefault(landing_id, []).append(what)
    held = arrow.rows(LANDINGS, filters=[("landing_id", "in", list(uses))])
    by_id = {row["landing_id"]: row for row in held}
    names = ("source", "data_set", "request", "fetched_at", "body_path", "body_sha256")
    return [
        {
            "landing_id": landing_id,
            "used_for": what,
            **{name: by_id[landing_id][name] if landing_id in by_id else None for name in names},
            "state": _state(zone, by_id.get(landing_id)),
        }
        for landing_id, what in sorted(uses.items(), key=lambda pair: _fetched(by_id, pair[0]))
    ]


def _fetched(by_id: Mapping[str, Mapping[str, Any]], landing_id: str) -> tuple[str, str]:
    return str(by_id.get(landing_id, {}).get("fetched_at", "")), landing_id


def _state(zone: LandingZone, landing: Mapping[str, Any] | None) -> str:
    if landing is None:
        return UNTOLD
    file = zone.path(landing["body_path"])
    if not file.exists():
        return GONE
    same = hashlib.sha256(file.read_bytes()).hexdigest() == landing["body_sha256"]
    return WHOLE if same else ALTERED
