"""The small images answer with their files, packages, user and variables, and no others."""

import socket
from collections.abc import Iterator

import httpx
import numpy as np
import pandas as pd
import pytest
import stamina

from lakehouse.arrow import ArrowTables
from lakehouse.settings import PROJECT
from lakehouse.tables import TABLES
from models import boosted_trees, lstm
from models.blend import Blend
from models.boosted_trees import TreesConfig
from models.linear import fit
from models.lstm import LstmConfig
from models.samples import Samples, from_rows
from models.trained import BLEND, LIGHTGBM, LINEAR, LSTM, Trained
from serving.scorer.champion import Champion, bake
from tests.containers.image import Image, image
from tests.models.conftest import daily_shape, sample_row
from tests.serving.scorer.test_scorer import asked

LOCKS = PROJECT / "deployments" / "containers"
HEAVY = ["pyspark", "tensorflow", "keras", "mlflow", "prefect"]


@pytest.fixture(scope="module", params=["api", "dashboards", "scorer"])
def small(request: pytest.FixtureRequest) -> Iterator[Image]:
    with image(request.param, LOCKS / f"{request.param}.lock") as found:
        _filled(found)
        yield found


def _filled(small: Image) -> None:
    """What the volume, or the build, brings: empty tables; a champion."""
    ArrowTables(small.data / "lakehouse").create_missing(TABLES)
    if small.stage.name == "scorer":
        days = pd.date_range("2024-03-01", periods=60).strftime("%Y-%m-%d")
        samples = from_rows(pd.DataFrame([sample_row(day, daily_shape) for day in days]))
        saved = small.tmp / "saved"
        Trained(BLEND, _of_every_kind(samples), {"dk1.test": np.ones(3)}).save(saved)
        bake(Champion("test", BLEND, "1"), saved, small.app / "champion")


def _of_every_kind(samples: Samples) -> Blend:
    """A small blend: each of its models needs packages of its own."""
    network = LstmConfig(members=1, width=4, encoder_step=24, epochs=1)
    trees = TreesConfig(trees=6, outer_trees=3)
    each = {
        LINEAR: fit(samples, [28, 40]),
        LIGHTGBM: boosted_trees.train(samples, trees, seed=1),
        LSTM: lstm.train(samples, None, network, seed=1),
    }
    return Blend(each, {LINEAR: 0.5, LIGHTGBM: 0.2, LSTM: 0.3})


def test_its_command_answers_and_its_health_check_sees_it(small: Image) -> None:
    port = str(_free_port())
    [told] = [str(port) for port in small.stage.ports]
    command = [port if word == told else word for word in small.stage.command]
    check = [word.replace(f":{told}/", f":{port}/") for word in small.stage.health]
    assert small.run(check).returncode == 1
    with small.running(command) as process:
        for attempt in stamina.retry_context(on=AssertionError, timeout=90, attempts=None):
            with attempt:
                assert process.poll() is None or pytest.fail(small.log())
                seen = small.run(check)
                assert seen.returncode == 0, seen.stderr
        _asked(small.stage.name, f"http://127.0.0.1:{port}", small)
    assert "Traceback" not in small.log()


def _asked(name: str, address: str, small: Image) -> None:
    if name == "api":
        found = httpx.get(f"{address}/v1/series", timeout=30)
        assert (found.status_code, found.json()["data"]) == (200, [])
    elif name == "dashboards":
        assert "Streamlit" in httpx.get(address, timeout=30).text
    else:
        assert httpx.get(f"{address}/health", timeout=30).json()["model_name"] == BLEND
        request = asked(pd.DataFrame([sample_row("2024-05-02", daily_shape)]))
        answered = httpx.post(f"{address}/v1/forecast", json=request, timeout=120)
        assert answered.status_code == 200, f"{answered.text}\n{small.log()}"
        assert all(row["q50"] is not None for row in answered.json()["forecasts"])


@pytest.mark.parametrize("module", HEAVY)
def test_what_is_heavy_is_not_in_it(small: Image, module: str) -> None:
    told = small.run(["python", "-c", f"import {module}"])
    if small.stage.name == "scorer" and module in ("tensorflow", "keras"):
        assert told.returncode == 0, told.stderr
    else:
        assert f"No module named '{module}'" in told.stderr


def test_it_may_write_only_where_it_is_told_to(small: Image) -> None:
    tried = "import pathlib, sys; pathlib.Path(sys.argv[1], 'new').touch()"
    assert small.run(["python", "-c", tried, str(small.tmp)]).returncode == 0
    for folder in (small.app, small.app / "lakehouse", small.python.parent):
        assert "Permission denied" in small.run(["python", "-c", tried, str(folder)]).stderr


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
