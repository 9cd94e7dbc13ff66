"""Rows of gold.backtests -> what a promotion is decided on."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from lakehouse.time import DAY
from models.promotion import Contest, DailyLosses
from models.samples import Floats
from spark_jobs.champions import Model, naive_of

Rows = Sequence[Mapping[str, Any]]


def contest(backtests: Rows, candidate: Model, champion: Model | None) -> tuple[Contest, Model]:
    """A candidate beside who is in charge, on the days that both forecast; who that is, too.

    Beside seasonal naive, where nobody is in charge or the champion gave no forecast of them.
    """
    there = {(row["model_name"], row["model_version"]) for row in backtests}
    incumbent = naive_of(candidate.series_group)
    if champion and (champion.model_name, champion.model_version) in there:
        incumbent = champion
    days = sorted({row["target_day"] for row in backtests})
    grid = [days[0] + i * DAY for i in range((days[-1] - days[0]).days + 1)]
    series = {
        series_id: (
            _losses(_of(backtests, series_id, candidate), grid),
            _losses(_of(backtests, series_id, incumbent), grid),
        )
        for series_id in sorted({row["series_id"] for row in backtests})
    }
    return (
        Contest(
            series_group=candidate.series_group,
            candidate=candidate.name,
            incumbent=incumbent.name,
            first_day=days[0],
            last_day=days[-1],
            series=series,
            is_successor=incumbent.model_name == candidate.model_name,
        ),
        incumbent,
    )


def scores(backtests: Rows, model: Model) -> dict[str, dict[str, float]]:
    """MAE and pinball loss of a model by series, in its unit."""
    found = {}
    for series_id in sorted({row["series_id"] for row in backtests}):
        rows = _of(backtests, series_id, model)
        n = sum(row["n"] for row in rows)
        found[series_id] = {
            "mae": sum(row["sum_abs"] for row in rows) / n,
            "pinball": sum(row["sum_pinball"] for row in rows) / n,
        }
    return found


def _of(backtests: Rows, series_id: str, model: Model) -> Rows:
    asked = (series_id, model.model_name, model.model_version)
    return [
        row
        for row in backtests
        if (row["series_id"], row["model_name"], row["model_version"]) == asked
    ]


def _losses(rows: Rows, days: Iterable[date]) -> DailyLosses:
    by_day = {row["target_day"]: row for row in rows}
    known = [by_day.get(day) for day in days]

    def means(column: str) -> Floats:
        return np.array([row[column] / row["n"] if row else np.nan for row in known])

    return DailyLosses(means("sum_pinball"), means("sum_abs"), means("n_in_80"))
