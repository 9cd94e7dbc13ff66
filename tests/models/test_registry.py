"""The registry against a real MLflow on SQLite."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lakehouse.errors import BadInput
from models.lstm import LstmConfig, train
from models.quantiles import QUANTILE_COLUMNS
from models.registry import ModelRecord, Registry, commit
from models.samples import Samples, from_rows
from models.trained import LSTM, Trained

pytestmark = [
    # MLflow 3.17 declares a relation in a way that SQLAlchemy 2.1 deprecates,
    pytest.mark.filterwarnings(
        "ignore:The ``noload`` loader strategy is deprecated:sqlalchemy.exc.SADeprecationWarning"
    ),
    # and warns of a type hint of its own when mlflow.pyfunc is imported.
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred as AnyType:UserWarning"),
]

RECORD = ModelRecord(
    "day_ahead_price",
    "lstm",
    "v1",
    {"held_out.mae": 7.5},
    {"gold.features": 3},
    curves={"by_horizon_mae": [1.0, 2.0, 3.0]},
    params={"train_from": "2024-01-01"},
    pictures={"importance.png": b"a picture"},
)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    folder = tmp_path_factory.mktemp("mlflow")
    return Registry(f"sqlite:///{folder}/mlflow.db", f"file://{folder}/artifacts")


@pytest.fixture(scope="module")
def model(samples: Samples) -> Trained:
    config = LstmConfig(members=1, width=4, encoder_step=24, epochs=2)
    later = samples.forecast_origin >= np.datetime64("2024-04-18")
    fitted = train(samples.select(~later), samples.select(later), config, seed=7)
    return Trained(LSTM, fitted, {name: np.array([1.5, 1.25, 1.0]) for name in fitted.scalings})


@pytest.fixture(scope="module")
def folder(model: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    model.save(folder)
    return folder


@pytest.fixture(scope="module")
def example(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns="target").iloc[[50]]


def test_a_model_is_logged_once_however_often_it_is_asked(registry, folder, example) -> None:
    first = registry.log(folder, RECORD, example)
    assert registry.log(folder, RECORD, example) == first
    assert first.uri == "models:/gridcast-day_ahead_price/1"


def test_a_run_that_was_killed_before_registering_is_replaced(registry, folder, example) -> None:
    client = registry.client()
    tags = {"series_group": "killed", "model_name": "lstm", "model_version": "v1"}
    half = client.create_run(registry.experiment_id(), tags=tags)
    record = ModelRecord("killed", "lstm", "v1", {}, {})
    logged = registry.log(folder, record, example)
    assert logged.run_id != half.info.run_id
    assert client.get_run(half.info.run_id).info.lifecycle_stage == "deleted"


def test_the_run_says_what_it_was_made_of(registry, model, folder, example) -> None:
    logged = registry.log(folder, RECORD, example)
    client = registry.client()
    run = client.get_run(logged.run_id).data
    assert run.params["table.gold.features"] == "3"
    assert run.params["fingerprint"] == model.model.config.fingerprint()
    assert run.params["train_from"] == "2024-01-01"
    assert run.params["commit"] == commit() != ""
    assert run.metrics["held_out.mae"] == 7.5
    by_horizon = client.get_metric_history(logged.run_id, "by_horizon_mae")
    assert [(point.step, point.value) for point in by_horizon] == [(0, 1.0), (1, 2.0), (2, 3.0)]
    [picture] = client.list_artifacts(logged.run_id, "pictures")
    assert picture.path == "pictures/importance.png"
    curve = client.get_metric_history(logged.run_id, "val_loss")
    assert [point.value for point in curve] == [epoch["val_loss"] for epoch in model.model.history]


def test_models_trained_together_lie_below_one_run(registry, folder, example) -> None:
    client = registry.client()
    above = set()
    for name in ("lstm", "linear"):
        record = ModelRecord("together", name, "v1", {}, {})
        run = client.get_run(registry.log(folder, record, example).run_id)
        above.add(run.data.tags["mlflow.parentRunId"])
    [training] = above
    assert client.get_run(training).info.run_name == "together-v1"


def test_the_champion_is_the_version_we_named(registry, folder, example) -> None:
    first = registry.log(folder, RECORD, example)
    second = registry.log(folder, ModelRecord("day_ahead_price", "lstm", "v2", {}, {}), example)
    for version, logged in (("v2", second), ("v1", first), ("v1", first)):
        assert registry.set_champion("day_ahead_price", "lstm", version) == logged
        client = registry.client()
        champion = client.get_model_version_by_alias("gridcast-day_ahead_price", "champion")
        assert str(champion.version) == logged.registered_version
        assert champion.tags["model_version"] == version


def test_where_seasonal_naive_is_in_charge_no_model_is_named(registry, folder, example) -> None:
    registry.clear_champion("day_ahead_price")  # of which MLflow has nothing yet
    registry.log(folder, RECORD, example)
    registry.set_champion("day_ahead_price", "lstm", "v1")
    for _ in range(2):
        registry.clear_champion("day_ahead_price")
        registered = registry.client().get_registered_model("gridcast-day_ahead_price")
        assert "champion" not in registered.aliases


def test_the_challenger_is_named_beside_the_champion(registry, folder, example) -> None:
    first = registry.log(folder, RECORD, example)
    registry.set_champion("day_ahead_price", "lstm", "v1")
    registry.set_challenger("day_ahead_price", "lstm", "v1")
    registry.set_challenger("day_ahead_price", "seasonal_naive", "1")  # which MLflow never has
    for alias in ("champion", "challenger"):
        found = registry.client().get_model_version_by_alias("gridcast-day_ahead_price", alias)
        assert str(found.version) == first.registered_version


def test_a_version_that_is_not_there_cannot_be_champion(registry) -> None:
    with pytest.raises(BadInput, match="lstm v99 of day_ahead_price"):
        registry.set_champion("day_ahead_price", "lstm", "v99")


LOAD = """
import sys
sys.modules["pyspark"] = sys.modules["prefect"] = None  # importing either now fails
import pandas as pd
from models.registry import Registry
rows = pd.read_pickle(sys.argv[4])
model = Registry(sys.argv[1], sys.argv[2]).load(sys.argv[3])
model.predict(rows).to_pickle(sys.argv[5])
"""


def test_it_loads_and_forecasts_where_neither_spark_nor_prefect_can_be_imported(
    registry, model, folder, example, samples: Samples, tmp_path: Path
) -> None:
    logged = registry.log(folder, RECORD, example)
    example.to_pickle(tmp_path / "in.pkl")
    files = [str(tmp_path / "in.pkl"), str(tmp_path / "out.pkl")]
    arguments = [registry.tracking_uri, registry.artifacts, logged.uri, *files]
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", LOAD, *arguments], check=True, cwd=root)
    rows = pd.read_pickle(tmp_path / "out.pkl")
    expected = model.predict(samples.select(np.array([50])))[0][samples.target_mask[50]]
    assert np.array_equal(rows[list(QUANTILE_COLUMNS)].to_numpy(), expected)


def test_half_hours_and_covariates_pass_through_it(
    registry, halves: pd.DataFrame, tmp_path: Path
) -> None:
    samples = from_rows(halves)
    config = LstmConfig(members=1, width=4, epochs=1)
    fitted = train(samples.select(slice(0, 50)), samples.select(slice(50, None)), config, seed=7)
    model = Trained(LSTM, fitted, {})
    model.save(tmp_path / "model")
    halves.drop(columns="target").iloc[[50]].to_parquet(tmp_path / "example.parquet")
    example = pd.read_parquet(tmp_path / "example.parquet")  # as a training leaves it
    logged = registry.log(tmp_path / "model", ModelRecord("home", "lstm", "v1", {}, {}), example)
    rows = registry.load(logged.uri).predict(example)
    expected = model.predict(samples.select(np.array([50])))[0][samples.target_mask[50]]
    assert np.array_equal(rows[list(QUANTILE_COLUMNS)].to_numpy(), expected)
    params = registry.client().get_run(logged.run_id).data.params
    assert (params["resolution_minutes"], params["covariates"]) == ("30", "wind,calm")
