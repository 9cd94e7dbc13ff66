"""A recorded price that passes from hours to quarter-hours: one series, read at any resolution.

The seam is constructed: the recorded hours end 548 days before the recorded quarter-hours begin,
so they are moved by that (`benchmarks.splice`). Every value is the publisher's; the hours' times
are not.
"""

import csv
import gzip
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from statistics import fmean

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from benchmarks.splice import QUARTERS, SEAM, SPAN, write_moved_hours
from lakehouse.catalogue import Catalogue
from lakehouse.settings import PROJECT, Settings, load_settings
from lakehouse.tables.gold import CALIBRATION, FEATURES, FORECASTS
from lakehouse.tables.silver import OBSERVATIONS
from lakehouse.time import DAY, HOUR, parse_utc
from models.samples import PAST_DAYS
from spark_jobs import backfill, forecast
from spark_jobs.dense import dense_rows
from spark_jobs.features import samples_at
from spark_jobs.resolution import at_resolution
from tests.small_lakehouse import SmallLakehouse, forget_logs, utc

DATA = PROJECT.parent / "shared" / "data"
PRICE, IN_QUARTERS = "dk1.price.day_ahead", "dk1.price.in_quarters"
QUARTER = timedelta(minutes=15)
NOW = utc("2026-06-01 00:00")
Values = dict[datetime, float]

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"the shared data are not at {DATA}")


@pytest.fixture(scope="module")
def moved_hours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("moved") / "Elspotprices_moved.csv"
    assert write_moved_hours(DATA, file) == SPAN // HOUR
    return file


@pytest.fixture(scope="module")
def hours(moved_hours: Path) -> Values:
    """What the file of moved hours says."""
    rows = csv.DictReader(moved_hours.read_text().splitlines(), delimiter=";")
    return {
        parse_utc(f"{row['HourUTC']}Z"): float(row["SpotPriceEUR"].replace(",", "."))
        for row in rows
    }


@pytest.fixture(scope="module")
def quarters() -> Values:
    """What the recorded file of quarter-hours says."""
    text = gzip.decompress((DATA / QUARTERS).read_bytes()).decode()
    rows = csv.DictReader(text.splitlines())
    return {parse_utc(f"{row['TimeUTC']}Z"): float(row["DayAheadPriceEUR"]) for row in rows}


@pytest.fixture(scope="module")
def by_hour(hours: Values, quarters: Values) -> Values:
    """In plain Python: an hour is what it was, or the mean of its quarters."""
    starts = [time for time in quarters if time.minute == 0]
    return hours | {t: fmean(quarters[t + i * QUARTER] for i in range(4)) for t in starts}


@pytest.fixture(scope="module")
def by_quarter(hours: Values, quarters: Values) -> Values:
    """In plain Python: the price of an hour holds in each of its quarters."""
    return {t + i * QUARTER: value for t, value in hours.items() for i in range(4)} | quarters


@pytest.fixture(scope="module")
def prices() -> Catalogue:
    """The price of the live profile's catalogue, and the same one forecast in quarter-hours."""
    live = load_settings("live").read_catalogue()
    hourly, group = live.series[PRICE], live.groups["day_ahead_price"]
    other = {"series_id": IN_QUARTERS, "series_group": "in_quarters"}
    finer = {"group_id": "in_quarters", "resolution_minutes": 15}
    return live.model_copy(
        update={
            "series": {PRICE: hourly, IN_QUARTERS: hourly.model_copy(update=other)},
            "groups": {"day_ahead_price": group, "in_quarters": group.model_copy(update=finer)},
        }
    )


