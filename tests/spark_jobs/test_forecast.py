"""Champion, challengers and fallback, once per origin; what answers now is one rule for all."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.settings import Settings
from lakehouse.tables.gold import (
    CALIBRATION,
    FEATURES,
    FORECASTS,
    PROMOTIONS,
    QUANTILES,
    TRAINING_RUNS,
)
from lakehouse.tables.silver import OBSERVATIONS
from lakehouse.tables.watched import QUALITY
from lakehouse.time import DAY, HOUR
from spark_jobs import forecast
from spark_jobs.champions import Model, Standing, standings_at
from tests import latest_forecasts
from tests.small_lakehouse import SmallLakehouse, utc
from tests.spark_jobs.world import LOAD, PRICE, settle, town_catalogue, town_rows

ORIGIN = utc("2024-10-25 07:30")


def promotion(decided_at: datetime, champion: tuple[str, str], **values: Any) -> dict[str, Any]:
    model, version = champion
    return PROMOTIONS.row(
        series_group="price",
        decided_at=decided_at,
        champion_model=model,
        champion_version=version,
        **values,
    )


def training(
    as_of: datetime, model: str, version: str, status: str = "ok", pinball: float | None = 0.9
) -> dict[str, Any]:
    return TRAINING_RUNS.row(
        series_group="price",
        as_of=as_of,
        model_name=model,
        model_version=version,
        status=status,
        pinball=pinball,
        mlflow_run_id=f"run of {model} {version}",
    )


DAYS = [ORIGIN + timedelta(days=i) for i in range(5)]
NAIVE = ("seasonal_naive", "1")
DECIDED = [
    promotion(DAYS[2], ("lstm", "1"), turn=1, promoted=False),
    promotion(DAYS[0], NAIVE),
    promotion(DAYS[2], ("lstm", "1"), turn=0, promoted=False),
    promotion(DAYS[1], ("lstm", "1"), turn=1, promoted=True, mlflow_run_id="r"),
    promotion(DAYS[1], ("linear", "1"), turn=0, promoted=True),
    promotion(DAYS[3], ("lstm", "2"), promoted=True),
    promotion(DAYS[4], NAIVE),
]
TRAINED = [
    training(DAYS[1], "linear", "1"),
    training(DAYS[1], "lstm", "1"),
    training(DAYS[2], "linear", "2", status="failed"),
    training(DAYS[3], "linear", "3"),
    training(DAYS[3], "lstm", "2"),
    training(DAYS[4], "linear", "4", pinball=1.1),
]
# moment -> champion, stand-ins in their order, challengers
STOOD = [
    (DAYS[0] - DAY, None, [], []),
    (DAYS[0], None, [], []),
    (DAYS[1] - timedelta(seconds=1), None, [], []),
    (DAYS[1], "lstm 1", ["linear 1", "linear 1"], ["linear 1"]),
    (DAYS[2], "lstm 1", ["linear 1", "linear 1"], ["linear 1"]),
    (DAYS[3], "lstm 2", ["lstm 1", "linear 3"], ["linear 3"]),
    (DAYS[4] - timedelta(seconds=1), "lstm 2", ["lstm 1", "linear 3"], ["linear 3"]),
    (DAYS[4], None, ["lstm 2"], ["linear 4", "lstm 2"]),
]


@pytest.mark.parametrize(("moment", "champion", "stand_ins", "challengers"), STOOD)
def test_who_answers_is_who_stood_there_at_the_moment(
    small: SmallLakehouse,
    moment: datetime,
    champion: str | None,
    stand_ins: list[str],
    challengers: list[str],
) -> None:
    small.arrow.append(PROMOTIONS, DECIDED)
    small.arrow.append(TRAINING_RUNS, TRAINED)
    standing = standings_at(small.arrow, moment).get("price", Standing())
    assert (standing.champion and standing.champion.name) == champion
    assert [model.name for model in standing.stand_ins] == stand_ins
    assert [model.name for model in standing.challengers] == challengers
    if champion == "lstm 1":
        assert standing.champion and standing.champion.mlflow_run_id == "r"


def test_a_candidate_waits_until_it_takes_over_is_stopped_or_another_comes(
    small: SmallLakehouse,
) -> None:
    def waits(at: int, version: str, **values: Any) -> dict[str, Any]:
        told = {"candidate_model": "lstm", "candidate_version": version} | values
        return promotion(DAYS[at], ("lstm", "1"), **told)

    small.arrow.append(
        PROMOTIONS,
        [
            waits(0, "2", awaiting=True),
            waits(1, "3"),  # judged, and left where it was
            waits(2, "2"),  # stopped
            waits(3, "4", awaiting=True, turn=0),
            waits(3, "5", awaiting=True, turn=1),
            waits(4, "5", promoted=True) | {"champion_version": "5"},
        ],
    )
    waiting = [standings_at(small.arrow, day)["price"].awaiting for day in DAYS]
    names = [found and (found[0].name, found[1]) for found in waiting]
    assert names == [
        ("lstm 2", DAYS[0]),
        ("lstm 2", DAYS[0]),
        None,
        ("lstm 5", DAYS[3]),
        None,
    ]


def test_a_champion_that_cannot_load_leaves_the_fallback_and_a_sentence(
    small: SmallLakehouse, settings: Settings
) -> None:
    town = town_catalogue()
    settle(small, town, town_rows(town))
    small.arrow.append(PROMOTIONS, [promotion(ORIGIN, ("lstm", "lost"), promoted=True)])
    here = settings.model_copy(update={"lakehouse": small.folder})

    def issue(kind: str = "live") -> tuple[dict[str, int], list[str]]:
        as_of = ORIGIN + timedelta(hours=2)
        return forecast.run(
            small.tables, small.arrow, town, here, as_of, kind, "run", produced_at=as_of
        )

    written, [problem] = issue()
    assert written == {FEATURES.name: 48, CALIBRATION.name: 3, FORECASTS.name: 48}
    assert problem.startswith(
        "The fallback answers. price: lstm lost: BadInput: expected trained.json in "
    )
    rows = small.rows(FORECASTS)
    assert {(row["series_id"], row["forecast_source"]) for row in rows} == {
        (LOAD, "fallback"),
        (PRICE, "fallback"),
    }
    assert {row["forecast_origin"] for row in rows} == {ORIGIN}
    again, _ = issue()
    assert again == {FEATURES.name: 0, CALIBRATION.name: 0, FORECASTS.name: 0}
    assert small.rows(FORECASTS) == rows
    replayed, _ = issue("replay")  # stands beside it
    assert replayed == {FEATURES.name: 0, CALIBRATION.name: 3, FORECASTS.name: 48}


def test_of_a_series_with_broken_newest_days_only_seasonal_naive_is_asked_and_skips_them(
    small: SmallLakehouse, settings: Settings
) -> None:
    town = town_catalogue()
    settle(small, town, town_rows(town))
    champion = promotion(ORIGIN - 2 * DAY, ("lstm", "lost"), promoted=True) | {
        "series_group": "load"
    }
    small.arrow.append(PROMOTIONS, [champion])
    here = settings.model_copy(update={"lakehouse": small.folder})

    def issued(day: int) -> tuple[set[float], list[str]]:
        """What the load's forecast of the day after says, and the problems."""
        as_of = ORIGIN + day * DAY
        _, problems = forecast.run(
            small.tables, small.arrow, town, here, as_of, "live", "run", produced_at=as_of
        )
        rows = small.rows(FORECASTS)
        return {
            row["q50"]
            for row in rows
            if (row["series_id"], row["forecast_origin"]) == (LOAD, as_of)
        }, problems

    # A load of 9 days ago is the newest: for the 26th it is that of two weeks before.
    before, [problem] = issued(-1)
    assert "lstm lost: BadInput" in problem
    about = {"data_set": "observations", "owner": LOAD, "feature": "value", "verdict": "fault"}
    about |= {"series_group": "load", "day": date(2024, 10, 12)}
    # Judged after the origin, and so was its correction, which nobody knew there.
    later = {"as_of": ORIGIN + HOUR, "known_at": ORIGIN + timedelta(minutes=5), "revision": "b"}
    mended = QUALITY.row(**about | later | {"verdict": "ok", "faults": []})
    broken = QUALITY.row(**about, as_of=ORIGIN + HOUR, known_at=ORIGIN - HOUR, faults=["unit"])
    small.arrow.append(QUALITY, [mended])
    small.arrow.append(QUALITY, [broken])
    seen, [problem] = issued(0)
    assert problem == (
        "Seasonal naive answers. load: gold.quality calls some of the newest days of town.load "
        "broken."
    )
    values = {row["event_time"]: row["value"] for row in small.rows(OBSERVATIONS)
              if row["series_id"] == LOAD}  # fmt: skip
    for weeks, is_used in ((2, False), (3, True)):
        first = utc("2024-10-25 22:00") - weeks * 7 * DAY
        own = {value for time, value in values.items() if first <= time < first + DAY}
        assert (len(seen & own) > 12) == is_used
    assert before and not before & seen


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
            "models": [
                Model("load", "lstm", "together", "run of load"),
                Model("price", "lstm", "together", "its own"),
                Model("price", "linear", "together", "another"),
            ],
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
    small.append(FORECASTS, latest_forecasts.rows())
    small.register()
    found = small.tables.spark.sql("SELECT * FROM gold.forecast_latest ORDER BY valid_time")
    assert found.columns == FORECASTS.column_names
    assert [row["q50"] for row in found.collect()] == latest_forecasts.TO_USE


@pytest.mark.parametrize("moment", ["2024-10-25 07:30", "2024-10-26 07:29"])
def test_a_second_run_on_the_same_day_serves_the_same_origin(moment: str) -> None:
    assert town_catalogue().groups["load"].last_origin(utc(moment)) == ORIGIN
