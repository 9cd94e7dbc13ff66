"""`gridcast backtest` as a person types it."""

import json
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from gridcast.accuracy import span
from lakehouse.errors import BadInput
from lakehouse.settings import PROJECT
from tests.gridcast.conftest import assert_one_sentence, started
from tests.models.backtest.conftest import frame_of

NORD_POOL = PROJECT.parent / "shared/data/epf/NP.csv.gz"


@pytest.fixture
def asked(tmp_path: Path) -> list[str]:
    frame_of(100).to_csv(tmp_path / "load.csv", index=False)
    return [
        "backtest", "--input", str(tmp_path / "load.csv"), "--time-column", "time",
        "--target", "load", "--known", "wind", "--test-start", "2024-04-01",
        "--test-end", "2024-04-07", "--models", "naive,linear", "--output", str(tmp_path / "out"),
    ]  # fmt: skip


def test_it_writes_forecasts_figures_and_report_and_goes_on_where_it_stopped(
    asked: list[str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    first = started(*asked, "--jobs", "2")
    assert first.code == 0, first.err
    assert {file.name for file in out.iterdir()} == {
        "backtest.json", "forecasts.parquet", "metrics.json", "parts", "report.html",
    }  # fmt: skip
    figures = json.loads((out / "metrics.json").read_text())["models"]
    assert figures["linear"]["mae"] < figures["naive"]["mae"]
    assert set(figures["linear"]) >= {
        "mae", "rmse", "bias", "pinball", "coverage_80", "coverage_90", "mase", "seconds_train",
        "seconds_score", "n",
    }  # fmt: skip
    assert "linear" in first.err and "Traceback" not in first.err
    forecasts = (out / "forecasts.parquet").read_bytes()
    parts = {part: part.stat().st_mtime_ns for part in (out / "parts").rglob("*.npz")}
    assert started(*asked).code == 0
    assert {part: part.stat().st_mtime_ns for part in parts} == parts
    pd.testing.assert_frame_equal(
        pd.read_parquet(out / "forecasts.parquet"), pd.read_parquet(pd.io.common.BytesIO(forecasts))
    )
    other = started(*asked, "--delay", "9d")
    assert_one_sentence(other)
    assert "--fresh" in other.err


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (["--target", "lod"], "Expected the columns ['lod']"),
        (["--test-end", "2024-05-01"], "the whole days 2024-01-01 to 2024-04-09"),
        (["--test-start", "2024-01-20"], "Start the test later"),
        (["--test-start", "soon"], "Expected a day such as 2024-10-18, got 'soon'"),
        (["--input", "nothing.csv"], "cannot be read"),
        (["--delay", "often"], "Expected a span such as 28d, 9d, 12h or 0h, got 'often'"),
    ],
)
def test_bad_input_is_one_sentence(asked: list[str], change: list[str], sentence: str) -> None:
    said = started(*asked, *change)
    assert_one_sentence(said)
    assert sentence in said.err


@pytest.mark.parametrize("text", ["soon", "", "d", "-9d", "nan", "inf", "1e99d"])
def test_a_span_is_a_length_of_time(text: str) -> None:
    lengths = {"9d": timedelta(days=9), "12h": timedelta(hours=12), "0.5h": timedelta(minutes=30)}
    assert {known: span(known) for known in lengths} == lengths
    with pytest.raises(BadInput, match="Expected a span such as 28d"):
        span(text)


@pytest.mark.skipif(not NORD_POOL.exists(), reason="the published benchmark is not here")
def test_the_published_benchmark_is_read_as_it_was_published(tmp_path: Path) -> None:
    said = started(
        "backtest", "--input", str(NORD_POOL), "--time-column", "Date", "--target", "Price",
        "--known", "Grid load forecast", "--known", "Wind power forecast", "--test-start",
        "2016-12-27", "--test-end", "2018-12-24", "--models", "naive", "--output",
        str(tmp_path / "np"),
    )  # fmt: skip
    assert said.code == 0, said.err
    naive = json.loads((tmp_path / "np" / "metrics.json").read_text())["models"]["naive"]
    assert (naive["n"], round(naive["mae"], 3)) == (728 * 24, 4.125)
