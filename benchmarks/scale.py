"""A day's forecast as the series grow, and beside other ways to make it, on two cores.

    .venv/bin/python -m benchmarks.scale [SERIES ...]

Made-up hourly series in twenty groups, by default 1,000, then 3,000, then 10,000: samples as of the
origin, the group's champion (an LSTM of two members) and seasonal naive, seven quantiles each, the
rows of gold.features and gold.forecasts; each number in a process of its own. Of the first number
the same job by mlforecast with LightGBM (in an environment of its own) and by a loop of pandas that
asks the same champion, whose forecasts have to be equal; of the last one the same rows written to
Delta and as plain Parquet. At the end 100 series with all challengers. Limits: 10,000 series in
120 s without start-up, their peak memory at most 1.3 times that of 1,000.
"""

import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

from benchmarks import writes
from benchmarks.many_models import CHALLENGERS, train
from benchmarks.many_series import World, long_rows, settle
from benchmarks.one_day import ORIGIN_DAY, START_UP, Parts, origin_of
from benchmarks.peers.environment import python_of, script
from benchmarks.processes import Measured, measure
from lakehouse.arrow import ArrowTables
from lakehouse.tables import Table
from lakehouse.tables.gold import FORECASTS, QUANTILES
from lakehouse.tables.silver import OBSERVATIONS, WEATHER_FORECASTS, WEATHER_OBSERVATIONS
from models.samples import PAST_DAYS, Floats
from models.trained import LSTM

SIZES = (1_000, 3_000, 10_000)
FEW = 100
_LEARNT = 50  # series that mlforecast learns from


def main() -> None:
    """Make each world, forecast it, and print what it took."""
    sizes = [int(size) for size in sys.argv[1:]] or SIZES
    peaks = {}
    for n_series in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder, world = Path(name), World(n_series)
            _make(world, folder, ())
            ours, peaks[n_series] = _ours(world, folder, "ours")
            if n_series == sizes[0]:
                _beside("mlforecast", ours, _mlforecast(world, folder))
                _beside("pandas loop", ours, _loop(world, folder))
            if n_series == sizes[-1]:
                _print_writes(folder)
    grown = peaks[sizes[-1]] / peaks[sizes[0]]
    print(f"peak memory, {sizes[-1]} series to {sizes[0]}: {grown:.2f}")
    with tempfile.TemporaryDirectory() as name:
        folder, world = Path(name), World(FEW)
        _make(world, folder, CHALLENGERS)
        _ours(world, folder, "ours with all challengers")


def _make(world: World, folder: Path, challengers: Sequence[str]) -> None:
    begun = time.perf_counter()
    settle(world, folder)
    made = time.perf_counter()
    train(world, folder / "models", ArrowTables(folder), challengers)
    seconds = (made - begun, time.perf_counter() - made)
    print("{} series; made: tables {:.0f} s, models {:.0f} s".format(world.n_series, *seconds))


def _ours(world: World, folder: Path, label: str) -> tuple[Parts, float]:
    """Seconds and peak memory (GiB) of a day."""
    command = ["-m", "benchmarks.one_day", str(folder), str(world.n_series), "1"]
    ran = measure([sys.executable, *command])
    [parts] = _told(folder / "ours.json", ran)
    _print(label, world, parts, ran)
    return parts, ran.peak_gib


def _print(label: str, world: World, parts: Parts, ran: Measured) -> None:
    told = ", ".join(f"{name} {clock:.1f} ({busy:.1f})" for name, (clock, busy) in parts.items())
    clock, busy = _whole(parts, START_UP)
    each = f"{1000 * clock / world.n_series:.1f} ({1000 * busy / world.n_series:.1f}) ms a series"
    print(
        f"{label}: {clock:.1f} s, of processors {busy:.1f}, without start-up, {each}; {told}; "
        f"peak memory of all processes {ran.peak_gib:.2f} GiB",
        flush=True,
    )


