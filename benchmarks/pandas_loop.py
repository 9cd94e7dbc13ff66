"""The forecast of a day as a loop of pandas: `python -m benchmarks.pandas_loop FOLDER SERIES`.

One series after the other, as such loops are written: its vintages known at the origin, on a grid;
the weather of its place; the calendar; then the champion of its group is asked for this one day.
The same champion, features and rows as ours, read from FOLDER/vintages.parquet, seen.parquet and
coming.parquet, written to loop.parquet and loop_features.parquet; the seconds to loop.json.
"""

import json
import sys
import time
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
from psutil import Process

from benchmarks.many_models import VERSION
from benchmarks.many_series import ZONE, World
from benchmarks.one_day import START_UP, Parts, Seconds, origin_of
from models import network, quantiles, trained
from models.holidays import is_holiday
from models.samples import CALENDAR, PAST_DAYS, WEATHER, from_rows
from models.trained import LSTM, Trained

HOURS = 24


def main() -> None:
    """Read, forecast and write the first day."""
    folder, world = Path(sys.argv[1]), World(int(sys.argv[2]))
    network.tensorflow()
    import keras  # type: ignore[import-untyped]  # noqa: F401

    marks = [(Process().create_time(), 0.0), _mark()]
    read = [pd.read_parquet(folder / f"{name}.parquet") for name in ("vintages", "seen", "coming")]
    marks.append(_mark())
    features, forecasts = _forecast(folder, world, *read)
    marks.append(_mark())
    pd.concat(forecasts, ignore_index=True).to_parquet(folder / "loop.parquet")
    pd.concat(features, ignore_index=True).to_parquet(folder / "loop_features.parquet")
    marks.append(_mark())
    apart = [(end[0] - begun[0], end[1] - begun[1]) for begun, end in pairwise(marks)]
    names = (START_UP, "reading", "features and scoring", "writing")
    parts: Parts = dict(zip(names, apart, strict=True))
    (folder / "loop.json").write_text(json.dumps([parts]))


def _forecast(
    folder: Path, world: World, vintages: pd.DataFrame, seen: pd.DataFrame, coming: pd.DataFrame
) -> tuple[list[pd.DataFrame], list[pd.DataFrame]]:
    """Features and forecasts of each series."""
    origin = pd.Timestamp(origin_of(0))
    start = (origin.tz_convert(ZONE).normalize() + pd.Timedelta(days=1)).tz_convert("UTC")
    grid = pd.date_range(end=start, periods=PAST_DAYS * HOURS + 1, freq="h")[:-1]
    ahead = pd.date_range(start, periods=HOURS, freq="h")
    past = _by_place(_newest(seen, origin, "event_time", "available_at"), "event_time", grid)
    known = _by_place(_newest(coming, origin, "valid_time", "issue_time"), "valid_time", ahead)
    calendar = _calendar(ahead.tz_convert(ZONE))
    values = vintages[vintages["available_at"] <= origin].sort_values("available_at")
    features, forecasts = [], []
    for name, own in values.groupby("series_id"):
        series = world.catalogue.series[str(name)]
        place = str(series.location_id)
        newest = own.drop_duplicates("event_time", keep="last").set_index("event_time")["value"]
        told = calendar | {w: known[place][w].to_numpy() for w in WEATHER}
        row = {
            "series_id": name,
            "timezone": ZONE,
            "forecast_origin": origin,
            "past_start": grid[0],
            "past_value": newest.reindex(grid).to_numpy(),
            **{f"past_{w}": past[place][w].to_numpy() for w in WEATHER},
            "target_time": list(ahead),
            **told,
        }
        samples = from_rows(pd.DataFrame([row]))
        model = _load(folder / "models" / series.series_group / LSTM / VERSION)
        forecasts.append(quantiles.to_rows(samples, model.predict(samples)))
        features.append(pd.DataFrame({"series_id": name, "valid_time": ahead, **told}))
    return features, forecasts


def _calendar(local: pd.DatetimeIndex) -> dict[str, Any]:
    holidays = [int(is_holiday(day, ZONE)) for day in local.date]
    parts = (local.hour.to_numpy(), local.weekday.to_numpy(), local.dayofyear.to_numpy(), holidays)
    return dict(zip(CALENDAR, parts, strict=True))


def _newest(rows: pd.DataFrame, origin: pd.Timestamp, time_name: str, order: str) -> pd.DataFrame:
    """Of each time of a variable at a place the newest row that was known."""
    known = rows[rows["available_at"] <= origin].sort_values(order)
    return known.drop_duplicates(["location_id", "variable", time_name], keep="last")


def _by_place(
    rows: pd.DataFrame, time_name: str, grid: pd.DatetimeIndex
) -> dict[str, pd.DataFrame]:
    """By place, a column for each variable on the grid."""
    return {
        str(place): own.pivot(index=time_name, columns="variable", values="value").reindex(grid)
        for place, own in rows.groupby("location_id")
    }


@lru_cache(maxsize=32)
def _load(folder: Path) -> Trained:
    return trained.load(folder)


def _mark() -> Seconds:
    return time.time(), time.process_time()


if __name__ == "__main__":
    main()
