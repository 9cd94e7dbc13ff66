"""What people ask of forecasts: against the truth, what changed, what they were made from."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from lakehouse.spark.tables import SparkTables
from lakehouse.tables import TABLES, VIEWS, View
from lakehouse.tables.gold import FORECAST_ERRORS, FORECASTS, TRAINING_RUNS
from lakehouse.tables.silver import OBSERVATIONS, SERIES, WEATHER_FORECASTS, WEATHER_OBSERVATIONS
from lakehouse.time import DAY, HOUR
from tests.small_lakehouse import SmallLakehouse, utc

ORIGIN = utc("2024-10-24 07:30")
#: Local midnight in Copenhagen.
START = utc("2024-10-24 22:00")


@pytest.fixture
def small(named: SmallLakehouse) -> Iterator[SmallLakehouse]:
    """The named tables, with one hourly series in Copenhagen; emptied after the test."""
    about = {"timezone": "Europe/Copenhagen", "resolution_minutes": 60, "location_id": "x"}
    named.append(SERIES, [SERIES.row(series_id="a", kind="energy", **about)])
    yield named
    for table in TABLES:
        named.arrow.mirror(table, [])


def answer(tables: SparkTables, query: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = tables.spark.sql(query).toArrow().to_pylist()
    return rows


def forecast(hour: float, q50: float, origin: datetime = ORIGIN, **more: Any) -> dict[str, Any]:
    """A live champion's forecast of the hour so many after START."""
    band = {"q10": q50 - 1.0, "q50": q50, "q90": q50 + 1.0}
    issued = {"run_kind": "live", "forecast_source": "champion", "model_name": "lstm"}
    shape = {"series_id": "a", "forecast_origin": origin, "valid_time": START + hour * HOUR}
    return FORECASTS.row(**shape | issued | band | more)


def value(hour: float, number: float, known: datetime = START, **more: Any) -> dict[str, Any]:
    """An observed value of the interval so many hours after START."""
    shape = {"series_id": "a", "event_time": START + hour * HOUR, "resolution_minutes": 60}
    return OBSERVATIONS.row(value=number, available_at=known, recorded_at=known, **shape | more)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_has_the_columns_that_it_declares_with_their_comments(
    small: SmallLakehouse, view: View
) -> None:
    told = answer(small.tables, f"DESCRIBE {view.name}")
    assert [(row["col_name"], row["data_type"], row["comment"]) for row in told] == [
        (column.name, column.type, column.comment) for column in view.columns
    ]


def test_a_forecast_meets_the_newest_truth_of_its_whole_interval(small: SmallLakehouse) -> None:
    """Hour 0 is corrected, 1 comes in quarters, 2 lacks a quarter, 3 is half of two hours."""
    small.append(FORECASTS, [forecast(hour, 10.0) for hour in range(5)])
    quarters = [value(1 + i / 4, 3.0, resolution_minutes=15) for i in range(4)]
    quarters += [value(2 + i / 4, 3.0, resolution_minutes=15) for i in range(3)]
    small.append(OBSERVATIONS, [value(0, 5.0), value(0, 9.5, START + DAY), *quarters])
    small.append(OBSERVATIONS, [value(4, 7.0, resolution_minutes=120)])
    rows = answer(
        small.tables,
        "SELECT valid_time, truth, error, in_80, local_day FROM gold.forecast_against_truth "
        "ORDER BY valid_time",
    )
    told = [((r["valid_time"] - START) / HOUR, r["truth"], r["error"], r["in_80"]) for r in rows]
    assert told == [(0.0, 9.5, 0.5, True), (1.0, 12.0, -2.0, False), (4.0, 3.5, 6.5, False)]
    assert {str(row["local_day"]) for row in rows} == {"2024-10-25"}


def test_tomorrow_is_compared_with_the_day_before_by_the_local_clock(small: SmallLakehouse) -> None:
    """The night of the 27th has 02:00 twice: the second one has no namesake the day before."""
    night = utc("2024-10-26 22:00")
    rows = [forecast((night - START) / HOUR + i, 20.0 + i, ORIGIN + 2 * DAY) for i in range(5)]
    rows += [forecast((night - START) / HOUR - 24 + i, 10.0, ORIGIN + DAY) for i in range(5)]
    small.append(FORECASTS, rows)
    found = answer(small.tables, "SELECT * FROM gold.forecast_changes ORDER BY valid_time")
    assert [(row["local_time"], row["change"]) for row in found] == [
        ("00:00", 10.0), ("01:00", 11.0), ("02:00", 12.0), ("02:00", None), ("03:00", 14.0),
    ]  # fmt: skip
    assert {str(row["local_day"]) for row in found} == {"2024-10-27"}
    assert {row["revision"] for row in found} == {None}