def _beside(label: str, ours: Parts, theirs: Parts) -> None:
    for skipped in ("", START_UP):
        clock, busy = _whole(ours, skipped) / _whole(theirs, skipped)
        what = "without" if skipped else "with"
        print(f"{what} {START_UP}, ours to {label}'s: {clock:.2f}, processors {busy:.2f}")


def _whole(parts: Parts, skipped: str) -> Floats:
    """Seconds of the clock and of the processors of all parts but one."""
    kept = [seconds for name, seconds in parts.items() if name != skipped]
    return np.asarray(np.sum(kept, axis=0))


def _mlforecast(world: World, folder: Path) -> Parts:
    """Train on some series' days, then forecast all in a process of its own."""
    end = (ORIGIN_DAY + 1) * 24
    known = long_rows(world, end - PAST_DAYS * 24, end)
    known.to_parquet(folder / "known.parquet")
    learnt = known["series_id"].isin(world.names[:_LEARNT])
    known[learnt].to_parquet(folder / "learnt.parquet")
    long_rows(world, end, end + 24).drop(columns="value").to_parquet(folder / "ahead.parquet")
    python, program = python_of("mlforecast"), script("mlforecast_lightgbm")
    _told(folder / "train.json", measure([python, program, "train", str(folder)]))
    ran = measure([python, program, "predict", str(folder)])
    [parts] = _told(folder / "predict.json", ran)
    _print("mlforecast", world, parts, ran)
    rows = pd.read_parquet(folder / "forecasts.parquet")
    assert len(rows) == 24 * world.n_series and not rows.isna().any(axis=None)
    return parts


def _loop(world: World, folder: Path) -> Parts:
    """The same rows as Parquet, and a loop over them, whose forecasts are ours."""
    read: dict[str, tuple[Table, tuple[str, ...]]] = {
        "vintages": (OBSERVATIONS, ("series_id", "event_time", "available_at", "value")),
        "seen": (WEATHER_OBSERVATIONS, (*WEATHER_OBSERVATIONS.key, "value")),
        "coming": (WEATHER_FORECASTS, (*WEATHER_FORECASTS.key, "available_at", "value")),
    }
    arrow = ArrowTables(folder)
    for name, (table, columns) in read.items():
        arrow.read(table, list(columns)).to_pandas().to_parquet(folder / f"{name}.parquet")
    command = ["-m", "benchmarks.pandas_loop", str(folder), str(world.n_series)]
    ran = measure([sys.executable, *command])
    [parts] = _told(folder / "loop.json", ran)
    _print("pandas loop", world, parts, ran)
    key = ["series_id", "valid_time"]
    filters = [("model_name", "=", LSTM), ("forecast_origin", "=", origin_of(0))]
    ours = arrow.read(FORECASTS, [*key, *QUANTILES], filters).to_pandas().set_index(key)
    loop = pd.read_parquet(folder / "loop.parquet").set_index(key)
    told = loop.loc[ours.index, list(QUANTILES)]
    assert len(loop) == len(ours) and np.allclose(told, ours, rtol=1e-4, atol=1e-3)
    return parts


def _print_writes(folder: Path) -> None:
    ran = measure([sys.executable, "-m", "benchmarks.writes", str(folder)])
    if ran.returncode:
        sys.exit(ran.told)
    seconds = {
        way: median(turns)
        for way, turns in json.loads((folder / "writes.json").read_text()).items()
    }
    plain = seconds[writes.PARQUET]
    told = (f"{way} {took:.2f} s ({took / plain:.2f} times)" for way, took in seconds.items())
    print(f"writing a day's rows: {', '.join(told)}", flush=True)


def _told(file: Path, ran: Measured) -> list[Parts]:
    if ran.returncode:
        sys.exit(ran.told)
    parts: list[Parts] = json.loads(file.read_text())
    return parts


if __name__ == "__main__":
    main()
