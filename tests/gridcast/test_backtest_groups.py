"""`gridcast backtest --group` as a person types it."""

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.gridcast.conftest import Gridcast, assert_one_sentence
from tests.worlds import World, trained_world

GROUP = ("--group", "day_ahead_price", "--from", "2024-10-10", "--to", "2024-10-12")


@pytest.fixture
def world(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> World:
    return trained_world(pytestconfig, tmp_path_factory)


def test_a_group_is_backtested_and_started_again_it_reads_no_table(
    gridcast: Gridcast, world: World, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    asked = ("backtest", *GROUP, "--models", "naive,linear", "--output", str(out))
    first = gridcast(*asked)
    assert first.code == 0, first.err
    assert {file.name for file in out.iterdir()} == {
        "backtest.json", "forecasts.parquet", "metrics.json", "parts", "report.html",
        "samples.parquet",
    }  # fmt: skip
    figures = json.loads((out / "metrics.json").read_text())["models"]
    assert figures["naive"]["n"] == figures["linear"]["n"] == 2 * 3 * 24
    rows = pd.read_parquet(out / "forecasts.parquet")
    lead = rows["valid_time"] - rows["forecast_origin"]
    assert set(rows["series_id"]) == {"dk1.price.day_ahead", "dk2.price.day_ahead"}
    assert (lead.min(), lead.max()) == (pd.Timedelta(hours=14.5), pd.Timedelta(hours=37.5))
    again = gridcast(*asked, GRIDCAST_SAMPLE_DATA="nowhere", GRIDCAST_SPARK_MASTER="nowhere")
    assert again.code == 0, again.err
    assert "recorded before" in again.err
    pd.testing.assert_frame_equal(pd.read_parquet(out / "forecasts.parquet"), rows)
    other = gridcast(*asked, "--as-of", "2024-10-17T00:00Z")
    assert_one_sentence(other)
    assert "--fresh" in other.err


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("--delay", "9d"), "got also --delay"),
        (("--timezone", "none", "--known", "wind"), "got also --known, --timezone"),
        (("--group", "prices"), "day_ahead_price"),
        (("--from", "2024-10-13"), "Expected days of day_ahead_price in order"),
        (("--to", "2025-10-12"), "the last forecast by 2024-10-17T22:00:00Z"),
        (("--as-of", "2030-01-01T00:00Z"), "lies after the clock"),
    ],
)
def test_what_does_not_go_with_a_group_is_one_sentence(
    gridcast: Gridcast, tmp_path: Path, change: tuple[str, ...], sentence: str
) -> None:
    said = gridcast("backtest", *GROUP, "--output", str(tmp_path / "out"), *change)
    assert_one_sentence(said)
    assert sentence in said.err


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (("--from", "2024-10-10"), "got also --from"),
        (("--input", "x.csv", "--target", "load"), "--time-column, --test-start, --test-end not"),
        (("--group", "day_ahead_price", "--to", "2024-10-10"), "--from not given"),
    ],
)
def test_a_file_or_a_group_is_asked_for_whole(
    gridcast: Gridcast, tmp_path: Path, asked: tuple[str, ...], sentence: str
) -> None:
    said = gridcast("backtest", "--output", str(tmp_path / "out"), *asked)
    assert_one_sentence(said)
    assert sentence in said.err
