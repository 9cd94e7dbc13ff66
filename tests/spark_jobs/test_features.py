"""What a model sees: the newest vintage that its origin had, whole local days, gaps as gaps."""

from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lakehouse.catalogue import WEATHER_VARIABLES, Catalogue
from lakehouse.tables.silver import (
    OBSERVATIONS,
    WEATHER_FORECASTS,
    WEATHER_OBSERVATIONS,
)
from lakehouse.time import HOUR, intervals_of
from models.holidays import is_holiday
from models.samples import PAST_HOURS, from_rows
from spark_jobs.dense import dense_rows
from spark_jobs.features import feature_rows, samples_at
from spark_jobs.origins import origins_between
from tests.small_lakehouse import SmallLakehouse, utc
from tests.spark_jobs.world import (
    LOAD,
    PRICE,
    settle,
    town_catalogue,
)

ORIGIN = utc("2024-10-25 07:30")
EARLIER = utc("2024-10-24 07:30")


def value(
    series_id: str, event_time: str, available_at: str, number: float, minutes: int = 60
) -> dict[str, Any]:
    return OBSERVATIONS.row(
        series_id=series_id,
        event_time=utc(event_time),
        available_at=utc(available_at),
        value=number,
        resolution_minutes=minutes,
    )


def look(
    small: SmallLakehouse, town: Catalogue, *issued: tuple[str, datetime], **how: Any
) -> dict[tuple[str, datetime], dict[str, Any]]:
    """Dense samples by series and origin."""
    rows = dense_rows(samples_at(small.tables, town, list(issued), **how).toPandas())
    from_rows(rows)
    return {
        (row["series_id"], row["forecast_origin"].tz_localize("UTC").to_pydatetime()): row
        for row in rows.to_dict("records")
    }


def past(row: dict[str, Any], event_time: str) -> float:
    """The past value of an hour."""
    start = row["past_start"].tz_localize("UTC")
    return float(row["past_value"][round((utc(event_time) - start) / HOUR)])


def test_a_superseded_value_counts_until_the_correction_is_known(small: SmallLakehouse) -> None:
    town = town_catalogue()
    values = [
        value(PRICE, "2024-10-20 00:00", "2024-10-19 10:45", 1.0),
        value(PRICE, "2024-10-20 00:00", "2024-10-24 12:00", 2.0),
        value(PRICE, "2024-10-20 00:00", "2024-10-25 07:31", 3.0),
        value(PRICE, "2024-10-20 01:00", "2024-10-25 07:30", 4.0),
        value(PRICE, "2024-10-20 02:00", "2024-10-25 07:31", 5.0),
        # Tomorrow's price, published the day before yesterday: after the origin, but known.
        value(PRICE, "2024-10-25 20:00", "2024-10-24 10:45", 6.0),
        value(PRICE, "2024-10-25 22:00", "2024-10-24 10:45", 7.0),
    ]
    settle(small, town, {OBSERVATIONS: values})
    seen = look(small, town, ("price", EARLIER), ("price", ORIGIN), truth_as_of=ORIGIN)
    before, after = seen[PRICE, EARLIER], seen[PRICE, ORIGIN]
    assert (past(before, "2024-10-20 00:00"), past(after, "2024-10-20 00:00")) == (1.0, 2.0)
    assert np.isnan(past(before, "2024-10-20 01:00"))
    assert past(after, "2024-10-20 01:00") == 4.0
    assert np.isnan(past(after, "2024-10-20 02:00"))
    assert past(after, "2024-10-25 20:00") == 6.0
    assert after["history_end"] == pd.Timestamp("2024-10-25 20:00")
    assert np.isfinite(after["past_value"]).sum() == 3
    # Truth is known at its own moment: the 22:00 of the target's first hour was.
    assert after["target"][0] == 7.0
    assert np.isnan(after["target"][1:]).all()


