"""What monitoring writes of a household's days: once, anew for late truth, and with every state
named."""

import shutil
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession

from lakehouse.catalogue import Catalogue, SeriesGroup
from lakehouse.tables.gold import FEATURES
from lakehouse.tables.silver import OBSERVATIONS
from lakehouse.tables.watched import DRIFT, PROFILE_FEATURES, PROFILES, QUALITY
from lakehouse.time import DAY, HOUR
from spark_jobs import monitor
from spark_jobs.profiled import Work, days_of, profiled
from spark_jobs.to_profile import ToProfile
from spark_jobs.whylogs_pages import write_pages
from tests.small_lakehouse import SmallLakehouse, utc

GROUP, SERIES = "consumption_household", "dk1.consumption.household.851"
ORIGIN = utc("2024-10-18 07:30")
#: Consumption becomes known nine days after its hour: this is the last whole local day.
NEWEST = date(2024, 10, 8)
DELAY = timedelta(days=9, hours=1)


@pytest.fixture(scope="module")
def household(catalogue: Catalogue) -> Catalogue:
    """The sample's catalogue with the households alone."""
    series = catalogue.series[SERIES].model_copy(update={"location_id": None})
    groups = {GROUP: catalogue.groups[GROUP]}
    return catalogue.model_copy(update={"series": {SERIES: series}, "groups": groups})


def told(small: SmallLakehouse, first: str, hours: int, known_at: datetime | None = None,
         factor: float = 1.0) -> None:  # fmt: skip
    """Hours of a regular consumption become known: nine days later, or at a moment."""
    rng = np.random.default_rng(int(utc(first).timestamp()))
    rows = []
    for hour in range(hours):
        at = utc(first) + hour * HOUR
        value = 30 + 10 * np.sin((at.hour - 10) / 24 * 2 * np.pi) + rng.normal()
        known = known_at or at + DELAY
        rows.append(
            OBSERVATIONS.row(
                series_id=SERIES,
                event_time=at,
                available_at=known,
                recorded_at=known,
                resolution_minutes=60,
                value=float(value * factor),
            )
        )
    small.arrow.append(OBSERVATIONS, rows)


def issued(small: SmallLakehouse, origin: datetime = ORIGIN - DAY) -> None:
    """A forecast was issued: from two weeks before the first on days are judged."""
    row = FEATURES.row(series_id=SERIES, series_group=GROUP, forecast_origin=origin,
                       valid_time=origin + DAY)  # fmt: skip
    small.arrow.append(FEATURES, [row])


def run(small: SmallLakehouse, catalogue: Catalogue, as_of: datetime) -> dict[str, int]:
    return monitor.run(small.tables, small.arrow, catalogue, as_of, "test")


def newest(small: SmallLakehouse, table: Any, day: date, feature: str = "value") -> dict[str, Any]:
    """What a table says of a feature on a day, by its newest revision."""
    rows = [r for r in small.rows(table) if r["day"] == day and r["feature"] == feature]
    return max(rows, key=lambda row: row["as_of"])


