"""Rows of gold.promotions, whoever decides: a backtest, live days or a person."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lakehouse.plain_values import finite
from spark_jobs.champions import FALLBACK, Model

_FIGURES = ("mae_ratio", "pinball_ratio", "p_value", "coverage_80")


def decision_row(
    at: datetime,
    turn: int,
    candidate: Model,
    incumbent: Model,
    in_charge: Model,
    decided_by: str,
    reason: str,
    run_id: str,
    awaiting: bool = False,
    n_days: int = 0,
    figures: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """The decision of a moment about a candidate beside an incumbent, after which one of a group is
    in charge. figures: those of the contract's that are known; NaN is not."""
    return {
        "series_group": candidate.series_group,
        "decided_at": at,
        "turn": turn,
        "champion_model": in_charge.model_name,
        "champion_version": in_charge.model_version,
        "candidate_model": candidate.model_name,
        "candidate_version": candidate.model_version,
        "incumbent_model": incumbent.model_name,
        "incumbent_version": incumbent.model_version,
        "promoted": candidate.is_same(in_charge) and candidate.model_name != FALLBACK,
        "awaiting": awaiting,
        "n_days": n_days,
        **{name: finite((figures or {}).get(name)) for name in _FIGURES},
        "reason": reason,
        "decided_by": decided_by,
        "mlflow_run_id": candidate.mlflow_run_id,
        "run_id": run_id,
    }
