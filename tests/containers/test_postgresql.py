"""Prefect's server, MLflow and a worker, each with its command, user and variables of compose.yaml,
on a real PostgreSQL; the store is moto's."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
import stamina
from moto.server import ThreadedMotoServer

from lakehouse.settings import PROJECT, load_settings
from models.linear import fit
from models.registry import ModelRecord
from models.samples import Samples, from_rows
from models.trained import LINEAR, Trained
from spark_jobs.train import make_registry
from tests.containers.image import Image, image
from tests.containers.postgres import SECRETS, Cluster, cluster
from tests.containers.test_compose import SERVICES, command, health
from tests.models.conftest import daily_shape, sample_row
from tests.serving.dashboards.stage import free_port

pytestmark = [
    pytest.mark.slow,
    # See tests/models/test_registry.py.
    pytest.mark.filterwarnings(
        "ignore:The ``noload`` loader strategy is deprecated:sqlalchemy.exc.SADeprecationWarning"
    ),
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred as AnyType:UserWarning"),
]

_STEPS = "prefect.deployments.steps"
FLOW = """
from prefect import flow

@flow
def double(number: int) -> int:
    return 2 * number
"""


class Composed:
    """Services of compose.yaml without containers: the addresses are those of this machine."""

    def __init__(self, worker: Image, postgres: Cluster, store: int) -> None:
        self.worker = worker
        self.postgres = postgres
        self._ports = {"prefect": free_port(), "mlflow": free_port(), "store": store}
        self._ports["database"] = postgres.port
        self._secrets = SECRETS | {"STORE_ACCESS_KEY": "key", "STORE_SECRET_KEY": "secret"}

    def address(self, name: str) -> str:
        return f"http://127.0.0.1:{self._ports[name]}"

    def environment(self, name: str) -> dict[str, str]:
        """A service's variables, filled in."""
        told: dict[str, str] = SERVICES[name].get("environment", {})
        return {variable: self._here(value) for variable, value in told.items()}

    def words(self, name: str) -> list[str]:
        """A service's command, on the port that it has here."""
        words = command(name)
        if "--port" in words:
            place = words.index("--port") + 1
            words = [*words[:place], str(self._ports[name]), *words[place + 1 :]]
        return words

    def check(self, name: str, patience: float = 150.0) -> None:
        """Return once a service's health check says that it is well."""
        told = [re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{self._ports.get(name)}", word)
                for word in health(name)]  # fmt: skip
        for attempt in stamina.retry_context(on=AssertionError, timeout=patience, attempts=None):
            with attempt:
                seen = self.worker.run(told, **self.environment(name))
                assert seen.returncode == 0, f"{name}: {seen.stderr}\n{self.worker.log()[-3000:]}"

    def _here(self, value: str) -> str:
        for name, secret in self._secrets.items():
            value = re.sub(rf"\$\{{{name}(:[^}}]*)?\}}", secret, value)
        value = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)
        value = value.replace("/tmp", str(self.worker.tmp))
        for name, port in self._ports.items():
            value = re.sub(rf"(?<=//|.@){name}:\d+", f"127.0.0.1:{port}", value)
        return value


@pytest.fixture(scope="module")
def composed() -> Iterator[Composed]:
    """Started in the order of compose.yaml, each once the health checks before it were well."""
    with ExitStack() as stack:
        store = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        store.start()
        stack.callback(store.stop)
        worker = stack.enter_context(image("worker", None))
        found = Composed(worker, stack.enter_context(cluster()), store.get_host_and_port()[1])
        for once in ("bucket", "tables"):
            done = worker.run(command(once), **found.environment(once))
            assert done.returncode == 0, done.stderr
        for name in ("prefect", "mlflow"):
            stack.enter_context(worker.running(found.words(name), **found.environment(name)))
        for name in ("prefect", "mlflow"):
            found.check(name)
        stack.enter_context(worker.running(command("worker"), **found.environment("worker")))
        found.check("worker")
        yield found


