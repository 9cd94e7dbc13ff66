"""Every truth that became known meets every vintage that predicted it, in sums that add up."""

import random
from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from lakehouse.tables.gold import FORECAST_ERRORS, FORECASTS, QUANTILES
from lakehouse.tables.silver import OBSERVATIONS, SERIES
from lakehouse.time import HOUR, intervals_of
from models import metrics
from serving.api.performance import accuracy
from spark_jobs import evaluate
from spark_jobs.catalogue_tables import series_rows
from tests.small_lakehouse import SmallLakehouse, utc
from tests.spark_jobs.world import PRICE, town_catalogue

ZONE = ZoneInfo("Europe/Copenhagen")
DAYS = (date(2024, 10, 26), date(2024, 10, 27))  # the second has 25 hours
ORIGIN = utc("2024-10-25 07:30")
KNOWN_AT = utc("2024-10-28 12:00")
MODELS = (("lstm", "v1"), ("seasonal_naive", "1"))


def forecasts(minutes: int = 60) -> list[dict[str, Any]]:
    dice = random.Random(1)
    rows = []
    for name, version in MODELS:
        for time in times(minutes):
            quantiles = sorted(dice.uniform(-50, 150) for _ in QUANTILES)
            rows.append(
                FORECASTS.row(
                    series_id=PRICE, forecast_origin=ORIGIN, valid_time=time, model_name=name,
                    model_version=version, run_kind="live", series_group="price",
                    **dict(zip(QUANTILES, quantiles, strict=True)),
                )
            )  # fmt: skip
    return rows


def times(minutes: int = 60) -> list[datetime]:
    return [time for day in DAYS for time in intervals_of(day, ZONE, minutes)]


def truth(
    time: datetime, value: float, known_at: datetime = KNOWN_AT, minutes: int = 60
) -> dict[str, Any]:
    return OBSERVATIONS.row(
        series_id=PRICE, event_time=time, available_at=known_at, value=value,
        resolution_minutes=minutes,
    )  # fmt: skip


def truths(minutes: int = 60) -> list[dict[str, Any]]:
    dice = random.Random(2)
    return [truth(time, dice.uniform(-50, 150), minutes=minutes) for time in times(minutes)]


def settled(small: SmallLakehouse, observations: list[dict[str, Any]], minutes: int = 60) -> None:
    """Forecasts by Spark's door, what is only read here by the other."""
    series = [row | {"resolution_minutes": minutes} for row in series_rows(town_catalogue())]
    small.arrow.append(SERIES, series)
    small.arrow.append(FORECASTS, forecasts(minutes))
    small.arrow.append(OBSERVATIONS, observations)