def test_at_the_moment_of_a_correction_an_interval_has_one_value(small: SmallLakehouse) -> None:
    town = town_catalogue()
    values = [
        value(PRICE, "2024-10-20 00:00", "2024-10-19 10:45", 1.0),
        value(PRICE, "2024-10-20 00:00", "2024-10-25 07:30", 2.0),
    ]
    settle(small, town, {OBSERVATIONS: values})
    [row] = samples_at(small.tables, town, [("price", ORIGIN)]).collect()
    assert row["past_value"] == [2.0]


@pytest.mark.parametrize(
    ("truth_as_of", "expected"),
    [("2024-11-05 00:00", 1.0), ("2024-11-06 00:00", 2.0), ("2024-11-04 00:00", np.nan)],
)
def test_truth_is_what_was_known_at_its_own_moment(
    small: SmallLakehouse, truth_as_of: str, expected: float
) -> None:
    town = town_catalogue()
    vintages = [
        value(LOAD, "2024-10-26 05:00", "2024-11-05 00:00", 1.0),
        value(LOAD, "2024-10-26 05:00", "2024-11-06 00:00", 2.0),
    ]
    settle(small, town, {OBSERVATIONS: vintages})
    row = look(small, town, ("load", ORIGIN), truth_as_of=utc(truth_as_of))[LOAD, ORIGIN]
    target = dict(zip(row["target_time"], row["target"], strict=True))
    found = {pd.Timestamp(hour).tz_localize(None): number for hour, number in target.items()}
    assert found[pd.Timestamp("2024-10-26 05:00")] == pytest.approx(expected, nan_ok=True)


def test_quarters_are_averaged_for_prices_and_summed_for_energy_when_all_are_known(
    small: SmallLakehouse,
) -> None:
    town = town_catalogue(minutes=15)
    quarters = [
        value(
            series, f"2024-10-10 {hour:02d}:{minute:02d}", "2024-10-20 00:00", minute / 15 + 1, 15
        )
        for series in (LOAD, PRICE)
        for hour in (3, 4)
        for minute in (0, 15, 30, 45)
        if (hour, minute) != (4, 30)
    ]
    settle(small, town, {OBSERVATIONS: quarters})
    seen = look(small, town, ("load", ORIGIN), ("price", ORIGIN))
    assert past(seen[LOAD, ORIGIN], "2024-10-10 03:00") == 10.0
    assert past(seen[PRICE, ORIGIN], "2024-10-10 03:00") == 2.5
    assert all(np.isnan(past(row, "2024-10-10 04:00")) for row in seen.values())


def test_the_newest_weather_run_that_the_origin_had_is_taken(small: SmallLakehouse) -> None:
    town = town_catalogue()

    def run(issue: str, available: str, number: float, variable: str) -> list[dict[str, Any]]:
        return [
            WEATHER_FORECASTS.row(
                location_id="town", weather_model="w", variable=variable, issue_time=utc(issue),
                available_at=utc(available), valid_time=hour, value=number,
            )
            for hour in intervals_of(date(2024, 10, 26), town.groups["load"].zone, 60)
        ]  # fmt: skip

    rows = [
        *run("2024-10-24 00:00", "2024-10-24 06:00", 1.0, "temperature_2m"),
        *run("2024-10-25 00:00", "2024-10-25 06:00", 2.0, "temperature_2m"),
        *run("2024-10-25 06:00", "2024-10-25 12:00", 3.0, "temperature_2m"),
        *run("2024-10-24 00:00", "2024-10-24 06:00", 4.0, "cloud_cover"),
        *run("2024-10-25 06:00", "2024-10-25 07:31", 5.0, "precipitation"),
    ]
    settle(small, town, {WEATHER_FORECASTS: rows[::-1]})
    row = look(small, town, ("load", ORIGIN))[LOAD, ORIGIN]
    assert set(row["temperature_2m"]) == {2.0}
    assert set(row["cloud_cover"]) == {4.0}
    assert np.isnan(row["precipitation"]).all()
    assert len(row["wind_speed_10m"]) == 24


