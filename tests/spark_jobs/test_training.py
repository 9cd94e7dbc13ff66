"""Each group is trained once, on what was known before the days it is judged on."""

import shutil
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession

from lakehouse.catalogue import Catalogue
from lakehouse.settings import Settings
from lakehouse.tables.gold import BACKTESTS, PROMOTIONS, TRAINING_RUNS
from models.lstm import LstmConfig
from models.samples import from_rows
from models.trained import load as load_trained
from spark_jobs import judging, train
from spark_jobs.champions import Model
from spark_jobs.dense import dense_rows
from spark_jobs.features import training_set
from spark_jobs.fitting import fit_part
from spark_jobs.judging import judge_group
from spark_jobs.training_plan import Plan
from tests.small_lakehouse import SmallLakehouse, forget_logs, utc
from tests.spark_jobs.world import PRICE, settle, town_catalogue, town_rows, with_home

AS_OF = utc("2024-10-30 08:30")
PLAN = Plan("v", Path(), date(2024, 6, 1), 60, 14, 7, LstmConfig(epochs=1, members=1, width=4))


def by_itself(plan: Plan, group: str, champion: Model | None = None) -> list[dict[str, Any]]:
    """A group fitted and judged here, not on Spark."""
    fitted = [fit_part(plan, part) for part in plan.parts(group)]
    return judge_group(plan, group, fitted, champion)


def test_a_group_that_breaks_is_told_of_and_does_not_raise(tmp_path: Path) -> None:
    plan = replace(PLAN, folder=tmp_path / "models")
    lies = plan.samples_folder / "series_group=price"
    lies.mkdir(parents=True)
    pd.DataFrame([{"target_time": "nonsense"}]).to_parquet(lies / "samples.parquet")
    rows = by_itself(plan, "price")
    assert [row["model_name"] for row in rows] == list(KINDS)
    for row in rows[:3]:
        assert (row["status"], row["series_group"]) == ("failed", "price")
        assert "KeyError" in row["reason"]
        assert ".py:" in row["reason"]
    assert (rows[3]["status"], rows[3]["reason"][:24]) == ("skipped", "A blend needs two models")


KINDS = ("linear", "lightgbm", "lstm", "blend")
GROUPS = ("load", "price", "home")


@dataclass(frozen=True)
class Town:
    """A town whose groups were trained once, and the rows that the training returned."""

    small: SmallLakehouse
    settings: Settings
    catalogue: Catalogue
    ran: list[dict[str, Any]]

    @property
    def plan(self) -> Plan:
        return train.make_plan(self.settings, self.catalogue, AS_OF)

    def status(self, kind: str) -> list[dict[str, Any]]:
        """The rows of a kind of model, in the order of GROUPS."""
        rows = {row["series_group"]: row for row in self.ran if row["model_name"] == kind}
        return [rows[group] for group in GROUPS]


def train_all(
    small: SmallLakehouse, catalogue: Catalogue, settings: Settings
) -> list[dict[str, Any]]:
    return train.run(small.tables, small.arrow, catalogue, settings, GROUPS, AS_OF, "run")