@pytest.fixture(scope="module")
def lived(
    spark: SparkSession, household: Catalogue, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """August 2023 until what is known at the origin, monitored once."""
    small = SmallLakehouse.create(spark, tmp_path_factory.mktemp("lived") / "lakehouse")
    told(small, "2023-07-31 22:00", 24 * 435)
    issued(small)
    run(small, household, ORIGIN)
    return small.folder


@pytest.fixture
def two_years(lived: Path, spark: SparkSession, tmp_path: Path) -> SmallLakehouse:
    """A copy of it, to go on in."""
    return SmallLakehouse.create(spark, shutil.copytree(lived, tmp_path / "lakehouse"))


def test_a_day_is_profiled_and_judged_against_its_season(two_years: SmallLakehouse) -> None:
    judged = newest(two_years, DRIFT, NEWEST, "value_residual")
    assert (judged["verdict"], judged["reason"]) == ("stable", "same")
    assert judged["reference"] == "7 weeks of past years, 4 just before"
    assert newest(two_years, QUALITY, NEWEST)["verdict"] == "ok"
    readable = {r["feature"]: r for r in two_years.rows(PROFILE_FEATURES) if r["day"] == NEWEST}
    assert readable["value"]["count"] == 24
    assert readable["value"]["q50"] == pytest.approx(30, abs=3)
    assert readable["value_residual"]["q50"] == pytest.approx(0, abs=1)
    days = {row["day"] for row in two_years.rows(DRIFT)}
    assert (min(days), max(days)) == (date(2024, 10, 3), NEWEST)


def test_nothing_new_writes_nothing_and_late_truth_a_revision(
    two_years: SmallLakehouse, household: Catalogue
) -> None:
    assert run(two_years, household, ORIGIN) == {}
    later = ORIGIN + HOUR
    told(two_years, "2024-10-05 22:00", 24, known_at=later, factor=1000)
    assert run(two_years, household, later)[PROFILES.name] == 1
    assert run(two_years, household, later) == {}
    quality = newest(two_years, QUALITY, date(2024, 10, 6))
    assert (quality["verdict"], quality["faults"]) == ("fault", ["unit"])
    again = later + HOUR
    told(two_years, "2024-10-05 22:00", 24, known_at=again)
    run(two_years, household, again)
    assert newest(two_years, QUALITY, date(2024, 10, 6))["verdict"] == "ok"


def test_a_day_that_is_overdue_is_told_and_one_that_is_usual_is_awaited(
    two_years: SmallLakehouse, household: Catalogue
) -> None:
    assert run(two_years, household, ORIGIN + 6 * HOUR) == {}
    run(two_years, household, ORIGIN + 3 * DAY)
    overdue = newest(two_years, QUALITY, NEWEST + DAY)
    assert "stale" in overdue["faults"]
    assert overdue["stale_hours"] > 24


def test_days_without_values_are_named_and_the_flow_goes_on(
    two_years: SmallLakehouse, household: Catalogue
) -> None:
    run(two_years, household, ORIGIN + 12 * DAY)
    last = NEWEST + 11 * DAY
    assert newest(two_years, DRIFT, last)["reason"] == "no_values"
    assert newest(two_years, DRIFT, last)["verdict"] == "not_judged"
    assert newest(two_years, QUALITY, last)["faults"] == ["stale", "missing"]


def test_an_unreadable_profile_is_named_and_the_flow_goes_on(
    two_years: SmallLakehouse, household: Catalogue
) -> None:
    broken = {"data_set": "observations", "series_group": GROUP, "day": NEWEST, "revision": "y"}
    about = {"profile": b"no profile", "as_of": ORIGIN + HOUR}
    two_years.arrow.append(PROFILES, [PROFILES.row(**broken, **about)])
    told(two_years, "2024-10-09 22:00", 24, known_at=ORIGIN + HOUR)
    run(two_years, household, ORIGIN + DAY)
    judged = newest(two_years, DRIFT, NEWEST + 2 * DAY)
    assert (judged["verdict"], judged["reason"]) == ("not_judged", "unreadable_profile")


def test_a_group_without_a_past_year_has_no_reference(
    small: SmallLakehouse, household: Catalogue
) -> None:
    told(small, "2024-08-31 22:00", 24 * 39)
    issued(small)
    run(small, household, ORIGIN)
    assert newest(small, DRIFT, NEWEST)["verdict"] == "no_reference"
    assert newest(small, DRIFT, NEWEST)["reason"] == "no_past_year"


def test_workers_profile_a_history_to_the_byte_as_one_process_does(
    small: SmallLakehouse, household: Catalogue
) -> None:
    told(small, "2024-06-30 22:00", 24 * 80)
    issued(small, utc("2024-07-14 07:30"))
    works = ToProfile(small.arrow, household, utc("2024-10-01 07:30")).new_days()
    spread = profiled(small.tables, works)
    assert len(spread) > 60
    assert sorted(spread) == sorted(day for work in works for day in days_of(work))


def test_no_later_value_changes_what_a_day_saw(
    two_years: SmallLakehouse, household: Catalogue
) -> None:
    """All that became known after a day did is another; its profile is not."""

    def profile_of(day: date) -> bytes:
        to_profile = ToProfile(two_years.arrow, household, ORIGIN + 30 * DAY)
        to_profile._known = {}
        (found,) = (one for work in to_profile.new_days() for one in days_of(work)
                    if one.day == day)  # fmt: skip
        return found.profile

    before = profile_of(NEWEST)
    told(two_years, "2024-10-08 22:00", 240, known_at=ORIGIN + 20 * DAY, factor=3)
    told(two_years, "2024-08-20 22:00", 24 * 20, known_at=ORIGIN + 20 * DAY, factor=3)
    assert profile_of(NEWEST) == before


def test_hourly_weather_is_profiled_where_local_days_begin_amid_an_hour() -> None:
    hours = pd.date_range("2024-07-01", "2024-09-10", freq="h", tz="UTC")
    weather = pd.DataFrame(
        {
            "owner": "delhi",
            "feature": "temperature_2m",
            "event_time": hours,
            "available_at": hours + DELAY,
            "recorded_at": hours + DELAY,
            "resolution_minutes": 60,
            "value": 25 + np.arange(len(hours)) % 24 / 3,
        }
    )
    group = SeriesGroup(group_id="g", kind="energy", origin=time(9, 30), timezone="Asia/Kolkata",
                        resolution_minutes=30)  # fmt: skip
    day = date(2024, 9, 5)
    (found,) = days_of(Work("weather", group, (day,), weather, ORIGIN, judged=frozenset({day})))
    assert found.rows == 48
    assert [row["verdict"] for row in found.quality] == ["ok"]


def test_whylogs_own_pages_are_written_where_there_is_a_reference(
    two_years: SmallLakehouse, tmp_path: Path
) -> None:
    files, problems = write_pages(two_years.arrow, tmp_path / "pages")
    assert [file.name for file in files] == [f"observations-{GROUP}-{NEWEST}.html"]
    assert "value_residual" in files[0].read_text()
    assert problems == []