@pytest.mark.parametrize(
    ("origin", "count"),
    [("2024-03-30 08:30", 23), ("2024-10-25 07:30", 24), ("2024-10-26 07:30", 25)],
)
def test_local_days_have_23_24_or_25_target_hours(
    small: SmallLakehouse, origin: str, count: int
) -> None:
    town = town_catalogue()
    moment = utc(origin)
    seen = samples_at(small.tables, town, [("price", moment)], truth_as_of=moment)
    [row] = dense_rows(seen.toPandas()).to_dict("records")
    assert len(row["target_time"]) == len(row["local_hour"]) == len(row["target"]) == count
    assert all(len(row[name]) == count for name in WEATHER_VARIABLES)
    assert len(row["past_value"]) == PAST_HOURS
    assert sorted(row["local_hour"]) == list(row["local_hour"])
    rows = [found.asDict() for found in feature_rows(seen).collect()]
    assert len(rows) == len({found["valid_time"] for found in rows}) == count
    first = min(rows, key=lambda found: found["valid_time"])
    assert first["local_hour"] == 0
    assert 12 < first["horizon_hours"] < 16


def test_past_weather_is_what_was_known_of_it(small: SmallLakehouse) -> None:
    town = town_catalogue()
    rows = [
        WEATHER_OBSERVATIONS.row(
            location_id="town", variable=variable, event_time=utc("2024-10-18 03:00"),
            available_at=utc(available), value=number,
        )
        for variable, available, number in (
            ("temperature_2m", "2024-10-23 04:00", 1.0),
            ("temperature_2m", "2024-10-24 04:00", 2.0),
            ("temperature_2m", "2024-10-26 04:00", 3.0),
            ("cloud_cover", "2024-10-23 04:00", 4.0),
            ("precipitation", "2024-10-25 07:31", 5.0),
        )
    ]  # fmt: skip
    settle(small, town, {WEATHER_OBSERVATIONS: rows})
    row = look(small, town, ("load", ORIGIN))[LOAD, ORIGIN]
    known = {name: row[f"past_{name}"] for name in WEATHER_VARIABLES}
    place = round((utc("2024-10-18 03:00") - row["past_start"].tz_localize("UTC")) / HOUR)
    assert (known["temperature_2m"][place], known["cloud_cover"][place]) == (2.0, 4.0)
    assert {name: int(np.isfinite(grid).sum()) for name, grid in known.items()} == {
        "temperature_2m": 1,
        "cloud_cover": 1,
        "precipitation": 0,
        "wind_speed_10m": 0,
    }


def test_a_longer_interval_reaches_into_the_grid(small: SmallLakehouse) -> None:
    """Six hours, of which the first two lie before the first past local day."""
    town = town_catalogue()
    start = look(small, town, ("load", ORIGIN))[LOAD, ORIGIN]["past_start"].tz_localize("UTC")
    six = value(LOAD, f"{start - 2 * HOUR:%Y-%m-%d %H:%M}", "2024-10-01 00:00", 12.0, 360)
    settle(small, town, {OBSERVATIONS: [six]})
    grid = look(small, town, ("load", ORIGIN))[LOAD, ORIGIN]["past_value"]
    assert grid[:4].tolist() == [2.0] * 4
    assert np.isnan(grid[4:]).all()


def test_origins_lie_a_day_before_their_targets_and_none_in_the_future() -> None:
    group = town_catalogue().groups["load"]
    origins = origins_between(
        group, date(2024, 10, 26), date(2024, 10, 29), utc("2024-10-27 08:30")
    )
    assert origins == [
        utc("2024-10-25 07:30"),
        utc("2024-10-26 07:30"),
        utc("2024-10-27 08:30"),
    ]
    assert origins_between(group, date(2024, 10, 26), date(2024, 10, 25), ORIGIN) == []


def test_holidays_are_those_of_the_series_country() -> None:
    assert is_holiday(date(2024, 12, 25), "Europe/Copenhagen")
    assert is_holiday(date(2024, 5, 6), "Europe/London")
    assert is_holiday(date(2024, 8, 26), "Europe/London")  # England's, not Scotland's
    assert not is_holiday(date(2024, 5, 6), "Europe/Copenhagen")
    assert not is_holiday(date(2024, 12, 25), "Asia/Tokyo")
