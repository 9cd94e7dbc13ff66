"""3,000 series in 20 groups forecast for a day on two cores, beside mlforecast with LightGBM.

    .venv/bin/python -m benchmarks.scoring [SERIES]

Ours is what `gridcast run daily` does for it: samples as of the origin from the silver tables,
an LSTM, a linear challenger and seasonal naive of every group, seven quantiles each, the rows of
gold.features and gold.forecasts. Two days in one process: on the first the models are loaded, on
the second the workers hold them. mlforecast, in an environment of its own, reads the same values
and weather from Parquet and writes its seven quantiles there. Start-up is what each does before it
knows of any series: interpreter, imports, JVM, TensorFlow in both workers. Limit: 60 s without it.
"""

import json
import sys
import tempfile
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from psutil import NoSuchProcess, Process

from benchmarks.many_series import START, TRAIN_DAYS, World, long_rows, settle, train
from benchmarks.peers.environment import python_of, script
from benchmarks.processes import Measured, measure
from lakehouse.arrow import ArrowTables
from lakehouse.settings import load_settings
from lakehouse.tables.gold import FORECASTS
from models.samples import PAST_DAYS, Floats

_ORIGIN_DAY = PAST_DAYS + TRAIN_DAYS
_WITHIN = timedelta(hours=9, minutes=30)  # the origin's local time
_SERIES = 3_000
START_UP = "start-up"

Parts = dict[str, tuple[float, float]]
"""Seconds by what they went into: of the clock, and of the processors."""


def main() -> None:
    """Make the world, forecast it on both sides, and print one table."""
    if sys.argv[1:2] == ["ours"]:
        folder, world = Path(sys.argv[2]), World(int(sys.argv[3]))
        (folder / "ours.json").write_text(json.dumps(_ours(folder, world)))
        return
    n_series = int(sys.argv[1]) if len(sys.argv) > 1 else _SERIES
    with tempfile.TemporaryDirectory() as name:
        folder, world = Path(name), World(n_series)
        _make(world, folder)
        ran = measure([sys.executable, "-m", __spec__.name, "ours", str(folder), str(n_series)])
        days = _told(folder / "ours.json", ran)
        _print("ours, first day", days[0])
        _print("ours, the day after", days[1])
        print(f"  peak memory of all processes: {ran.peak_gib:.1f} GiB")
        theirs = _beside(world, folder)
        for skipped in ("", START_UP):
            clock, busy = _whole(days[0], skipped) / _whole(theirs, skipped)
            what = "without" if skipped else "with"
            print(f"{what} {START_UP}, ours to mlforecast's: {clock:.1f}, processors {busy:.1f}")


def _print(label: str, parts: Parts) -> None:
    told = ", ".join(f"{name} {clock:.1f} ({busy:.1f})" for name, (clock, busy) in parts.items())
    clock, busy = _whole(parts, START_UP)
    print(f"{label}: {clock:.1f} s, of processors {busy:.1f}, without start-up; {told}", flush=True)


def _whole(parts: Parts, skipped: str) -> Floats:
    """Seconds of the clock and of the processors of all parts but one."""
    kept = [seconds for name, seconds in parts.items() if name != skipped]
    return np.asarray(np.sum(kept, axis=0))


def _make(world: World, folder: Path) -> None:
    begun = time.perf_counter()
    settle(world, folder)
    made = time.perf_counter()
    train(world, folder / "models", ArrowTables(folder))
    seconds = (made - begun, time.perf_counter() - made)
    print("{} series; made: tables {:.0f} s, models {:.0f} s".format(world.n_series, *seconds))


def _ours(folder: Path, world: World) -> list[Parts]:
    """Forecast two days as `gridcast run daily` does: where the seconds of each went."""
    from lakehouse.spark.session import spark_session
    from lakehouse.spark.tables import SparkTables
    from spark_jobs import forecast

    settings = load_settings("live", lakehouse=folder)
    spark = spark_session(settings)
    spark.range(2).repartition(2).mapInPandas(_import_tensorflow, "id bigint").collect()
    started = (time.time() - Process().create_time(), _busy())
    tables, arrow = SparkTables(spark, folder), ArrowTables(folder)
    marks: list[tuple[float, float]] = []
    _mark_around(forecast, "score", marks)
    days: list[Parts] = []
    for day in range(2):
        origin = START + timedelta(days=_ORIGIN_DAY + day) + _WITHIN
        marks[:] = [_mark()]
        written, problems = forecast.run(
            tables, arrow, world.catalogue, settings, origin, "live", "benchmark", origin
        )
        marks.append(_mark())
        assert not problems, problems
        assert written[FORECASTS.name] == 3 * 24 * world.n_series, written
        seconds = [(clock, busy) for clock, busy in np.diff(marks, axis=0).tolist()]
        days.append(dict(zip(("features", "scoring", "writing"), seconds, strict=True)))
    return [{START_UP: started} | days[0], days[1]]


def _mark() -> tuple[float, float]:
    return time.perf_counter(), _busy()


_seen: dict[tuple[int, float], float] = {}


def _busy() -> float:
    """Processor seconds of this process and all below it, also of those that have ended since."""
    for member in [Process(), *Process().children(recursive=True)]:
        with suppress(NoSuchProcess):
            _seen[member.pid, member.create_time()] = sum(member.cpu_times()[:2])
    return sum(_seen.values())


def _mark_around(owner: Any, name: str, marks: list[tuple[float, float]]) -> None:
    """Note when calls of a function begin and end."""
    watched = getattr(owner, name)

    def marked(*arguments: Any) -> Any:
        marks.append(_mark())
        answer = watched(*arguments)
        marks.append(_mark())
        return answer

    setattr(owner, name, marked)


def _import_tensorflow(frames: Any) -> Any:
    """In each worker, before any series is known."""
    from models import network

    network.tensorflow()
    import keras  # type: ignore[import-untyped]  # noqa: F401

    yield from frames


def _beside(world: World, folder: Path) -> Parts:
    """mlforecast: train on the first group's days, then forecast all in a process of its own."""
    end = (_ORIGIN_DAY + 1) * 24
    known = long_rows(world, end - PAST_DAYS * 24, end)
    known.to_parquet(folder / "known.parquet")
    learnt = known["series_id"].isin(world.names[world.members(0)])
    known[learnt].to_parquet(folder / "learnt.parquet")
    long_rows(world, end, end + 24).drop(columns="value").to_parquet(folder / "ahead.parquet")
    python, program = python_of("mlforecast"), script("mlforecast_lightgbm")
    [trained] = _told(folder / "train.json", measure([python, program, "train", str(folder)]))
    ran = measure([python, program, "predict", str(folder)])
    [parts] = _told(folder / "predict.json", ran)
    _print("mlforecast", parts)
    clock, busy = trained["training"]
    print(
        f"  peak memory {ran.peak_gib:.1f} GiB; trained in {clock:.0f} s, of processors {busy:.0f}"
    )
    rows = pd.read_parquet(folder / "forecasts.parquet")
    assert len(rows) == 24 * world.n_series and not rows.isna().any(axis=None)
    return parts


def _told(file: Path, ran: Measured) -> list[Parts]:
    if ran.returncode:
        sys.exit(ran.told)
    parts: list[Parts] = json.loads(file.read_text())
    return parts


if __name__ == "__main__":
    main()
