"""Rule 1 of the design: what became known after the origin changes no feature and no forecast.

One world lives twice, with another future in the second: other values, corrections (some of them
back to what was there before), gaps that were backfilled, finer intervals, newer weather runs.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue
from lakehouse.settings import Settings
from lakehouse.tables.gold import FEATURES, FORECASTS, PROMOTIONS, TRAINING_RUNS
from lakehouse.tables.silver import COVARIATES, OBSERVATIONS
from models import linear, lstm
from models.blend import Blend
from models.lstm import LstmConfig
from models.samples import from_rows
from models.trained import BLEND, LINEAR, LSTM, Fitted, Trained
from spark_jobs import features, forecast, known_at
from spark_jobs.champions import Model
from spark_jobs.dense import dense_rows
from spark_jobs.features import samples_at, training_set
from tests.small_lakehouse import SmallLakehouse, utc
from tests.spark_jobs.world import (
    CHANGE,
    LOAD,
    PRICE,
    TARIFF,
    settle,
    town_catalogue,
    town_rows,
    with_another_future,
    with_home,
)

HOURLY = ("load", "price")
ORIGIN = utc("2024-10-25 07:30")  # 09:30 in Copenhagen, two days before the clocks change
SECOND_LATER = ORIGIN + timedelta(seconds=1)
TINY = LstmConfig(members=1, width=4, epochs=1)
VERSION = "tiny"


@pytest.fixture(scope="module")
def town() -> Catalogue:
    return with_home(town_catalogue())


@pytest.fixture(scope="module")
def worlds(
    spark: SparkSession, town: Catalogue, tmp_path_factory: pytest.TempPathFactory
) -> tuple[SmallLakehouse, SmallLakehouse]:
    """The same world twice, with another future after ORIGIN in the second."""
    rows = town_rows(town)
    folder = tmp_path_factory.mktemp("worlds")
    one, two = (SmallLakehouse.create(spark, folder / name) for name in ("one", "two"))
    settle(one, town, rows)
    settle(two, town, with_another_future(rows, ORIGIN))
    return one, two


def seen(
    small: SmallLakehouse,
    town: Catalogue,
    *groups: str,
    truth_as_of: datetime | None = None,
) -> pd.DataFrame:
    return whole(samples_at(small.tables, town, [(group, ORIGIN) for group in groups], truth_as_of))


def whole(samples: DataFrame) -> pd.DataFrame:
    return dense_rows(samples.toPandas())


def same(one: pd.DataFrame, two: pd.DataFrame) -> bool:
    """Bit-equal, gaps included."""
    try:
        pd.testing.assert_frame_equal(one, two, check_exact=True)
    except AssertionError:
        return False
    return True


def test_samples_are_bit_equal_whatever_the_future_brings(
    worlds: tuple[SmallLakehouse, SmallLakehouse], town: Catalogue
) -> None:
    one, two = (seen(small, town, *HOURLY) for small in worlds)
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    assert not pd.isna(one["history_end"]).any()
    filled = from_rows(one)
    assert (~pd.isna(filled.past_value)).any(axis=1).all()
    assert (~pd.isna(filled.past_weather)).any(axis=(1, 2)).all()
    assert not pd.isna(filled.known[filled.target_mask]).any()


def test_half_hours_covariates_and_a_changed_resolution_are_bit_equal_too(
    worlds: tuple[SmallLakehouse, SmallLakehouse], town: Catalogue
) -> None:
    one, two = (seen(small, town, "home") for small in worlds)
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    filled = from_rows(one)
    assert filled.steps == 2
    change = int((CHANGE - one["past_start"][0].tz_localize("UTC")).total_seconds() // 1800)
    halves = filled.past_value[0, : change + 100].reshape(-1, 2)
    same = (halves[:, 0] == halves[:, 1]) | np.isnan(halves).all(axis=1)
    assert same[: change // 2].all() and not same[change // 2 :].any()
    assert filled.covariates == ("wind",)
    assert filled.past_covariates is not None and filled.target_covariates is not None
    assert np.isfinite(filled.past_covariates).any()
    assert np.isfinite(filled.target_covariates[filled.target_mask]).all()
    assert np.isnan(filled.past_weather).all()  # it has no place


def test_backfilled_rows_count_by_when_they_could_be_known(
    small: SmallLakehouse, town: Catalogue
) -> None:
    """`recorded_at` lies long after the origin: what matters is when the world could know."""
    late = utc("2026-01-01 00:00")
    known, unknown = (
        {"series_id": TARIFF, "recorded_at": late, "value": 1.0, "resolution_minutes": 60}
        | {"event_time": event_time, "available_at": available_at}
        for event_time, available_at in (
            (utc("2024-10-20 10:00"), ORIGIN),
            (utc("2024-10-20 13:00"), SECOND_LATER),
        )
    )
    rows = {OBSERVATIONS: [OBSERVATIONS.row(**row) for row in (known, unknown)]}
    rows[COVARIATES] = [COVARIATES.row(**row, name="wind") for row in (known, unknown)]
    settle(small, town, rows)
    seen_ = seen(small, town, "home")
    filled = from_rows(seen_)
    since = known["event_time"] - seen_["past_start"][0].tz_localize("UTC")
    place = round(since / timedelta(minutes=30))
    assert filled.past_covariates is not None
    for grid in (filled.past_value[0], filled.past_covariates[0].ravel()):
        assert np.flatnonzero(np.isfinite(grid)).tolist() == [place, place + 1]


def leaking_values(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = (
        "v.event_time >= seen_from AND v.event_time < seen_until AND v.superseded_at IS NULL"
    )
    monkeypatch.setattr(known_at, "_KNOWN_AT_ORIGIN", everything)


def leaking_covariates(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = features.covariates_known_at

    def leak(origins: DataFrame, covariates: DataFrame) -> DataFrame:
        return honest(origins, covariates.withColumn("available_at", F.lit(ORIGIN)))

    monkeypatch.setattr(features, "covariates_known_at", leak)


def leaking_weather(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = features.weather_known_at

    def leak(origins: DataFrame, forecasts: DataFrame) -> DataFrame:
        return honest(origins, forecasts.withColumn("available_at", F.lit(ORIGIN)))

    monkeypatch.setattr(features, "weather_known_at", leak)


def leaking_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = features.as_of

    def leak(vintages: DataFrame, instant: Column) -> DataFrame:
        return honest(vintages, F.lit(utc("2030-01-01 00:00")))

    monkeypatch.setattr(features, "as_of", leak)


@pytest.mark.parametrize(
    ("leak", "groups"),
    [
        (leaking_values, ("load", "home")),
        (leaking_covariates, ("home",)),
        (leaking_weather, ("price",)),
        (leaking_truth, ("price", "home")),
    ],
)
def test_the_comparison_fails_when_a_future_value_is_let_through(
    worlds: tuple[SmallLakehouse, SmallLakehouse],
    town: Catalogue,
    monkeypatch: pytest.MonkeyPatch,
    leak: Callable[[pytest.MonkeyPatch], None],
    groups: tuple[str, ...],
) -> None:
    """In each of the groups by itself."""
    leak(monkeypatch)
    one, two = (seen(small, town, *groups, truth_as_of=ORIGIN) for small in worlds)
    for group in groups:
        assert not same(*(rows[rows["series_group"] == group] for rows in (one, two))), group


def test_training_sets_and_forecasts_are_bit_equal_whatever_the_future_brings(
    worlds: tuple[SmallLakehouse, SmallLakehouse], town: Catalogue, settings: Settings
) -> None:
    """Through the jobs themselves: naive and models trained on what was known at the origin."""
    one, two = worlds
    trained = training_sets(one, town)
    for group, rows in training_sets(two, town).items():
        pd.testing.assert_frame_equal(rows, trained[group], check_exact=True)
    first, second = (forecasts_of(small, town, settings, trained) for small in worlds)
    assert first == second
    models = {(row["series_id"], row["model_name"]) for row in first[FORECASTS.name]}
    assert models == {
        (LOAD, "seasonal_naive"),
        *((PRICE, model) for model in ("seasonal_naive", LSTM, LINEAR, BLEND)),
        *((TARIFF, model) for model in ("seasonal_naive", LSTM, LINEAR, BLEND)),
    }
    halves = [row for row in first[FEATURES.name] if row["series_id"] == TARIFF]
    assert [row["local_hour"] for row in halves] == [k / 2 for k in range(48)]
    assert all(dict(row["covariates"]).keys() == {"wind"} for row in halves)


def training_sets(small: SmallLakehouse, town: Catalogue) -> dict[str, pd.DataFrame]:
    days = (date(2024, 9, 10), date(2024, 10, 25))
    return {
        group: whole(training_set(small.tables, town, group, *days, as_of=ORIGIN))
        for group in ("price", "home")
    }


def forecasts_of(
    small: SmallLakehouse, town: Catalogue, settings: Settings, trained: dict[str, pd.DataFrame]
) -> dict[str, list[dict[str, Any]]]:
    """The content of gold.features and gold.forecasts after the forecast job."""
    here = settings.model_copy(update={"lakehouse": small.folder})
    for group, rows in trained.items():
        samples = from_rows(rows)
        later = samples.select(slice(-7, None))
        each: dict[str, Fitted] = {
            LINEAR: linear.fit(samples, [28]),
            LSTM: lstm.train(samples, later, TINY, seed=1),
        }
        for kind, fitted in (*each.items(), (BLEND, Blend(dict(each), {LINEAR: 0.6, LSTM: 0.4}))):
            place = Model(group, kind, VERSION)
            Trained(kind, fitted, {}).save(place.folder(forecast.models_folder(here)))
    promote(small.arrow, *trained)
    _, problems = forecast.run(
        small.tables, small.arrow, town, here, ORIGIN, "live", "run", utc("2024-10-25 08:00")
    )
    assert problems == []
    return {
        table.name: small.rows(table, *table.content_columns) for table in (FEATURES, FORECASTS)
    }


def promote(arrow: ArrowTables, *groups: str) -> None:
    arrow.append(
        PROMOTIONS,
        [
            PROMOTIONS.row(
                series_group=group,
                decided_at=ORIGIN,
                champion_model="lstm",
                champion_version=VERSION,
                promoted=True,
            )
            for group in groups
        ],
    )
    arrow.append(
        TRAINING_RUNS,
        [
            TRAINING_RUNS.row(
                series_group=group,
                model_name=model,
                model_version=VERSION,
                as_of=ORIGIN,
                status="ok",
            )
            for group in groups
            for model in (LINEAR, BLEND)
        ],
    )