def oracle(
    observations: list[dict[str, Any]], minutes: int = 60
) -> dict[tuple[str, date, int], metrics.Scores]:
    """Scores of each model, local day and block of six hours, by models.metrics."""
    value = {row["event_time"]: row["value"] for row in observations}
    blocks: dict[tuple[str, date, int], list[dict[str, Any]]] = defaultdict(list)
    for row in forecasts(minutes):
        local = row["valid_time"].astimezone(ZONE)
        blocks[row["model_name"], local.date(), local.hour // 6 * 6].append(row)
    return {
        block: metrics.score(
            np.array([value[row["valid_time"]] for row in rows]),
            np.array([[row[q] for q in QUANTILES] for row in rows]),
        )
        for block, rows in blocks.items()
    }


@pytest.mark.parametrize("minutes", [60, 30])
def test_sums_equal_the_metrics_of_every_block(small: SmallLakehouse, minutes: int) -> None:
    observations = truths(minutes)
    settled(small, observations, minutes)
    assert evaluate.run(small.tables, KNOWN_AT, None, "run") == 2 * 2 * 4
    expected = oracle(observations, minutes)
    for row in small.rows(FORECAST_ERRORS):
        score = expected.pop((row["model_name"], row["target_day"], row["horizon_band"]))
        assert row["truth_as_of"] == KNOWN_AT
        assert row["n"] == score.n
        sums = [row[name] / row["n"] for name in ("sum_abs", "sum_error", "sum_pinball")]
        assert sums == pytest.approx([score.mae, score.bias, score.pinball])
        assert row["sum_squared"] / row["n"] == pytest.approx(score.rmse**2)
        assert row["n_in_80"] / row["n"] == pytest.approx(score.coverage_80)
        assert row["n_in_90"] / row["n"] == pytest.approx(score.coverage_90)
    assert expected == {}
    assert evaluate.run(small.tables, KNOWN_AT, None, "again") == 0


@pytest.mark.parametrize(("came", "wanted"), [(15, 30), (60, 30)])
def test_truth_is_read_at_the_resolution_of_the_forecast(
    small: SmallLakehouse, came: int, wanted: int
) -> None:
    observations = truths(came)
    settled(small, observations, wanted)
    assert evaluate.run(small.tables, KNOWN_AT, None, "run") == 2 * 2 * 4
    by_minute = {
        row["event_time"] + timedelta(minutes=m): row["value"]
        for row in observations
        for m in range(came)
    }
    means = [
        truth(time, float(np.mean([by_minute[time + timedelta(minutes=m)] for m in range(wanted)])))
        for time in times(wanted)
    ]
    expected = oracle(means, wanted)
    for row in small.rows(FORECAST_ERRORS):
        score = expected[row["model_name"], row["target_day"], row["horizon_band"]]
        assert row["n"] == score.n
        assert row["sum_abs"] / row["n"] == pytest.approx(score.mae)


def test_forecasts_from_before_a_change_of_resolution_are_not_scored(
    small: SmallLakehouse,
) -> None:
    """Half-hourly forecasts, and hours wanted since: no block is whole."""
    settled(small, truths(60), 60)
    small.arrow.append(
        FORECASTS,
        [row | {"model_name": "earlier"} for row in forecasts(30) if row["model_name"] == "lstm"],
    )
    evaluate.run(small.tables, KNOWN_AT, None, "run")
    assert {row["model_name"] for row in small.rows(FORECAST_ERRORS)} == {"lstm", "seasonal_naive"}


def test_a_block_waits_until_all_its_hours_have_a_truth(small: SmallLakehouse) -> None:
    observations = truths()
    late = observations.pop(3)
    after = KNOWN_AT + timedelta(days=1)
    settled(small, [*observations, late | {"available_at": after}])
    assert evaluate.run(small.tables, KNOWN_AT, None, "run") == 2 * 7
    done = {(row["target_day"], row["horizon_band"]) for row in small.rows(FORECAST_ERRORS)}
    assert (DAYS[0], 0) not in done
    assert evaluate.run(small.tables, after, KNOWN_AT, "run") == 2
    newest = [row for row in small.rows(FORECAST_ERRORS) if row["truth_as_of"] == after]
    assert [(row["target_day"], row["horizon_band"]) for row in newest] == [(DAYS[0], 0)] * 2


@pytest.mark.parametrize("place", [1, 10, 23])
def test_a_correction_gives_its_own_block_a_new_row_and_performance_uses_it(
    small: SmallLakehouse, place: int
) -> None:
    # Each hour became known by itself, as consumption does.
    observations = [row | {"available_at": row["event_time"] + 48 * HOUR} for row in truths()]
    known_at = max(row["available_at"] for row in observations)
    corrected_at = known_at + timedelta(days=2)
    hour = observations[place]["event_time"]
    correction = truth(hour, 1000.0, corrected_at)
    settled(small, [*observations, correction])
    evaluate.run(small.tables, known_at, None, "run")
    before = small.rows(FORECAST_ERRORS)
    assert evaluate.run(small.tables, corrected_at, known_at, "run") == 2
    after = small.rows(FORECAST_ERRORS)
    new = [row for row in after if row not in before]
    assert {row["truth_as_of"] for row in new} == {corrected_at}
    local = hour.astimezone(ZONE)
    assert {row["horizon_band"] for row in new} == {local.hour // 6 * 6}
    if place != 1:
        return
    latest = [truth(hour, 1000.0) if row["event_time"] == hour else row for row in observations]
    small.register()
    shown = small.tables.spark.sql("SELECT * FROM gold.performance").collect()
    expected = oracle(latest)
    for row in shown:
        mine = [s for block, s in expected.items() if block[0] == row["model_name"]]
        assert row["n"] == sum(s.n for s in mine) == 49
        assert row["mae"] == pytest.approx(sum(s.mae * s.n for s in mine) / 49)
        assert row["days"] == 2
    naive = next(row for row in shown if row["model_name"] == "seasonal_naive")
    lstm = next(row for row in shown if row["model_name"] == "lstm")
    assert naive["skill"] == pytest.approx(0.0)
    assert lstm["skill"] == pytest.approx(1 - lstm["mae"] / naive["mae"])
    assert lstm["width_80"] == pytest.approx(
        np.mean([row["q90"] - row["q10"] for row in forecasts() if row["model_name"] == "lstm"])
    )
    then = small.tables.spark.sql(
        f"SELECT mae FROM performance_as_of(TIMESTAMP '{known_at.isoformat()}') "
        "WHERE model_name = 'lstm'"
    ).collect()
    uncorrected = [s for block, s in oracle(observations).items() if block[0] == "lstm"]
    assert [row["mae"] for row in then] == [
        pytest.approx(sum(s.mae * s.n for s in uncorrected) / 49)
    ]
    served = accuracy(small.arrow.read(FORECAST_ERRORS), "total").to_pylist()
    by_model = {row["model_name"]: row.asDict() for row in shown}
    assert [pytest.approx(by_model[row["model_name"]]) for row in served] == served
    _by_window(small, expected)


def _by_window(small: SmallLakehouse, expected: dict[Any, Any]) -> None:
    """The newest day, and both: whole, and by block."""
    rows = small.tables.spark.sql(
        "SELECT * FROM gold.performance_windows WHERE model_name = 'lstm'"
    ).collect()
    shown = {(row["window_days"], row["horizon_band"]): row for row in rows}
    assert set(shown) == {(w, band) for w in (1, 7, 28, 91) for band in (None, 0, 6, 12, 18)}
    for (window, band), row in shown.items():
        mine = [
            score
            for (model, day, block), score in expected.items()
            if model == "lstm" and band in (None, block) and (window > 1 or day == DAYS[-1])
        ]
        assert row["n"] == sum(s.n for s in mine)
        assert row["mae"] == pytest.approx(sum(s.mae * s.n for s in mine) / row["n"])


def test_a_truth_that_is_not_known_yet_is_not_used(small: SmallLakehouse) -> None:
    settled(small, truths())
    assert evaluate.run(small.tables, KNOWN_AT - timedelta(seconds=1), None, "run") == 0
