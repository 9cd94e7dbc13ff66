"""Champion beside fallback, once per origin; what answers now is one rule for everybody."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.arrow import ArrowTables
from lakehouse.settings import Settings
from lakehouse.tables.gold import FEATURES, FORECASTS, PROMOTIONS, QUANTILES
from spark_jobs import forecast
from spark_jobs.champions import champions_at
from tests.small_lakehouse import SmallLakehouse, utc
from tests.spark_jobs.world import LOAD, PRICE, settle, town_catalogue, town_rows

ORIGIN = utc("2024-10-25 07:30")


def promotion(decided_at: datetime, **values: Any) -> dict[str, Any]:
    return PROMOTIONS.row(series_group="price", decided_at=decided_at) | values


def test_the_champion_is_who_was_in_charge_at_the_moment(small: SmallLakehouse) -> None:
    first, second, third, fourth = (ORIGIN + timedelta(days=i) for i in range(4))
    lstm = {"champion_model": "lstm"}
    small.arrow.append(
        PROMOTIONS,
        [
            promotion(third, **lstm, champion_version="1", promoted=False),
            promotion(first, champion_model="seasonal_naive", champion_version="1"),
            promotion(second, **lstm, champion_version="1", promoted=True, mlflow_run_id="r"),
            promotion(fourth, **lstm, champion_version="2", promoted=True),
        ],
    )
    arrow: ArrowTables = small.arrow
    just_before = second - timedelta(seconds=1)
    assert champions_at(arrow, first - timedelta(days=1)) == {}
    assert champions_at(arrow, first) == champions_at(arrow, just_before) == {}
    assert champions_at(arrow, second)["price"].mlflow_run_id == "r"
    assert champions_at(arrow, third)["price"].model_version == "1"
    assert champions_at(arrow, fourth)["price"].model_version == "2"


def test_a_champion_that_cannot_load_leaves_the_fallback_and_a_sentence(
    small: SmallLakehouse, settings: Settings
) -> None:
    town = town_catalogue()
    settle(small, town, town_rows(town))
    charge = {"champion_model": "lstm", "champion_version": "lost", "promoted": True}
    small.arrow.append(PROMOTIONS, [promotion(ORIGIN, **charge)])
    here = settings.model_copy(update={"lakehouse": small.folder})

    def issue() -> tuple[dict[str, int], list[str]]:
        as_of = ORIGIN + timedelta(hours=2)
        return forecast.run(
            small.tables, small.arrow, town, here, as_of, "live", "run", produced_at=as_of
        )

    written, [problem] = issue()
    assert written == {FEATURES.name: 48, FORECASTS.name: 48}
    assert problem.startswith("price: BadInput: expected model.json in ")
    rows = small.rows(FORECASTS)
    assert {(row["series_id"], row["forecast_source"]) for row in rows} == {
        (LOAD, "fallback"),
        (PRICE, "fallback"),
    }
    assert {row["forecast_origin"] for row in rows} == {ORIGIN}
    again, _ = issue()
    assert again == {FEATURES.name: 0, FORECASTS.name: 0}
    assert small.rows(FORECASTS) == rows


def test_each_group_s_forecasts_name_their_own_training_run(spark: SparkSession) -> None:
    """Groups that were trained together share a model version."""
    place = {"forecast_origin": ORIGIN, "valid_time": ORIGIN + timedelta(hours=20)}
    scored = [
        place
        | {"series_id": series, "model_name": model, "model_version": version}
        | {"forecast_source": "x", "problem": None}
        | dict.fromkeys(QUANTILES, 1.0)
        for series in (LOAD, PRICE)
        for model, version in (("lstm", "together"), ("seasonal_naive", "1"))
    ]
    seen = [
        (series, ORIGIN, group, "x", None, None)
        for series, group in ((LOAD, "load"), (PRICE, "price"))
    ]
    rows = forecast.forecast_rows(
        spark.createDataFrame(scored, forecast.SCORED_SCHEMA),
        spark.createDataFrame(
            seen,
            "series_id string, forecast_origin timestamp, series_group string, unit string, "
            "weather_issue_time timestamp, history_end timestamp",
        ),
        "live",
        {
            "produced_at": ORIGIN,
            "run_id": "run",
            "table_versions": {"silver.observations": "3"},
            "mlflow_runs": {("load", "together"): "run of load", ("price", "together"): "its own"},
        },
    )
    found = {(row["series_id"], row["model_name"]): row["mlflow_run_id"] for row in rows.collect()}
    assert found == {
        (LOAD, "lstm"): "run of load",
        (PRICE, "lstm"): "its own",
        (LOAD, "seasonal_naive"): None,
        (PRICE, "seasonal_naive"): None,
    }


def test_latest_is_the_champion_else_the_fallback_of_the_newest_live_origin(
    small: SmallLakehouse,
) -> None:
    first, second = ORIGIN, ORIGIN + timedelta(hours=1)
    hours = [utc(f"2024-10-26 0{i}:00") for i in range(4)]

    def row(origin: datetime, place: int, source: str, kind: str, number: float) -> dict[str, Any]:
        return FORECASTS.row(
            series_id=PRICE, forecast_origin=origin, valid_time=hours[place], run_kind=kind,
            forecast_source=source, model_name=source, q50=number,
        )  # fmt: skip

    small.append(
        FORECASTS,
        [
            row(first, 0, "champion", "live", 1.0),
            row(first, 1, "fallback", "live", 2.0),
            row(first, 1, "champion", "live", 3.0),
            row(first, 1, "challenger", "live", 4.0),
            row(first, 2, "champion", "live", 5.0),
            row(second, 2, "fallback", "live", 6.0),
            row(first, 3, "fallback", "live", 7.0),
            row(second, 3, "champion", "replay", 8.0),
            row(second, 3, "challenger", "live", 9.0),
        ],
    )
    small.register()
    found = small.tables.spark.sql("SELECT * FROM gold.forecast_latest ORDER BY valid_time")
    assert found.columns == FORECASTS.column_names
    assert [row["q50"] for row in found.collect()] == [1.0, 3.0, 6.0, 7.0]


@pytest.mark.parametrize("moment", ["2024-10-25 07:30", "2024-10-26 07:29"])
def test_a_second_run_on_the_same_day_serves_the_same_origin(moment: str) -> None:
    assert town_catalogue().groups["load"].last_origin(utc(moment)) == ORIGIN
