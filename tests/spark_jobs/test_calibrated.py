"""Intervals of a model are stretched by what its own live days missed, as far as it was known."""

from datetime import date, timedelta
from typing import Any

import pytest

from lakehouse.tables.gold import FORECAST_ERRORS
from spark_jobs.calibrated import corrections, in_force, stretch_of
from spark_jobs.champions import Model, Standing
from tests.small_lakehouse import SmallLakehouse, utc
from tests.spark_jobs.world import town_catalogue

ORIGIN = utc("2024-10-25 07:30")
LSTM, OTHER = Model("price", "lstm", "1"), Model("price", "lstm", "2")


def scored(day: int, within_80: int, **other: Any) -> list[dict[str, Any]]:
    """The four blocks of a live day whose truth was known the day after."""
    first = date(2024, 10, 1)
    about = {
        "series_id": "town.price", "series_group": "price", "model_name": "lstm",
        "model_version": "1", "run_kind": "live", "target_day": first + timedelta(days=day),
        "truth_as_of": utc("2024-10-02 00:00") + timedelta(days=day),
        "n": 6, "n_in_50": 3, "n_in_80": within_80, "n_in_90": 5,
    }  # fmt: skip
    return [
        FORECAST_ERRORS.row(**about | {"horizon_band": band} | other) for band in (0, 6, 12, 18)
    ]


def found(small: SmallLakehouse) -> dict[tuple[str, str], dict[str, Any]]:
    models = {"price": Standing(champion=LSTM, challengers=(OTHER,))}
    rows = corrections(small.arrow, town_catalogue(), [("price", ORIGIN)], models, "live")
    return {(row["model_name"], row["model_version"]): row for row in rows}


def test_what_covers_too_little_is_stretched_by_its_own_live_days(small: SmallLakehouse) -> None:
    rows = [row for day in range(10) for row in scored(day, within_80=3)]
    rows += [row for day in range(10) for row in scored(day, within_80=6, model_version="2")]
    small.arrow.append(FORECAST_ERRORS, rows)
    narrow, wide = (found(small)["lstm", version] for version in "12")
    assert (narrow["n_days"], narrow["in_80"], narrow["in_50"]) == (10.0, 0.5, 0.5)
    assert narrow["factor_80"] > 1.0 > wide["factor_80"]
    assert narrow["factor_50"] == pytest.approx(1.0)
    stretch = stretch_of([narrow])["town.price", "lstm", "1"]
    assert stretch == pytest.approx([narrow["factor_90"], narrow["factor_80"], narrow["factor_50"]])


def test_only_live_truth_known_at_the_origin_counts_and_of_a_block_the_newest(
    small: SmallLakehouse,
) -> None:
    small.arrow.append(FORECAST_ERRORS, scored(0, within_80=6))
    before = found(small)
    later = {"truth_as_of": ORIGIN + timedelta(seconds=1)}
    small.arrow.append(FORECAST_ERRORS, scored(0, within_80=0, **later))
    small.arrow.append(FORECAST_ERRORS, scored(0, within_80=0, run_kind="replay"))
    assert found(small) == before
    corrected = {"truth_as_of": ORIGIN - timedelta(hours=1)}
    small.arrow.append(FORECAST_ERRORS, scored(0, within_80=0, **corrected))
    row = found(small)["lstm", "1"]
    assert (row["n_days"], row["in_80"]) == (1.0, 0.0)


def test_a_model_without_live_days_is_left_as_it_is(small: SmallLakehouse) -> None:
    assert set(found(small)) == {("lstm", "1"), ("lstm", "2"), ("seasonal_naive", "1")}
    for row in found(small).values():
        assert (row["n_days"], row["in_80"], row["factor_80"]) == (0.0, None, 1.0)


def test_what_an_origin_was_given_once_is_given_to_it_again(small: SmallLakehouse) -> None:
    def given() -> tuple[int, float]:
        models = {"price": Standing(champion=LSTM)}
        arguments = (small.arrow, town_catalogue(), [("price", ORIGIN)], models, "live", "run")
        written, stretch = in_force(*arguments)
        return written, stretch["town.price", "lstm", "1"][1]

    assert given() == (2, 1.0)
    small.arrow.append(FORECAST_ERRORS, scored(0, within_80=0))
    assert given() == (0, 1.0)


def test_a_day_that_was_only_replayed_counts_as_it_was_replayed(small: SmallLakehouse) -> None:
    small.arrow.append(FORECAST_ERRORS, scored(0, within_80=3, run_kind="replay"))
    row = found(small)["lstm", "1"]
    assert (row["n_days"], row["in_80"]) == (1.0, 0.5)
