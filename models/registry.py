"""Trained models in MLflow: one run and one registered version per (series group, model version).

MLflow is a mirror that people can browse; gold.promotions is the truth about who was champion.
Needs a database behind the tracking address (MLflow refuses its file store). Log from the driver
only: executors cannot reach SQLite.
"""

import io
import logging
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from lakehouse.errors import BadInput, SetupError
from models import mlflow_store
from models.quantiles import QUANTILE_COLUMNS
from models.samples import CALENDAR, COLUMNS, COVARIATES
from models.trained import training_figures

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # before the first import: it phones at once

CHAMPION, CHALLENGER = "champion", "challenger"
NESTED_IN = "mlflow.parentRunId"
_PACKAGES = ("tensorflow", "keras", "lightgbm", "scikit-learn", "scipy", "numpy", "pandas")
_TIMES = ("forecast_origin", "past_start", "target_time")
_TEXTS = ("series_id", "timezone")
_NAMES = "covariates"
#: What an address may carry before its host, and how much of a fault is told.
_SECRET = re.compile(r"//[^/@\s]*@")
_SAID = 200


@dataclass(frozen=True)
class ModelRecord:
    """What is written beside a trained model. Versions of tables are hints within retention."""

    series_group: str
    model_name: str
    model_version: str
    metrics: Mapping[str, float]  # of the validation or held-out days; the names say which
    table_versions: Mapping[str, int]
    curves: Mapping[str, Sequence[float]] = field(default_factory=dict)  # by step, from 0
    params: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, bytes] = field(default_factory=dict)  # by file name


@dataclass(frozen=True)
class Logged:
    """Where MLflow keeps a model; registered_version is MLflow's own count, not ours."""

    run_id: str
    registered_version: str
    uri: str


@dataclass(frozen=True)
class Registry:
    """tracking_uri: such as sqlite:////data/mlflow.db; artifacts: such as file:///data/mlflow."""

    tracking_uri: str
    artifacts: str
    experiment: str = "gridcast"

    def prepare(self) -> None:
        """Import MLflow and make its tables: seconds that can pass while something else works.

        Raises SetupError where the store cannot be read, or does not answer.
        """
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        try:
            self.experiment_id()
        except (MlflowException, SQLAlchemyError) as fault:
            said = str(fault).splitlines()[0][:_SAID]
            raise SetupError(
                f"Expected the MLflow store {_SECRET.sub('//', self.tracking_uri)}; it cannot be "
                f"read: {_SECRET.sub('//', said)}. Restore it from a copy or start its server, "
                "then run 'gridcast run train' again: what has been fitted is kept and is logged "
                "then."
            ) from fault

    def log(self, folder: Path, record: ModelRecord, example: pd.DataFrame) -> Logged:
        """Log and register the model that `Trained.save` wrote into `folder`.

        A second call with the same record returns the first's result. example: one or a few
        sample rows, kept as the input example. TensorFlow is not needed for it.
        """
        mlflow = self._mlflow()
        tags = {
            "series_group": record.series_group,
            "model_name": record.model_name,
            "model_version": record.model_version,
        }
        found = self._find(record.series_group, record.model_name, record.model_version)
        if found:
            return found
        experiment_id = self.experiment_id()
        self._drop_unregistered(experiment_id, tags)
        nested = tags | {NESTED_IN: self._training(record)}
        name = f"{record.model_name}-{record.model_version}"
        with mlflow.start_run(experiment_id=experiment_id, run_name=name, tags=nested) as run:
            self._log_figures(run.info.run_id, folder, record)
            self._log_pictures(run.info.run_id, record)
            uri = _log_model(mlflow, folder, example)
            with redirect_stderr(io.StringIO()):  # it prints its success there
                registered = mlflow.register_model(
                    uri, registered_name(record.series_group), tags=tags
                )
        return _logged(registered)

    def set_champion(self, series_group: str, model_name: str, model_version: str) -> Logged:
        """Point the alias `champion` at a model of ours. Raises BadInput if it is not there."""
        found = self._find(series_group, model_name, model_version)
        if not found:
            raise BadInput(
                f"expected {model_name} {model_version} of {series_group} in {self.tracking_uri}; "
                "it is not registered. Run 'gridcast run train --group "
                f"{series_group}', then promote again."
            )
        self._point(CHAMPION, series_group, found)
        return found

    def clear_champion(self, series_group: str) -> None:
        """Take the alias `champion` off the group's models: seasonal naive, which has none, is in
        charge."""
        client, name = self.client(), registered_name(series_group)
        if client.search_registered_models(f"name = '{name}'"):
            client.delete_registered_model_alias(name, CHAMPION)

    def set_challenger(self, series_group: str, model_name: str, model_version: str) -> None:
        """Point the alias `challenger` at a model of ours, if it is there."""
        found = self._find(series_group, model_name, model_version)
        if found:
            self._point(CHALLENGER, series_group, found)

    def load(self, uri: str) -> Any:
        """The pyfunc at a `Logged.uri` or `models:/gridcast-<group>@champion`."""
        return self._mlflow().pyfunc.load_model(uri)

    def _mlflow(self) -> Any:
        import mlflow

        logging.getLogger("mlflow").setLevel(logging.ERROR)
        if self.tracking_uri.startswith(mlflow_store.SQLITE):
            mlflow_store.make(Path(self.tracking_uri.removeprefix(mlflow_store.SQLITE)))
        mlflow.set_tracking_uri(self.tracking_uri)
        mlflow.set_registry_uri(self.tracking_uri)
        return mlflow

    def client(self) -> Any:
        """MLflow's own client of the store."""
        return self._mlflow().MlflowClient()

    def experiment_id(self) -> str:
        """MLflow's id of the experiment, which is made if need be."""
        client = self.client()
        found = client.get_experiment_by_name(self.experiment)
        if found:
            return str(found.experiment_id)
        return str(client.create_experiment(self.experiment, artifact_location=self.artifacts))

    def _point(self, alias: str, series_group: str, at: Logged) -> None:
        name = registered_name(series_group)
        self.client().set_registered_model_alias(name, alias, at.registered_version)

    def _find(self, series_group: str, model_name: str, model_version: str) -> Logged | None:
        named = f"name = '{registered_name(series_group)}'"
        tagged = f"tags.model_version = '{model_version}'"
        for found in self.client().search_model_versions(f"{named} and {tagged}"):
            if found.tags["model_name"] == model_name:
                return _logged(found)
        return None

    def _drop_unregistered(self, experiment_id: str, tags: Mapping[str, str]) -> None:
        """Runs of this model that were killed before it was registered."""
        client = self.client()
        for run in client.search_runs([experiment_id], _all_of(tags)):
            client.delete_run(run.info.run_id)

    def run_above(self, mark: Mapping[str, str], name: str, **tags: str) -> str:
        """The id of a finished run that others are nested in, made if need be; mark: the tags by
        which it is told from others. Nested runs have its id as their tag `NESTED_IN`."""
        client, experiment_id = self.client(), self.experiment_id()
        found = client.search_runs([experiment_id], _all_of(mark))
        if found:
            return str(found[0].info.run_id)
        told = {**mark, **tags, "mlflow.runName": name}
        run_id = str(client.create_run(experiment_id, tags=told).info.run_id)
        client.set_terminated(run_id)
        return run_id

    def _training(self, record: ModelRecord) -> str:
        """The run above those of all models that were trained together for a group."""
        mark = {"training": record.model_version, "series_group": record.series_group}
        name = f"{record.series_group}-{record.model_version}"
        return self.run_above(mark, name, **{"mlflow.source.git.commit": commit()})

    def _log_pictures(self, run_id: str, record: ModelRecord) -> None:
        with TemporaryDirectory() as folder:
            for name, png in record.pictures.items():
                (Path(folder) / name).write_bytes(png)
            self.client().log_artifacts(run_id, folder, "pictures")

    def _log_figures(self, run_id: str, folder: Path, record: ModelRecord) -> None:
        from mlflow.entities import Metric, Param

        shaped, history = training_figures(folder)
        versions = {f"table.{name}": number for name, number in record.table_versions.items()}
        params = shaped | dict(record.params) | versions | {"commit": commit()}
        curves = [
            Metric(name, value, 0, epoch)
            for epoch, figures in enumerate(history)
            for name, value in figures.items()
        ]
        curves += [
            Metric(name, value, 0, step)
            for name, values in record.curves.items()
            for step, value in enumerate(values)
        ]
        last = [Metric(name, value, 0, 0) for name, value in record.metrics.items()]
        self.client().log_batch(
            run_id,
            metrics=[*curves, *last],
            params=[Param(name, str(value)) for name, value in params.items()],
        )


