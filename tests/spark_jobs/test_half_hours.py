"""A group of half-hours: its local days, its weather, what it knows in advance."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from lakehouse.catalogue import WEATHER_VARIABLES, Catalogue
from lakehouse.spark.tables import SparkTables
from lakehouse.tables import Table
from lakehouse.tables.silver import COVARIATES, WEATHER_FORECASTS
from lakehouse.time import HOUR, day_start, target_day
from models.samples import from_rows
from spark_jobs.dense import dense_rows
from spark_jobs.features import feature_rows, samples_at
from tests.small_lakehouse import SmallLakehouse, utc
from tests.spark_jobs.world import PRICE, TARIFF, settle, town_catalogue, town_rows, with_home

LONDON = ZoneInfo("Europe/London")
ORIGIN = utc("2024-10-25 07:30")


@pytest.mark.parametrize(
    ("origin", "count"),
    [("2024-03-30 09:30", 46), ("2024-10-25 08:30", 48), ("2024-10-26 08:30", 50)],
)
def test_half_hours_of_a_group_without_a_place_and_with_covariates(
    small: SmallLakehouse, origin: str, count: int
) -> None:
    town = with_home(town_catalogue())
    moment = utc(origin)
    midnight = day_start(target_day(moment, LONDON), LONDON)
    wind = [
        COVARIATES.row(
            series_id=TARIFF, name=name, event_time=midnight + k * HOUR, resolution_minutes=60,
            available_at=known_at, value=float(k) + offset + (900.0 if known_at > moment else 0.0),
        )
        for k in range(-3, 12)
        for name, offset in (("wind", 0.0), ("unused", 500.0))
        for known_at in (moment, moment + HOUR)
        if known_at == moment or (k, name) == (2, "wind")
    ]  # fmt: skip
    # Three hours of the target day are given as quarters, the last of them with a gap.
    noon = midnight + 12 * HOUR
    wind += [
        COVARIATES.row(
            series_id=TARIFF, name="wind", event_time=noon + timedelta(minutes=15 * k),
            resolution_minutes=15, available_at=moment, value=float(k),
        )
        for k in range(11)
    ]  # fmt: skip
    settle(small, town, {COVARIATES: wind})
    seen = samples_at(small.tables, town, [("home", moment)], truth_as_of=moment)
    [row] = dense_rows(seen.toPandas()).to_dict("records")
    from_rows(pd.DataFrame([row]))
    assert len(row["target_time"]) == len(row["target"]) == len(row["target_covariates"]) == count
    assert [float(hour).is_integer() for hour in row["local_hour"]] == [True, False] * (count // 2)
    assert all(np.isnan(row[name]).all() for name in WEATHER_VARIABLES)
    ahead = [float(k // 2) for k in range(24)] + [2.0 * k + 0.5 for k in range(5)]
    np.testing.assert_array_equal(row["target_covariates"][:29], ahead)
    assert np.isnan(row["target_covariates"][29:]).all()
    np.testing.assert_array_equal(row["past_covariates"][-6:], [-3.0, -3.0, -2.0, -2.0, -1.0, -1.0])
    assert np.isnan(row["past_covariates"][:-6]).all()
    found = sorted(feature_rows(seen).collect(), key=lambda one: one["valid_time"])
    assert [one["local_hour"] for one in found] == row["local_hour"].tolist()
    assert [dict(one["covariates"]) for one in found[:29]] == [{"wind": value} for value in ahead]
    assert all(dict(one["covariates"]) == {} for one in found[29:])
    assert all(one["temperature_2m"] is None for one in found)


def test_half_hours_have_the_weather_of_their_hour(small: SmallLakehouse) -> None:
    """Beside a group of hours at the same place, with the same origin and the same days."""
    town = town_catalogue()
    raw = with_home(town).model_dump()
    raw["series"][TARIFF] |= {"location_id": "town"}
    raw["groups"]["home"] |= {"timezone": "Europe/Copenhagen", "origin": "09:30"}
    settle(small, town, {WEATHER_FORECASTS: town_rows(town)[WEATHER_FORECASTS]})
    issued = [("home", ORIGIN), ("price", ORIGIN)]
    seen = dense_rows(
        samples_at(small.tables, Catalogue.model_validate(raw), issued).toPandas()
    ).set_index("series_id")
    halves, hours = seen.loc[TARIFF], seen.loc[PRICE]
    assert (len(halves["target_time"]), len(hours["target_time"])) == (48, 24)
    for name in WEATHER_VARIABLES:
        assert np.isfinite(hours[name]).all()
        np.testing.assert_array_equal(halves[name], np.repeat(hours[name], 2))


def test_covariates_are_read_only_where_a_group_has_some(
    small: SmallLakehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = with_home(town_catalogue())
    read = SparkTables.read
    asked = []

    def told(tables: SparkTables, table: Table) -> Any:
        asked.append(table)
        return read(tables, table)

    monkeypatch.setattr(SparkTables, "read", told)
    samples_at(small.tables, town, [("load", ORIGIN), ("price", ORIGIN)])
    assert COVARIATES not in asked
    samples_at(small.tables, town, [("load", ORIGIN), ("home", ORIGIN)])
    assert COVARIATES in asked
