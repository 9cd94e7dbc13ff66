"""Days of many series in a process of its own: `python -m benchmarks.one_day FOLDER SERIES DAYS`.

It is what `gridcast run daily` does for the forecast: samples as of the origin from the silver
tables, champion, challengers and seasonal naive of every group, the rows of gold.features and
gold.forecasts. Start-up is all before any series is known: interpreter, imports, JVM, TensorFlow in
both workers. On the first day the models are loaded, on the next ones the workers hold them.
Writes FOLDER/ours.json: for each day the seconds by what they went into.
"""

import json
import sys
import time
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from psutil import NoSuchProcess, Process

from benchmarks.many_series import START, TRAIN_DAYS, World
from lakehouse.arrow import ArrowTables
from lakehouse.settings import load_settings
from lakehouse.tables.gold import FORECASTS
from models.samples import PAST_DAYS

ORIGIN_DAY = PAST_DAYS + TRAIN_DAYS
START_UP = "start-up"

Seconds = tuple[float, float]
"""Of the clock, and of the processors."""
Parts = dict[str, Seconds]
"""Seconds by what they went into."""


def origin_of(day: int) -> datetime:
    """The forecast origin of the first day, 0, and of those after it."""
    return START + timedelta(days=ORIGIN_DAY + day, hours=9, minutes=30)


def main() -> None:
    """Forecast so many days and write where their seconds went."""
    folder, n_series, days = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    (folder / "ours.json").write_text(json.dumps(_lived(folder, World(n_series), days)))


def _lived(folder: Path, world: World, days: int) -> list[Parts]:
    from lakehouse.spark.session import spark_session
    from lakehouse.spark.tables import SparkTables
    from spark_jobs import forecast
    from spark_jobs.champions import standings_at

    settings = load_settings("live", lakehouse=folder)
    spark = spark_session(settings)
    spark.range(2).repartition(2).mapInPandas(_import_tensorflow, "id bigint").collect()
    started = (time.time() - Process().create_time(), _busy())
    tables, arrow = SparkTables(spark, folder), ArrowTables(folder)
    marks: list[Seconds] = []
    _mark_around(forecast, "score", marks)
    told: list[Parts] = []
    for day in range(days):
        origin = origin_of(day)
        marks[:] = [_mark()]
        written, problems = forecast.run(
            tables, arrow, world.catalogue, settings, origin, "live", "benchmark", origin
        )
        marks.append(_mark())
        assert not problems, problems
        models = standings_at(arrow, origin)["g00"]
        asked = 2 + len(models.challengers)  # and champion and seasonal naive
        assert written[FORECASTS.name] == asked * 24 * world.n_series, written
        seconds = [(clock, busy) for clock, busy in np.diff(marks, axis=0).tolist()]
        told.append(dict(zip(("features", "scoring", "writing"), seconds, strict=True)))
    return [{START_UP: started} | told[0], *told[1:]]


def _mark() -> Seconds:
    return time.perf_counter(), _busy()


_seen: dict[tuple[int, float], float] = {}


def _busy() -> float:
    """Processor seconds of this process and all below it, also of those that have ended since."""
    for member in [Process(), *Process().children(recursive=True)]:
        with suppress(NoSuchProcess):
            _seen[member.pid, member.create_time()] = sum(member.cpu_times()[:2])
    return sum(_seen.values())


def _mark_around(owner: Any, name: str, marks: list[Seconds]) -> None:
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


if __name__ == "__main__":
    main()