def _all_of(tags: Mapping[str, str]) -> str:
    """The condition that a run has all of some tags."""
    return " and ".join(f"tags.`{name}` = '{value}'" for name, value in tags.items())


@cache
def commit() -> str:
    """The version of the code, as git tells it; empty where there is no git."""
    asked = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        told = subprocess.run(asked, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return told.stdout.strip()


def registered_name(series_group: str) -> str:
    """The name of a group's models in MLflow."""
    return f"gridcast-{series_group}"


def _logged(registered: Any) -> Logged:
    uri = f"models:/{registered.name}/{registered.version}"
    return Logged(registered.run_id, str(registered.version), uri)


def _log_model(mlflow: Any, folder: Path, example: pd.DataFrame) -> str:
    info = mlflow.pyfunc.log_model(
        name="model",
        loader_module="models.pyfunc",
        data_path=str(folder),
        signature=_signature(),
        input_example=example,
        # Guessing them loads the model in a fresh process: 13 s.
        pip_requirements=[f"{package}=={version(package)}" for package in _PACKAGES],
    )
    return str(info.model_uri)


def _signature() -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema, TensorSpec
    from mlflow.types.schema import AnyType, Array

    anything: Any = AnyType()  # type: ignore[no-untyped-call]

    def kind(name: str) -> Any:
        if name in _TEXTS:
            return DataType.string
        # MLflow takes neither times with a zone nor whole numbers as double; `from_rows` does,
        # and checks them.
        return anything if name in (*_TIMES, *CALENDAR) else Array(DataType.double)

    forecast: list[ColSpec | TensorSpec] = [
        ColSpec(DataType.string, "series_id"),
        ColSpec(DataType.datetime, "forecast_origin"),
        ColSpec(DataType.datetime, "valid_time"),
        *(ColSpec(DataType.double, name) for name in QUANTILE_COLUMNS),
    ]
    inputs: list[ColSpec | TensorSpec] = [
        *(ColSpec(kind(name), name) for name in COLUMNS),
        ColSpec(Array(DataType.string), _NAMES, required=False),
        *(ColSpec(kind(name), name, required=False) for name in COVARIATES if name != _NAMES),
    ]
    return ModelSignature(inputs=Schema(inputs), outputs=Schema(forecast))
