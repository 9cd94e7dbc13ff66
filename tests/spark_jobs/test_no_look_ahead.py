"""Rule 1 of the design: what became known after the origin changes no feature and no forecast."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pandas as pd
import pytest
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue
from lakehouse.settings import Settings
from lakehouse.tables.gold import FEATURES, FORECASTS, PROMOTIONS
from models import lstm
from models.lstm import LstmConfig
from models.samples import from_rows
from spark_jobs import features, forecast
from spark_jobs.dense import dense_rows
from spark_jobs.features import samples_at, training_set
from tests.small_lakehouse import SmallLakehouse, utc
from tests.spark_jobs.world import settle, town_catalogue, town_rows, with_another_future

GROUPS = ("load", "price")
ORIGIN = utc("2024-10-25 07:30")  # 09:30 in Copenhagen, two days before the clocks change
TINY = LstmConfig(members=1, width=4, epochs=1)
VERSION = "tiny"


@pytest.fixture(scope="module")
def town() -> Catalogue:
    return town_catalogue()


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
    small: SmallLakehouse, town: Catalogue, truth_as_of: datetime | None = None
) -> pd.DataFrame:
    issued = [(group, ORIGIN) for group in GROUPS]
    return whole(samples_at(small.tables, town, issued, truth_as_of))


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
    one, two = (seen(small, town) for small in worlds)
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    assert not pd.isna(one["history_end"]).any()
    filled = from_rows(one)
    assert (~pd.isna(filled.past_value)).any(axis=1).all()
    assert (~pd.isna(filled.past_weather)).any(axis=(1, 2)).all()
    assert not pd.isna(filled.known[filled.target_mask]).any()


def leaking_values(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = (
        "v.event_time >= past_start AND v.event_time < target_start AND v.superseded_at IS NULL"
    )
    monkeypatch.setattr(features, "_KNOWN_AT_ORIGIN", everything)


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


@pytest.mark.parametrize("leak", [leaking_values, leaking_weather, leaking_truth])
def test_the_comparison_fails_when_a_future_value_is_let_through(
    worlds: tuple[SmallLakehouse, SmallLakehouse],
    town: Catalogue,
    monkeypatch: pytest.MonkeyPatch,
    leak: Callable[[pytest.MonkeyPatch], None],
) -> None:
    leak(monkeypatch)
    one, two = (seen(small, town, truth_as_of=ORIGIN) for small in worlds)
    assert not same(one, two)


def test_training_sets_and_forecasts_are_bit_equal_whatever_the_future_brings(
    worlds: tuple[SmallLakehouse, SmallLakehouse], town: Catalogue, settings: Settings
) -> None:
    """Through the jobs themselves: naive and an LSTM trained on what was known at the origin."""
    answers = []
    trained = None
    for small in worlds:
        rows = whole(
            training_set(
                small.tables, town, "price", date(2024, 9, 10), date(2024, 10, 25), as_of=ORIGIN
            )
        )
        if trained is None:
            trained = rows
        pd.testing.assert_frame_equal(rows, trained, check_exact=True)
        answers.append(forecasts_of(small, town, settings, rows))
    assert answers[0] == answers[1]
    models = {(row["series_id"], row["model_name"]) for row in answers[0][FORECASTS.name]}
    assert models == {
        ("town.load", "seasonal_naive"),
        ("town.price", "seasonal_naive"),
        ("town.price", "lstm"),
    }


def forecasts_of(
    small: SmallLakehouse, town: Catalogue, settings: Settings, training: pd.DataFrame
) -> dict[str, list[dict[str, Any]]]:
    """The content of gold.features and gold.forecasts after the forecast job."""
    samples = from_rows(training)
    model = lstm.train(samples, samples.select(slice(-7, None)), TINY, seed=1)
    here = settings.model_copy(update={"lakehouse": small.folder})
    model.save(forecast.models_folder(here) / "price" / VERSION)
    promote(small.arrow)
    forecast.run(
        small.tables, small.arrow, town, here, ORIGIN, "live", "run", utc("2024-10-25 08:00")
    )
    return {
        table.name: small.rows(table, *table.content_columns) for table in (FEATURES, FORECASTS)
    }


def promote(arrow: ArrowTables) -> None:
    decision = PROMOTIONS.row(
        series_group="price",
        decided_at=ORIGIN,
        champion_model="lstm",
        champion_version=VERSION,
        promoted=True,
    )
    arrow.append(PROMOTIONS, [decision])