def test_a_revision_is_told_where_an_earlier_origin_said_something_of_the_hour(
    small: SmallLakehouse,
) -> None:
    earlier = ORIGIN - DAY
    rows = [
        forecast(0, 10.0),
        forecast(0, 7.0, earlier),
        forecast(0, 1.0, earlier - DAY),
        forecast(0, 99.0, earlier, forecast_source="challenger", model_name="linear"),
        forecast(0, 98.0, earlier + HOUR, run_kind="replay"),
        forecast(1, 11.0),
    ]
    small.append(FORECASTS, rows)
    first, second = answer(small.tables, "SELECT * FROM gold.forecast_changes ORDER BY valid_time")
    assert (first["earlier_q50"], first["revision"]) == (7.0, 3.0)
    assert first["earlier_origin"] == earlier
    assert (second["earlier_q50"], second["revision"]) == (None, None)


def test_the_month_is_that_of_the_newest_scored_day_of_each_series(small: SmallLakehouse) -> None:
    def scored(day: datetime, error: float, model: str = "lstm") -> dict[str, Any]:
        shape = {"series_id": "a", "run_kind": "live", "model_name": model}
        return FORECAST_ERRORS.row(target_day=day.date(), n=24, sum_abs=24 * error, **shape)

    days = [utc("2024-09-30 00:00"), utc("2024-10-01 00:00"), utc("2024-10-02 00:00")]
    errors = [scored(day, 9.0 - 4 * place) for place, day in enumerate(days)]
    small.append(FORECAST_ERRORS, errors + [scored(day, 6.0, "seasonal_naive") for day in days])
    rows = answer(small.tables, "SELECT * FROM gold.accuracy_this_month ORDER BY model_name")
    assert [(row["model_name"], row["days"], row["mae"], row["skill"]) for row in rows] == [
        ("lstm", 2, 3.0, 0.5), ("seasonal_naive", 2, 6.0, 0.0),
    ]  # fmt: skip
    assert {str(row["month"]) for row in rows} == {"2024-10-01"}


def test_a_forecast_tells_its_training_its_weather_run_and_its_bodies(
    small: SmallLakehouse,
) -> None:
    """Only what was known at the origin, and nothing of before the days looked back on."""
    small.append(FORECASTS, [forecast(0, 1.0, model_version="v1", series_group="g")])
    training = {"series_group": "g", "model_name": "lstm", "as_of": ORIGIN - DAY}
    small.append(TRAINING_RUNS, [TRAINING_RUNS.row(model_version="v1", **training)])
    small.append(
        OBSERVATIONS,
        [
            value(-20, 1.0, ORIGIN - HOUR, landing_id="used"),
            value(-20, 2.0, ORIGIN + HOUR, landing_id="later"),
            value(-21, 1.0, ORIGIN - 2 * HOUR, landing_id="replaced"),
            value(-21, 2.0, ORIGIN - HOUR, landing_id="used"),
            value(-24 * 42, 1.0, ORIGIN - DAY, landing_id="first"),
            value(-24 * 42 - 1, 1.0, ORIGIN - DAY, landing_id="too early"),
        ],
    )
    place = {"location_id": "x", "variable": "temperature_2m"}
    small.append(
        WEATHER_FORECASTS,
        [
            WEATHER_FORECASTS.row(
                valid_time=START, issue_time=ORIGIN - issued * HOUR,
                available_at=ORIGIN - public * HOUR, landing_id=body, **place,
            )
            for issued, public, body in ((13, 7, "old run"), (7, 1, "run"), (1, -5, "next run"))
        ],
    )  # fmt: skip
    small.append(
        WEATHER_OBSERVATIONS,
        [
            WEATHER_OBSERVATIONS.row(
                event_time=ORIGIN - 9 * DAY, available_at=ORIGIN - DAY, landing_id="seen", **place
            )
        ],
    )
    [row] = answer(small.tables, "SELECT * FROM gold.forecast_lineage")
    assert row["trained_as_of"] == ORIGIN - DAY
    assert (row["n_observations"], row["observation_landings"]) == (3, ["first", "used"])
    assert (row["weather_landings"], row["past_weather_landings"]) == (["run"], ["seen"])
    assert row["weather_issue_time"] == ORIGIN - 7 * HOUR
    assert row["weather_available_at"] == ORIGIN - timedelta(hours=1)
