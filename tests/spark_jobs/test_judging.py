"""A candidate is judged as it would have been day by day: by truth that was known by then."""

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.boosted_trees import TreesConfig
from models.lstm import LstmConfig
from models.quantiles import QUANTILES
from models.samples import Samples, from_rows
from models.trained import BLEND, LIGHTGBM, LINEAR, LSTM
from spark_jobs import fitting, judging
from spark_jobs.fitting import fit_part
from spark_jobs.judging import HELD_OUT, judge_group
from spark_jobs.training_plan import FAILED, OK, Plan, Split, split_in_time
from tests.models.conftest import daily_shape, sample_row

DELAY = 9
DAYS = pd.date_range("2024-01-01", "2024-03-29")
NEWEST = date(2024, 3, 20)  # whose truth is known nine days later
PLAN = Plan(
    "v", Path(), date(2024, 3, 29), 28, 42, 7, LstmConfig(epochs=1, members=1, width=4),
    trees=TreesConfig(trees=5, outer_trees=3),
)  # fmt: skip
EXAMPLE = pd.DataFrame({"example": [1]})
#: From this day on the truth is another in the second world; it is held out.
TURN = date(2024, 3, 4)


def days(another_from: date | None) -> Samples:
    """One sample a day; nobody knows the truth after NEWEST."""
    rows = [sample_row(f"{day:%Y-%m-%d}", daily_shape, "a", DELAY * 24) for day in DAYS]
    dice = np.random.default_rng(2)
    for day, row in zip(DAYS.date, rows, strict=True):
        truth = np.array(row["target"]) + dice.normal(0.0, 2.0, len(row["target"]))
        later = another_from is not None and day >= another_from
        row["target"] = np.where(day > NEWEST, np.nan, truth + 30.0 * later)
    return from_rows(pd.DataFrame(rows))


def judged(plan: Plan, split: Split, monkeypatch: pytest.MonkeyPatch) -> dict[str, pd.DataFrame]:
    """The forecasts of the held-out days that each candidate but the network is judged by."""
    for module in (fitting, judging):
        monkeypatch.setattr(module, "split_of", lambda *_: split)
    fitted = [fit_part(plan, part) for part in plan.parts("g") if part.kind != LSTM]
    fitted.append({"kind": LSTM, "status": FAILED, "reason": "It was left out.", "seconds": 0.0})
    rows = judge_group(plan, "g", fitted, None)
    assert [row["model_name"] for row in rows if row["status"] != OK] == [LSTM]
    return {
        kind: pd.read_parquet(plan.model("g", kind).folder(plan.folder) / HELD_OUT)
        for kind in (LINEAR, LIGHTGBM, BLEND)
    }


def test_no_truth_that_came_later_shapes_what_a_candidate_is_judged_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the intervals of any, nor the weights of the blend."""
    plans = [replace(PLAN, folder=tmp_path / name / "models") for name in ("one", "two")]
    splits = [split_in_time(days(turn), PLAN, EXAMPLE) for turn in (None, TURN)]
    monkeypatch.setattr(fitting, "split_of", lambda *_: splits[0])
    for part in plans[0].parts("g")[1:]:  # what was learnt from is the same in both
        fit_part(plans[0], part)
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    one, two = (judged(*both, monkeypatch) for both in zip(plans, splits, strict=True))
    quantiles = [name for name in one[BLEND] if name.startswith("q")]
    assert len(quantiles) == len(QUANTILES)
    # Known at the origin of the day so many days later, and not before.
    from_then_on = pd.Timestamp(TURN) + pd.Timedelta(days=DELAY + 1)
    for kind, rows in one.items():
        days_of = rows["valid_time"].dt.tz_localize(None) + pd.Timedelta(hours=1)
        before = (days_of < from_then_on).to_numpy()
        assert before.any() and (~before).any()
        other = two[kind][quantiles].to_numpy()
        assert np.array_equal(rows[quantiles].to_numpy()[before], other[before]), kind
        assert not np.array_equal(rows[quantiles].to_numpy()[~before], other[~before]), kind
