"""A backtest: only what was known, the same after an interruption, judged by its own rows."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lakehouse.errors import BadInput
from models.backtest import outcome, report
from models.backtest import run as running
from models.backtest.days import Daily, FileReplay
from models.backtest.plan import (
    NAIVE,
    Plan,
    Task,
    checked,
    fingerprint,
    forecast_days,
    lost_series,
    part_file,
    pieces,
    tasks,
)
from models.backtest.replay import Replay, days_until_newest
from models.boosted_trees import TreesConfig
from models.lstm import read_training
from models.network import LstmConfig
from models.samples import KNOWN, WEATHER, Samples
from models.trained import BLEND, LIGHTGBM, LINEAR, LSTM

PLAN = Plan(
    date(2024, 5, 1), date(2024, 5, 20), (NAIVE, LINEAR, LIGHTGBM, BLEND), recalibrate_days=14
)
SMALL = LstmConfig(members=1, width=4, encoder_step=24, epochs=1)
Gathered = Callable[..., outcome.Outcome]


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "LSTM_CONFIG", SMALL)
    monkeypatch.setattr(running, "SHORT_WINDOWS", (56,))
    monkeypatch.setattr(running, "LONG_WINDOWS", (120,))
    monkeypatch.setattr(running, "TREES", TreesConfig(trees=20, outer_trees=5))


def lived(replay: Replay, plan: Plan, folder: Path) -> outcome.Outcome:
    """Run every task in this process."""
    for task in tasks(checked(plan, replay)):
        running.run_task(replay, plan, task, folder)
    return outcome.gather(replay, plan, folder)


@pytest.fixture(scope="module")
def lived_once(
    replay: FileReplay, tmp_path_factory: pytest.TempPathFactory
) -> tuple[outcome.Outcome, Path]:
    folder = tmp_path_factory.mktemp("lived")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "SHORT_WINDOWS", (56,))
        patch.setattr(running, "LONG_WINDOWS", (120,))
        patch.setattr(running, "TREES", TreesConfig(trees=20, outer_trees=5))
        return lived(replay, PLAN, folder), folder


def test_every_model_answers_every_interval_and_beats_the_naive(lived_once) -> None:
    found, _ = lived_once
    figures = outcome.report_figures(found)["models"]
    assert list(figures) == [NAIVE, LINEAR, LIGHTGBM, BLEND]
    for name, scores in figures.items():
        assert scores["n"] == 20 * 24 and scores["n_missing"] == 0
        assert name == NAIVE or scores["mae"] < 0.8 * figures[NAIVE]["mae"]
    assert figures[BLEND]["mae"] < np.mean([figures[n]["mae"] for n in (LINEAR, LIGHTGBM)])


def test_the_figures_follow_from_the_rows_of_forecasts_alone(lived_once, tmp_path: Path) -> None:
    found, _ = lived_once
    outcome.write(found, tmp_path)
    rows = pd.read_parquet(tmp_path / "forecasts.parquet")
    said = json.loads((tmp_path / "metrics.json").read_text())
    assert list(rows.columns[:5]) == [
        "series_id", "forecast_origin", "valid_time", "model_name", "y",
    ]  # fmt: skip
    for name, held in rows.groupby("model_name"):
        error = held["q50"] - held["y"]
        inside = (held["y"] >= held["q10"]) & (held["y"] <= held["q90"])
        scores = said["models"][name]
        assert scores["mae"] == pytest.approx(error.abs().mean())
        assert scores["rmse"] == pytest.approx(np.sqrt((error**2).mean()))
        assert scores["bias"] == pytest.approx(error.mean())
        assert scores["coverage_80"] == pytest.approx(inside.mean())
        assert scores["mase"] == pytest.approx(
            scores["mae"] / said["weekly_naive_mae_before_test"]["load"]
        )
    pairs = {(c["first"], c["second"]) for c in said["comparisons"]}
    assert len(pairs) == 6 and (LINEAR, LIGHTGBM) in pairs


def test_the_report_shows_every_model_and_loads_nothing_from_elsewhere(
    lived_once, replay: FileReplay, tmp_path: Path
) -> None:
    found, _ = lived_once
    page = tmp_path / "report.html"
    report.write(found, outcome.report_figures(found), replay, PLAN, page)
    text = page.read_text()
    assert all(f"<td>{name}</td>" in text for name in PLAN.models)
    assert "Error by local hour" in text and "the worst day" in text
    assert "http" not in text.replace("http-equiv", "")


def test_what_the_future_brings_changes_no_forecast(replay: FileReplay, tmp_path: Path) -> None:
    late = replace(replay, daily=Daily(delay=timedelta(days=9)))
    plan = replace(PLAN, models=(NAIVE, LINEAR))
    first = lived(late, plan, tmp_path / "a")
    start = replay.history.times[0]
    cut = int((pd.Timestamp("2024-05-10", tz="UTC") - start) / pd.Timedelta(hours=1))
    other = replay.history.values.copy()
    other[:, cut - 9 * 24 :] += 500.0
    second = lived(
        replace(late, history=replace(replay.history, values=other)), plan, tmp_path / "b"
    )
    until = first.samples.target_time[:, 0] <= np.datetime64("2024-05-10")
    assert until.sum() > 10
    for name in plan.models:
        assert np.array_equal(
            first.forecasts[name][until], second.forecasts[name][until], equal_nan=True
        )
        after = ~until & first.is_test
        assert not np.allclose(first.forecasts[name][after], second.forecasts[name][after])


@pytest.mark.parametrize("model", [LSTM, LINEAR])
def test_an_interrupted_backtest_goes_on_to_the_same_forecasts(
    replay: FileReplay, tmp_path: Path, model: str
) -> None:
    plan = replace(PLAN, models=(model,), seeds=1, recalibrate_days=28)
    task, count = Task(model), len(forecast_days(plan, replay))
    running.run_task(replay, plan, task, tmp_path)
    files = [part_file(tmp_path, task, piece) for piece in pieces(plan, task, count)]
    whole = [running.read_part(file)[0] for file in files]
    for file in files[-1:] if model == LSTM else files[3:]:
        file.unlink()
    running.run_task(replay, plan, task, tmp_path)
    for file, before in zip(files, whole, strict=True):
        assert np.array_equal(running.read_part(file)[0], before, equal_nan=True)
    assert not list(tmp_path.rglob("*.draft"))


class _WindyFrom(FileReplay):
    """A replay in which weather is known from 10 April on."""

    def samples(self, first: int, end: int) -> Samples:
        samples = super().samples(first, end)
        known = samples.known.copy()
        known[
            samples.forecast_origin >= np.datetime64("2024-04-10"), :, KNOWN.index(WEATHER[0])
        ] = 5.0
        return replace(samples, known=known)


def test_where_weather_begins_a_network_is_trained_anew_to_read_it(
    replay: FileReplay, tmp_path: Path
) -> None:
    windy = _WindyFrom(replay.name, replay.history, replay.daily)
    plan = replace(PLAN, models=(LSTM,), seeds=1, recalibrate_days=28)
    running.run_task(windy, plan, Task(LSTM), tmp_path)
    states = sorted((tmp_path / "parts" / "lstm-0").glob("state-*"))
    assert [read_training(state).weather for state in states] == [False, True]


def test_a_series_too_new_to_learn_is_named_and_answered_by_the_naive(
    replay: FileReplay, tmp_path: Path
) -> None:
    history = replay.history
    new = history.values.copy()
    new[:, : 105 * 24] = np.nan
    grown = replace(
        history,
        series_id=np.array(["load", "new"], dtype=object),
        values=np.concatenate([history.values, new]),
        known=np.concatenate([history.known, history.known]),
    )
    both = replace(replay, history=grown)
    plan = replace(PLAN, models=(NAIVE, LINEAR))
    assert list(lost_series(plan, both)) == ["new"]
    found = lived(both, plan, tmp_path)
    is_new = found.samples.series_id == "new"
    assert np.array_equal(found.raw[LINEAR][is_new], found.raw[NAIVE][is_new], equal_nan=True)
    assert not np.isnan(found.raw[LINEAR][is_new & found.is_test][:, :24]).any()
    assert found.fallback[LINEAR] == is_new.sum() * 24
    alone = lived(replay, plan, tmp_path / "alone")
    assert np.allclose(found.raw[LINEAR][~is_new], alone.raw[LINEAR], equal_nan=True)


@pytest.mark.parametrize(("hours", "days"), [(0, 1), (1, 1), (24, 2), (9 * 24, 10)])
def test_training_ends_with_the_newest_day_that_is_known(
    replay: FileReplay, hours: int, days: int
) -> None:
    """In part, where its delay ends amid the day; and nothing of it that is not yet known."""
    late = replace(replay, daily=Daily(delay=timedelta(hours=hours)))
    place = 120
    target = late.truth.at(late.origins[place])
    assert days_until_newest(target, 1) == place - days + 1
    assert np.isnan(target[place - days]).sum() == 1 + hours % 24
    assert np.array_equal(
        late.truth.at(late.origins[-1] + np.timedelta64(99, "D")),
        late.samples(0, len(late.days)).target, equal_nan=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"models": ("magic",)}, r"got \['magic'\]"),
        ({"models": ()}, "got none"),
        ({"test_end": date(2024, 4, 1)}, "ends after it starts"),
        ({"test_end": date(2025, 1, 1)}, "the whole days 2024-01-01 to 2024-05-29"),
        ({"test_start": date(2024, 2, 1)}, "at least 56 days known before the test.*: 31. Start"),
    ],
)
def test_what_cannot_be_tested_is_one_sentence(replay: FileReplay, change, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        checked(replace(PLAN, **change), replay)


def test_a_horizon_is_a_day_at_most() -> None:
    with pytest.raises(BadInput, match="horizon of 1 to 24 hours"):
        Daily(0, 36)


def test_another_value_or_option_makes_another_backtest(replay: FileReplay) -> None:
    other = replay.history.values.copy()
    other[0, 5] += 1e-9
    marks = {
        fingerprint(PLAN, replay),
        fingerprint(replace(PLAN, seeds=3), replay),
        fingerprint(PLAN, replace(replay, history=replace(replay.history, values=other))),
        fingerprint(PLAN, replace(replay, daily=Daily(delay=timedelta(days=9)))),
    }
    assert len(marks) == 4 and fingerprint(PLAN, replay) in marks