@pytest.fixture(scope="module")
def small(
    spark: SparkSession,
    prices: Catalogue,
    moved_hours: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[SmallLakehouse]:
    """Both files landed, as `gridcast backfill --file` does it, and built."""
    made = SmallLakehouse.create(spark, tmp_path_factory.mktemp("changed") / "lakehouse")
    for file, data_set in ((moved_hours, "Elspotprices"), (DATA / QUARTERS, "DayAheadPrices")):
        assert backfill.land_file(made.arrow, made.zone, prices, file, data_set, NOW, "test")
    made.build(prices)
    yield made
    forget_logs(spark)


def test_values_are_stored_as_they_came(
    small: SmallLakehouse, hours: Values, quarters: Values
) -> None:
    rows = small.arrow.rows(OBSERVATIONS, filters=[("series_id", "=", PRICE)])
    stored = {row["event_time"]: (row["resolution_minutes"], row["value"]) for row in rows}
    assert len(stored) == len(rows)
    assert stored == {time: (60, value) for time, value in hours.items()} | {
        time: (15, value) for time, value in quarters.items()
    }


def read(small: SmallLakehouse, minutes: int, kind: str) -> Values:
    known = small.tables.read(OBSERVATIONS).where(f"series_id = '{PRICE}'")
    rows = at_resolution(known.withColumn("kind", F.lit(kind)), minutes).toArrow().to_pylist()
    assert {row["resolution_minutes"] for row in rows} == {minutes}
    return {row["event_time"]: row["value"] for row in rows}


def test_at_an_hour_prices_are_averaged_from_the_seam_on(
    small: SmallLakehouse, by_hour: Values
) -> None:
    found = read(small, 60, "price")
    assert found == pytest.approx(by_hour, rel=1e-12)
    at_the_seam = (102.599998 + 92.239998 + 86.029999 + 85.389999) / 4
    assert [found[SEAM - HOUR], found[SEAM]] == pytest.approx([54.900002, at_the_seam])


def test_at_a_quarter_of_an_hour_prices_hold_until_the_seam(
    small: SmallLakehouse, by_quarter: Values
) -> None:
    found = read(small, 15, "price")
    assert found == pytest.approx(by_quarter, rel=1e-12)
    around = [found[SEAM + i * QUARTER] for i in range(-4, 2)]
    assert around == pytest.approx([54.900002] * 4 + [102.599998, 92.239998])


def test_the_same_numbers_as_energy_are_summed_and_spread(
    small: SmallLakehouse, by_hour: Values, by_quarter: Values
) -> None:
    summed = {t: value * (4 if t >= SEAM else 1) for t, value in by_hour.items()}
    spread = {t: value / (1 if t >= SEAM else 4) for t, value in by_quarter.items()}
    assert read(small, 60, "energy") == pytest.approx(summed, rel=1e-12)
    assert read(small, 15, "energy") == pytest.approx(spread, rel=1e-12)


#: 09:30 in Denmark on the last day of hours, on a day of quarters, and after a clock change.
ORIGINS = [utc(f"2025-{day}") for day in ("09-30 07:30", "10-15 07:30", "10-28 08:30")]


def test_features_and_truth_are_at_the_resolution_of_their_group(
    small: SmallLakehouse, prices: Catalogue, by_hour: Values, by_quarter: Values
) -> None:
    issued = [(group, origin) for group in prices.groups for origin in ORIGINS]
    seen = dense_rows(samples_at(small.tables, prices, issued, truth_as_of=NOW).toPandas())
    assert len(seen) == len(issued)
    for row in seen.to_dict("records"):
        hourly = row["series_group"] == "day_ahead_price"
        plain, step = (by_hour, HOUR) if hourly else (by_quarter, QUARTER)
        midnight = pd.Timestamp(row["past_start"]).tz_localize("UTC") + PAST_DAYS * DAY
        past = [midnight - k * step for k in range(PAST_DAYS * DAY // step, 0, -1)]
        ahead = [midnight + k * step for k in range(DAY // step)]
        np.testing.assert_allclose(row["past_value"], [plain[t] for t in past], rtol=1e-12)
        np.testing.assert_allclose(row["target"], [plain[t] for t in ahead], rtol=1e-12)


def test_forecasts_are_at_the_resolution_of_their_group(
    small: SmallLakehouse, prices: Catalogue, settings: Settings
) -> None:
    here = settings.model_copy(update={"lakehouse": small.folder})
    written, problems = forecast.run(
        small.tables, small.arrow, prices, here, ORIGINS[1], "live", "run", produced_at=ORIGINS[1]
    )
    intervals = 24 + 96
    counts = {FEATURES.name: intervals, CALIBRATION.name: 2, FORECASTS.name: intervals}
    assert (written, problems) == (counts, [])
    midnight = utc("2025-10-15 22:00")
    for series, step in ((PRICE, HOUR), (IN_QUARTERS, QUARTER)):
        times = [row["valid_time"] for row in small.rows(FORECASTS) if row["series_id"] == series]
        assert times == [midnight + k * step for k in range(DAY // step)]
