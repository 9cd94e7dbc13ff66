"""A search judges configurations on days that training neither learns from nor holds out."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import optuna
import pytest
from mlflow import MlflowClient
from pyspark.sql import SparkSession

from lakehouse.catalogue import Catalogue
from lakehouse.errors import BadInput, ConfigError
from lakehouse.settings import Settings
from models import tuning
from models.lstm import LstmConfig
from models.tuning import Study, Trial
from models.tuning_log import EXPERIMENT
from models.windows import Inputs
from spark_jobs import tune
from spark_jobs.train import make_plan, make_registry
from spark_jobs.tuned import keep, tuned
from tests.small_lakehouse import SmallLakehouse, forget_logs, utc
from tests.spark_jobs.world import settle, town_catalogue, town_rows

AS_OF = utc("2024-10-30 08:30")
ASKED = tune.Asked(2, timedelta(minutes=30), cuts=2, days=4)


@pytest.fixture(scope="module")
def town() -> Catalogue:
    return town_catalogue()


@pytest.fixture(scope="module")
def small(
    spark: SparkSession, town: Catalogue, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SmallLakehouse]:
    made = SmallLakehouse.create(spark, tmp_path_factory.mktemp("tuned") / "lakehouse")
    settle(made, town, town_rows(town))
    yield made
    forget_logs(spark)


@pytest.fixture(scope="module")
def here(settings: Settings, small: SmallLakehouse) -> Settings:
    return settings.model_copy(update={"lakehouse": small.folder, "holdout_days": 7})


@pytest.fixture(autouse=True)
def _little_history(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "_LEAST_DAYS", 28)


# MLflow and its store warn of what is theirs.
@pytest.mark.filterwarnings("default")
def test_a_search_that_was_interrupted_goes_on_and_is_in_mlflow_once(
    small: SmallLakehouse, town: Catalogue, here: Settings
) -> None:
    def interrupt(done: int, wanted: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    def ask(told: tuning.Told) -> tune.Found:
        return tune.run(small.tables, town, here, "price", AS_OF, ASKED, told)

    with pytest.raises(KeyboardInterrupt):
        ask(interrupt)
    storage = f"sqlite:///{here.lakehouse / 'mlflow' / 'optuna.db'}"
    [name] = optuna.get_all_study_names(storage)
    # A process that is killed amid a trial leaves it running.
    optuna.load_study(study_name=name, storage=storage).ask()
    heard: list[int] = []
    found = ask(lambda done, wanted: heard.append(done))
    states = [trial.state for trial in found.study.trials]
    assert heard == [1, 2] and states[:2] == ["complete", "fail"] and len(states) == 3
    defaults = found.study.defaults
    # Prices are known up to the target day: few inputs suit them.
    few = Inputs(level_hours=24, weeks_back=1, means=False, day_waves=2, year_waves=1)
    assert defaults and defaults.config == replace(LstmConfig(), inputs=few, encoder_step=12)
    assert list(defaults.by_cut) == [0, 1] and (defaults.loss or 0.0) > 0.0
    assert ask(lambda done, wanted: None).study == found.study
    client = MlflowClient(make_registry(here).tracking_uri)
    runs = client.search_runs([client.get_experiment_by_name(EXPERIMENT).experiment_id])
    nested = [run for run in runs if run.data.tags.get("mlflow.parentRunId")]
    assert len(runs) == 4 and {run.data.tags["trial"] for run in nested} == {"0", "1", "2"}
    [parent] = [run for run in runs if run not in nested]
    assert parent.info.run_id == found.mlflow_run_id
    assert parent.data.metrics["loss_defaults"] == defaults.loss


def test_nothing_is_seen_that_the_first_held_out_origin_did_not_know(
    small: SmallLakehouse, town: Catalogue, here: Settings
) -> None:
    """The newest known price is of 30 October, so seven days from the 24th on are held out."""
    replay = tune._validation(
        small.tables, town, here, "price", AS_OF, tuning.Judging(2, 4, 100, 7)
    )
    assert replay.about.as_of == "2024-10-23T07:30:00Z"
    assert replay.days[-1].isoformat() == replay.about.last_day == "2024-10-23"
    with pytest.raises(BadInput, match="Build more history first"):
        tuning._cuts(replay, tuning.Judging(4, 14))


def test_the_next_training_takes_what_beats_the_defaults_and_only_that(
    town: Catalogue, settings: Settings, tmp_path: Path
) -> None:
    here = settings.model_copy(update={"lakehouse": tmp_path})
    base = LstmConfig(members=1, epochs=1)  # as `settings` shortens every training
    other = tuning.with_parameters(base, {"width": 16, "weeks_back": 1})
    before = make_plan(here, town, AS_OF)
    trials = (Trial(0, "complete", base, 0.9, {}), Trial(1, "complete", other, 0.8, {}))
    assert keep(tmp_path, "price", Study("s", trials))
    plan = make_plan(here, town, AS_OF)
    assert plan.config_of("price") == other and plan.model_version != before.model_version
    assert not keep(tmp_path, "price", Study("s", trials[:1]))
    assert make_plan(here, town, AS_OF) == before
    (tmp_path / "tuned.toml").write_text("[price.parameters]\nheight = 3\n")
    with pytest.raises(ConfigError, match=r"has \['height'\] for price"):
        tuned(tmp_path, base)