@pytest.fixture(scope="module")
def town(
    spark: SparkSession, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    small = SmallLakehouse.create(spark, tmp_path_factory.mktemp("town") / "lakehouse")
    catalogue = with_home(town_catalogue())
    settle(small, catalogue, town_rows(catalogue))
    here = settings.model_copy(
        update={"lakehouse": small.folder, "holdout_days": 14, "train_days": 40}
    )
    with warnings.catch_warnings():
        # MLflow 3.17 warns of a type hint of its own when mlflow.pyfunc is imported.
        warnings.filterwarnings("ignore", ".*Any type hint is inferred as AnyType", UserWarning)
        ran = train_all(small, catalogue, here)
    yield Town(small, here, catalogue, ran)
    forget_logs(spark)


@dataclass(frozen=True)
class ByHand:
    """One group trained by calls of the tasks' functions, here and not on Spark."""

    plan: Plan
    rows: list[dict[str, Any]]


@pytest.fixture(scope="module")
def by_hand(town: Town, tmp_path_factory: pytest.TempPathFactory) -> ByHand:
    days = (date(2024, 9, 2), town.plan.as_of_day + timedelta(days=1))
    seen = training_set(town.small.tables, town.catalogue, "price", *days, AS_OF)
    plan = replace(town.plan, folder=tmp_path_factory.mktemp("here") / "models")
    seen.write.parquet(str(plan.samples_folder / "series_group=price"))
    return ByHand(plan, by_itself(plan, "price"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_group_with_too_little_history_is_skipped_and_stops_no_other(
    town: Town, kind: str
) -> None:
    load, price, home = town.status(kind)
    assert load["status"] == "skipped"
    if kind != "blend":
        assert "town.load" in load["reason"]
        assert "28 are needed" in load["reason"]
    assert price["status"] == "ok"
    assert price["holdout_to"] - price["holdout_from"] == timedelta(days=13)
    assert price["train_to"] < price["holdout_from"]
    # Half-hours, with a covariate, of a series without a place.
    assert (home["status"], home["reason"][:10]) == ("ok", "Trained on")


def test_each_candidate_has_a_row_and_each_model_a_run_in_mlflow(town: Town) -> None:
    asked = [(group, kind) for group in GROUPS for kind in KINDS]
    assert [(row["series_group"], row["model_name"]) for row in town.ran] == asked
    held = town.small.rows(TRAINING_RUNS)
    assert {(row["series_group"], row["model_name"]) for row in held} == set(asked)
    logged = {row["mlflow_run_id"] for row in town.ran if row["status"] == "ok"}
    assert len(logged) == 8 and None not in logged


def test_candidates_are_judged_in_turn_and_fourteen_days_are_too_few(town: Town) -> None:
    decisions = sorted(
        (row for row in town.small.rows(PROMOTIONS) if row["series_group"] == "price"),
        key=lambda row: row["turn"],
    )
    assert [row["candidate_model"] for row in decisions] == list(KINDS)
    for decision in decisions:
        assert decision["decided_at"] == AS_OF
        assert decision["promoted"] is False
        assert decision["champion_model"] == decision["incumbent_model"] == "seasonal_naive"
        assert (decision["n_days"], decision["p_value"]) == (14, None)
        assert "14 days beside seasonal_naive 1, 28 are needed" in decision["reason"]


def test_every_held_out_day_is_kept_of_every_model(town: Town) -> None:
    days = [row for row in town.small.rows(BACKTESTS) if row["series_group"] == "price"]
    assert {row["model_name"] for row in days} == {*KINDS, "seasonal_naive"}
    assert len(days) == 5 * 14 and {row["n"] for row in days} <= {23, 24, 25}
    assert all(row["n_in_80"] <= row["n_in_90"] <= row["n"] for row in days)
    _, price, _ = town.status("lstm")
    mae = {
        model: sum(r["sum_abs"] for r in days if r["model_name"] == model)
        for model in ("lstm", "seasonal_naive")
    }
    assert price["mae"] == pytest.approx(mae["lstm"] / mae["seasonal_naive"])


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_function_called_here_makes_the_same_model(
    town: Town, by_hand: ByHand, kind: str
) -> None:
    assert {row["status"] for row in by_hand.rows} == {"ok"}, by_hand.rows
    lies = by_hand.plan.samples_folder / "series_group=price"
    samples = from_rows(dense_rows(pd.read_parquet(lies)))
    assert set(samples.series_id) == {PRICE}
    on_spark, here = (
        load_trained(plan.model("price", kind).folder(plan.folder)).predict(samples)
        for plan in (town.plan, by_hand.plan)
    )
    np.testing.assert_array_equal(on_spark, here)


def test_who_is_in_charge_is_judged_on_the_same_days(by_hand: ByHand) -> None:
    plan = by_hand.plan
    old = replace(plan, model_version="old").model("price", "lstm")
    shutil.copytree(plan.model("price", "lstm").folder(plan.folder), old.folder(plan.folder))
    rows = by_itself(plan, "price", old)[0]["backtests"]
    assert {(row["model_name"], row["model_version"]) for row in rows} == {
        ("seasonal_naive", "1"),
        ("lstm", "old"),
        *((kind, plan.model_version) for kind in KINDS),
    }
    kept = [row for row in rows if row["model_version"] != "old"]
    assert kept == by_hand.rows[0]["backtests"]


def test_when_its_time_is_used_up_nothing_is_judged_and_the_next_start_goes_on(
    by_hand: ByHand, tmp_path: Path
) -> None:
    late = replace(by_hand.plan, folder=tmp_path / "models", deadline=0.0)
    shutil.copytree(by_hand.plan.samples_folder, late.samples_folder)
    linear = late.parts("price")[-1]
    assert fit_part(replace(late, deadline=None), linear)["status"] == "ok"
    rows = by_itself(late, "price")
    assert {row["status"] for row in rows} == {"unfinished"}
    assert all("goes on from what is done" in row["reason"] for row in rows)
    assert {row["backtests"] for row in rows} == {None}
    made = [folder.name for folder in late.folder.glob("price/*/*")]
    assert made == [late.part_folder(linear).name]
    again = fit_part(replace(late, deadline=None), linear)
    assert (again["status"], again["reason"]) == ("ok", "It was there.")


def test_a_run_in_mlflow_tells_of_horizons_inputs_and_the_window(town: Town) -> None:
    _, price, _ = town.status("blend")
    run = train.make_registry(town.settings).client().get_run(price["mlflow_run_id"])
    assert run.data.params["train_to"] == str(price["train_to"])
    assert sum(float(run.data.params[f"share.{k}"]) for k in KINDS[:3]) == pytest.approx(1.0)
    figures = run.data.metrics
    assert figures[f"by_horizon_mae.{PRICE}"] >= 0.0
    assert {"importance.past_values", "importance.calendar"} <= set(figures)
    assert run.data.tags["mlflow.parentRunId"]


def test_where_the_days_cannot_be_judged_nothing_is_decided(
    by_hand: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ValueError("no judge today")

    monkeypatch.setattr(judging, "_daily_losses", broken)
    failed = by_itself(by_hand.plan, "price")
    assert {row["status"] for row in failed} == {"failed"}
    assert all("no judge today" in row["reason"] for row in failed)


def test_again_at_the_same_moment_nothing_is_trained_and_nothing_written(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(train, "train_groups", never)
    again = train_all(town.small, town.catalogue, town.settings)
    assert [row["status"] for row in again] == [row["status"] for row in town.ran]
    assert len(town.small.rows(TRAINING_RUNS)) == 12
    assert len(town.small.rows(PROMOTIONS)) == 8
