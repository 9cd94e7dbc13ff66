"""A champion in a folder answers as the model itself would, without Spark, MLflow and Prefect."""

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest

from lakehouse.errors import BadInput
from lakehouse.settings import PROJECT
from models import lstm
from models.blend import Blend
from models.linear import fit
from models.lstm import LstmConfig
from models.quantiles import QUANTILE_COLUMNS
from models.samples import Samples, from_rows
from models.trained import BLEND, LINEAR, LSTM, Trained
from serving.scorer.champion import Champion, bake
from tests.models.conftest import daily_shape, sample_row, wind

WHO = Champion("consumption", BLEND, "2024-10-01")
DAYS = pd.date_range("2024-03-01", periods=60).strftime("%Y-%m-%d")


def rows(minutes: int = 60, **more: Any) -> pd.DataFrame:
    return pd.DataFrame([sample_row(day, daily_shape, minutes=minutes, **more) for day in DAYS])


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return rows()


@pytest.fixture(scope="module")
def trained(frame: pd.DataFrame) -> Trained:
    """A small blend: it holds a model with TensorFlow and one without."""
    samples = from_rows(frame)
    config = LstmConfig(members=1, width=4, encoder_step=24, epochs=1)
    each = {LINEAR: fit(samples, [28, 40]), LSTM: lstm.train(samples, None, config, seed=1)}
    stretch = {"dk1.test": np.array([2.0, 1.5, 1.0])}
    return Trained(BLEND, Blend(each, {LINEAR: 0.4, LSTM: 0.6}), stretch)


@pytest.fixture(scope="module")
def folder(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    work = tmp_path_factory.mktemp("scorer")
    trained.save(work / "saved")
    bake(WHO, work / "saved", work / "champion")
    return work / "champion"


@contextmanager
def answering(folder: Path, scratch: Path) -> Iterator[httpx.Client]:
    """A scorer in a process of its own, in which none of what it is to do without can be
    imported."""
    (scratch / "sitecustomize.py").write_text(
        "import sys\n"
        "for name in ('pyspark', 'delta', 'mlflow', 'prefect', 'deltalake'):\n"
        "    sys.modules[name] = None\n"
    )
    command = [sys.executable, "-m", "serving.scorer", str(folder), "--port", "0"]
    environment = {"PYTHONPATH": f"{scratch}:{PROJECT}", "PATH": "/usr/bin:/bin"}
    process = subprocess.Popen(
        command, cwd=scratch, env=environment, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr
        address = process.stderr.readline().split()[-1]
        with httpx.Client(base_url=address.removesuffix("/v1/forecast"), timeout=120) as client:
            yield client
    finally:
        process.terminate()
        process.communicate(timeout=30)


@pytest.fixture(scope="module")
def scorer(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with answering(folder, tmp_path_factory.mktemp("scratch")) as client:
        yield client


def asked(frame: pd.DataFrame) -> dict[str, Any]:
    """The request for some sample rows."""
    return {"samples": [_plain(row) for row in frame.drop(columns="target").to_dict("records")]}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | np.ndarray):
        return [_plain(inner) for inner in value]
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if isinstance(value, float) and math.isnan(value):
        return None
    return value.item() if isinstance(value, np.generic) else value


def quantiles(answer: dict[str, Any]) -> np.ndarray:
    return np.array([[row[name] for name in QUANTILE_COLUMNS] for row in answer["forecasts"]])


def expected(model: Trained, samples: Samples) -> np.ndarray:
    return model.predict(samples)[samples.target_mask]


def test_it_answers_as_the_model_does(
    scorer: httpx.Client, trained: Trained, frame: pd.DataFrame
) -> None:
    across_the_clock_change = frame.iloc[28:33]
    answered = scorer.post("/v1/forecast", json=asked(across_the_clock_change))
    assert answered.status_code == 200, answered.text
    told = answered.json()
    assert (told["series_group"], told["model_name"], told["model_version"]) == tuple(
        vars(WHO).values()
    )
    assert len(told["forecasts"]) == 4 * 24 + 23
    np.testing.assert_array_equal(
        quantiles(told), expected(trained, from_rows(across_the_clock_change))
    )
    assert told["forecasts"][0]["valid_time"] == "2024-03-28T23:00:00Z"


def test_what_is_not_known_is_null(scorer: httpx.Client, trained: Trained) -> None:
    late = rows(delay_hours=9 * 24.0).iloc[[40]]
    request = asked(late)
    assert None in request["samples"][0]["past_value"]
    answered = scorer.post("/v1/forecast", json=request)
    np.testing.assert_array_equal(quantiles(answered.json()), expected(trained, from_rows(late)))


def test_half_hours_and_covariates_reach_the_model(tmp_path: Path) -> None:
    halves = rows(minutes=30, covariates={"wind": wind})
    samples = from_rows(halves)
    config = LstmConfig(members=1, width=4, epochs=1)
    model = Trained(LSTM, lstm.train(samples, None, config, seed=1), {})
    model.save(tmp_path / "saved")
    bake(WHO, tmp_path / "saved", tmp_path / "champion")
    with answering(tmp_path / "champion", tmp_path) as scorer:
        answered = scorer.post("/v1/forecast", json=asked(halves.iloc[[50]]))
    np.testing.assert_array_equal(
        quantiles(answered.json()), expected(model, samples.select(np.array([50])))
    )


def test_health_names_the_champion(scorer: httpx.Client) -> None:
    assert scorer.get("/health").json() == {"status": "ok", **vars(WHO)}


def test_samples_that_the_model_cannot_read_are_told_of(
    scorer: httpx.Client, frame: pd.DataFrame
) -> None:
    request = asked(frame.iloc[[0]])
    request["samples"][0]["series_id"] = "dk9.unknown"
    answered = scorer.post("/v1/forecast", json=request)
    assert answered.status_code == 422
    assert answered.headers["content-type"] == "application/problem+json"
    assert "asked for ['dk9.unknown']" in answered.json()["detail"]


def test_lists_of_another_length_are_told_of(scorer: httpx.Client, frame: pd.DataFrame) -> None:
    request = asked(frame.iloc[[0]])
    del request["samples"][0]["cloud_cover"][3]
    answered = scorer.post("/v1/forecast", json=request)
    assert answered.status_code == 422
    assert "cloud_cover has 23 values" in answered.json()["detail"]


def test_a_folder_without_a_champion_is_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "serving.scorer", str(tmp_path)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("scorer: Expected champion.json in ")
    assert "gridcast export-champion" in done.stderr


def test_a_folder_that_holds_something_is_left_alone(folder: Path) -> None:
    before = json.loads((folder / "champion.json").read_text())
    with pytest.raises(BadInput, match="to be an empty folder"):
        bake(Champion("other", LINEAR, "1"), folder / "model", folder)
    assert json.loads((folder / "champion.json").read_text()) == before