def asked(composed: Composed, path: str, **body: Any) -> Any:
    answer = httpx.post(f"{composed.address('prefect')}/api/{path}", json=body, timeout=60)
    assert answer.is_success, answer.text
    return answer.json()


def test_the_worker_has_registered_every_deployment(composed: Composed) -> None:
    told = (PROJECT / "deployments" / "prefect.yaml").read_text()
    names = set(re.findall(r"^  - name: (\w+)$", told, flags=re.M))
    assert {one["name"] for one in asked(composed, "deployments/filter")} == names
    assert set(composed.postgres.rows("prefect", "SELECT name FROM deployment")) == names


def test_a_flow_runs_in_the_worker_and_its_end_is_in_the_database(composed: Composed) -> None:
    folder = composed.worker.tmp
    (folder / "doubled.py").write_text(FLOW)
    flow = asked(composed, "flows/", name="double")
    deployment = asked(
        composed, "deployments/", name="doubled", flow_id=flow["id"],
        entrypoint="doubled.py:double", work_pool_name="gridcast-local",
        pull_steps=[{f"{_STEPS}.set_working_directory": {"directory": str(folder)}}],
    )  # fmt: skip
    run = asked(
        composed, f"deployments/{deployment['id']}/create_flow_run", parameters={"number": 21}
    )
    ended = f"SELECT state_type FROM flow_run WHERE id = '{run['id']}'"
    for attempt in stamina.retry_context(on=AssertionError, timeout=120, attempts=None):
        with attempt:
            assert composed.postgres.rows("prefect", ended) == ["COMPLETED"], composed.worker.log()[
                -3000:
            ]


def test_a_model_is_registered_and_read_back(
    composed: Composed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = pd.date_range("2024-03-01", periods=60).strftime("%Y-%m-%d")
    frame = pd.DataFrame([sample_row(day, daily_shape) for day in days])
    samples: Samples = from_rows(frame)
    model = Trained(LINEAR, fit(samples, [28, 40]), {"dk1.test": np.array([2.0, 1.5, 1.0])})
    model.save(tmp_path)
    for name, value in composed.environment("worker").items():
        if name.startswith("GRIDCAST_"):
            monkeypatch.setenv(name, value)
    registry = make_registry(load_settings(lakehouse=tmp_path / "not used"))
    example = frame.drop(columns="target").iloc[[50]]
    record = ModelRecord("town", LINEAR, "v1", {"held_out.mae": 7.5}, {})
    logged = registry.log(tmp_path, record, example)
    registry.set_champion("town", LINEAR, "v1")
    forecast = registry.load("models:/gridcast-town@champion").predict(example)
    expected = model.predict(samples.select(np.array([50])))[0][samples.target_mask[50]]
    np.testing.assert_array_equal(forecast.filter(regex=r"^q\d\d$").to_numpy(), expected)
    assert registry.client().get_run(logged.run_id).data.metrics == {"held_out.mae": 7.5}
    aliases = "SELECT name, alias, version FROM registered_model_aliases"
    assert composed.postgres.rows("mlflow", aliases) == ["gridcast-town|champion|1"]


@pytest.mark.parametrize(("host", "status"), [("mlflow:5000", 200), ("elsewhere.example", 403)])
def test_mlflow_answers_who_calls_it_as_the_worker_does(
    composed: Composed, host: str, status: int
) -> None:
    path = f"{composed.address('mlflow')}/api/2.0/mlflow/experiments/get-by-name"
    answer = httpx.get(path, params={"experiment_name": "Default"}, headers={"Host": host})
    assert answer.status_code == status


def test_a_database_lets_only_its_owner_in(composed: Composed) -> None:
    may = "SELECT has_database_privilege('mlflow', 'prefect', 'connect')"
    assert composed.postgres.rows("prefect", may) == ["f"]
