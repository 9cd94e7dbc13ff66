"""What MLflow is told of a trained model: figures, curves, pictures, and what it was made from."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from lakehouse.places import at_hand
from models.registry import ModelRecord, Registry
from models.samples import COLUMNS, COVARIATES
from monitoring import model_pictures
from spark_jobs.champions import Model, naive_of
from spark_jobs.contests import Rows, scores
from spark_jobs.judging import HELD_OUT, IMPORTANCE
from spark_jobs.training_plan import EXAMPLE, Plan

_WINDOW = ("train_from", "train_to", "holdout_from", "holdout_to", "as_of", "feature_version")


def log_model(
    registry: Registry, plan: Plan, model: Model, backtests: Rows, row: dict[str, Any]
) -> str:
    """Log a model that is whole; row: its row of gold.training_runs. Returns its MLflow run."""
    with at_hand(model.folder(plan.folder)) as folder:
        return _logged(registry, folder, model, backtests, row)


def _logged(
    registry: Registry, folder: Path, model: Model, backtests: Rows, row: dict[str, Any]
) -> str:
    held_out = pd.read_parquet(folder / HELD_OUT)
    rests_on: dict[str, float] = json.loads((folder / IMPORTANCE).read_text())
    record = ModelRecord(
        series_group=model.series_group,
        model_name=model.model_name,
        model_version=model.model_version,
        metrics=_figures(backtests, model) | {f"importance.{k}": v for k, v in rests_on.items()},
        curves=_by_horizon(held_out),
        params={name: str(row[name]) for name in _WINDOW} | {"seconds": f"{row['seconds']:.1f}"},
        table_versions={name: int(version) for name, version in row["table_versions"].items()},
        pictures=model_pictures.pictures(held_out, rests_on),
    )
    example = pd.read_parquet(folder / EXAMPLE)
    asked_for = [name for name in (*COLUMNS, *COVARIATES) if name in example]
    return registry.log(folder, record, example[asked_for]).run_id


def _figures(backtests: Rows, model: Model) -> dict[str, float]:
    naive = scores(backtests, naive_of(model.series_group))
    return {
        f"holdout_{prefix}{kind}.{series_id}": value
        for prefix, found in (("", scores(backtests, model)), ("naive_", naive))
        for series_id, of_series in found.items()
        for kind, value in of_series.items()
    }


def _by_horizon(held_out: pd.DataFrame) -> dict[str, list[float]]:
    """MAE of each series by the place of the interval in its day, and the naive's."""
    place = held_out.groupby(["series_id", "forecast_origin"]).cumcount()
    curves = {}
    for name, forecast in (("mae", "q50"), ("naive_mae", "naive")):
        error = (held_out[forecast] - held_out["y"]).abs()
        means = error.groupby([held_out["series_id"], place]).mean().dropna()
        for series_id, of_series in means.groupby(level=0):
            curves[f"by_horizon_{name}.{series_id}"] = of_series.tolist()
    return curves
