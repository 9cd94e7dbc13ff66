"""One more day on four years of history, beside one more day on three months.

    .venv/bin/python -m benchmarks.increment [SERIES]

Both lakehouses hold the same newest days; each day's answer looks back two weeks, as the daily one
does. The two builds take turns in one session, so start-up is in neither. Limit: 1.2 times.
"""

import shutil
import statistics
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.intake import FETCHED, a_catalogue, answers, timed
from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue
from lakehouse.landing import LandingZone
from lakehouse.settings import load_settings
from lakehouse.spark.session import spark_session
from lakehouse.spark.tables import SparkTables
from lakehouse.tables import TABLES
from lakehouse.tables.bronze import LANDINGS
from lakehouse.tables.gold import RUNS
from lakehouse.tables.silver import OBSERVATIONS
from spark_jobs import build

LONG, SHORT = timedelta(days=4 * 365), timedelta(days=91)
DAYS, WARM_UP = 9, 2
LOOKBACK = timedelta(days=14)
DAY = timedelta(days=1)
END = datetime(2024, 5, 20, tzinfo=FETCHED.tzinfo)


def main() -> None:
    """Build both histories, then add the same days to each in turn."""
    series = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = load_settings("sample", lakehouse=folder, spark_jvm_options="")
        catalogue = a_catalogue(series)
        spark = spark_session(settings)
        long, short = (
            _History(SparkTables(spark, folder / told), folder / told, catalogue, span)
            for told, span in (("long", LONG), ("short", SHORT))
        )
        times: dict[str, list[float]] = {"long": [], "short": []}
        for day in range(DAYS):
            for told, history in (("long", long), ("short", short)):
                history.land_day(day)
                times[told].append(timed(history.build))
        a, b = (statistics.median(times[told][WARM_UP:]) for told in ("long", "short"))
        print(f"values held: {long.held():,} and {short.held():,}")
        print(f"one more day: {a:.2f} s on {LONG.days} days, {b:.2f} s on {SHORT.days}")
        print(f"{a / b:.2f} times (limit 1.2)")


class _History:
    """A lakehouse with a span of history, one answer a quarter."""

    def __init__(
        self, tables: SparkTables, folder: Path, catalogue: Catalogue, span: timedelta
    ) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._tables, self._catalogue = tables, catalogue
        self._arrow, self._zone = ArrowTables(folder), LandingZone(folder / "landing")
        self._arrow.create_missing(TABLES)
        first = END - span
        while first < END:
            end = min(first + SHORT, END)
            self._land(first, end, FETCHED)
            first = end
        self.build()

    def land_day(self, day: int) -> None:
        end = END + (day + 1) * DAY
        self._land(end - DAY - LOOKBACK, end, FETCHED + (day + 1) * DAY)

    def _land(self, first: datetime, end: datetime, fetched_at: datetime) -> None:
        [answer] = answers(self._catalogue, [first, end], fetched_at)
        self._arrow.insert_new(LANDINGS, [self._zone.write(answer) | {"run_id": "benchmark"}])

    def build(self) -> None:
        built = build.run(self._tables, self._arrow, self._zone, self._catalogue)
        row = RUNS.row(
            run_id=str(self._arrow.count(RUNS)),
            step=build.STEP,
            status="ok",
            landing_ids=built.landing_ids,
        )
        self._arrow.append(RUNS, [row])

    def held(self) -> int:
        return self._arrow.count(OBSERVATIONS)


if __name__ == "__main__":
    main()
