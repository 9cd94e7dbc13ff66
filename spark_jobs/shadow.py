"""Live days of the candidates that are to take over: gold.forecast_errors -> gold.promotions."""

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from lakehouse.arrow import ArrowTables
from lakehouse.plain_values import finite
from lakehouse.settings import Settings
from lakehouse.tables.gold import FORECAST_ERRORS, PROMOTIONS
from models.promotion import Shadow, shadow
from models.samples import Floats
from spark_jobs.champions import FALLBACK, FALLBACK_VERSION, Model, Standing, standings_at
from spark_jobs.train import make_registry

_TURN = -1
"""Before the decisions of a training of the same moment."""
_BLOCK = [name for name in FORECAST_ERRORS.key if name != "truth_as_of"]


def run(arrow: ArrowTables, settings: Settings, as_of: datetime, run_id: str) -> list[str]:
    """Let candidates take over, or stop them, whose live days are there; returns the reasons."""
    rows = []
    for group, standing in standings_at(arrow, as_of).items():
        if standing.awaiting:
            row = _decided(arrow, group, standing, as_of)
            rows += [row | {"run_id": run_id}] if row else []
    for row in rows:
        if row["promoted"]:
            names = (row["candidate_model"], row["candidate_version"])
            make_registry(settings).set_champion(row["series_group"], *names)
    arrow.insert_new(PROMOTIONS, rows)
    return [row["reason"] for row in rows]


def _decided(
    arrow: ArrowTables, group: str, standing: Standing, as_of: datetime
) -> dict[str, Any] | None:
    """A row of gold.promotions, where enough live days are known."""
    assert standing.awaiting
    candidate, since = standing.awaiting
    naive = Model(group, FALLBACK, FALLBACK_VERSION)
    in_charge = standing.champion or naive
    errors = _daily(arrow, group, since, as_of)
    incumbent = in_charge if _has(errors, in_charge) else naive  # a silent one holds nobody up
    found = _beside(errors, candidate, incumbent)
    if found.passed is None:
        return None
    chosen = candidate if found.passed else in_charge
    return {
        "series_group": group,
        "decided_at": as_of,
        "turn": _TURN,
        "champion_model": chosen.model_name,
        "champion_version": chosen.model_version,
        "candidate_model": candidate.model_name,
        "candidate_version": candidate.model_version,
        "incumbent_model": incumbent.model_name,
        "incumbent_version": incumbent.model_version,
        "promoted": found.passed,
        "awaiting": False,
        "n_days": found.n_days,
        "mae_ratio": finite(found.mae_ratio),
        "pinball_ratio": None,
        "p_value": None,
        "coverage_80": None,
        "reason": f"{group}: {found.reason}",
        "mlflow_run_id": candidate.mlflow_run_id,
    }


def _daily(arrow: ArrowTables, group: str, since: datetime, as_of: datetime) -> pd.DataFrame:
    """MAE by series, model and live target day after `since`, of the newest truth known."""
    rows = arrow.read(
        FORECAST_ERRORS,
        [*FORECAST_ERRORS.key, "n", "sum_abs"],
        [
            ("series_group", "=", group),
            ("run_kind", "=", "live"),
            ("target_day", ">", since.date()),
            ("truth_as_of", "<=", as_of),
        ],
    ).to_pandas()
    newest = rows.sort_values("truth_as_of").drop_duplicates(_BLOCK, keep="last")
    by = ["series_id", "model_name", "model_version", "target_day"]
    sums = newest.groupby(by)[["n", "sum_abs"]].sum()
    errors: pd.DataFrame = sums.assign(mae=sums["sum_abs"] / sums["n"]).reset_index()
    return errors


def _beside(errors: pd.DataFrame, candidate: Model, incumbent: Model) -> Shadow:
    table = errors.assign(model=errors["model_name"] + " " + errors["model_version"]).pivot(
        index="target_day", columns=["series_id", "model"], values="mae"
    )

    def of(series_id: str, model: Model) -> Floats:
        column = (series_id, model.name)
        values = table[column] if column in table else pd.Series(np.nan, index=table.index)
        return np.asarray(values.to_numpy(dtype=np.float64))

    series = sorted(set(errors["series_id"]))
    pairs = {name: (of(name, candidate), of(name, incumbent)) for name in series}
    return shadow(candidate.name, incumbent.name, pairs)


def _has(errors: pd.DataFrame, model: Model) -> bool:
    named = (errors["model_name"] == model.model_name) & (
        errors["model_version"] == model.model_version
    )
    return bool(named.any())
