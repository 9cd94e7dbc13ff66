"""What live days decide: gold.forecast_errors -> gold.promotions.

Candidates that wait take over or are stopped; a champion that is worse than seasonal naive is set
aside for it. A person may decide otherwise: see `by_hand`.
"""

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from lakehouse.arrow import ArrowTables
from lakehouse.settings import Settings
from lakehouse.tables.gold import FORECAST_BLOCK, FORECAST_ERRORS, PROMOTIONS
from lakehouse.time import DAY
from models.live_days import Pairs, Verdict, fit, shadow
from models.samples import Floats
from spark_jobs.champions import Model, Standing, naive_of, standings_at
from spark_jobs.decisions import decision_row
from spark_jobs.train import make_registry

_SET_ASIDE, _SHADOW = -2, -1
"""Turns before those of a training of the same moment."""
_READ_DAYS = 60
"""Days before now that hold the newest ones whose truth is known."""


def run(arrow: ArrowTables, settings: Settings, as_of: datetime, run_id: str) -> list[str]:
    """Decide on every group's champion and on who waits; returns the reasons of what changed."""
    rows = [
        decision_row(as_of, **decided, decided_by="live days", run_id=run_id)
        for standing in standings_at(arrow, as_of).values()
        for decided in (_unfit(arrow, standing, as_of), _shadowed(arrow, standing, as_of))
        if decided
    ]
    for row in rows:
        if row["promoted"]:
            names = (row["candidate_model"], row["candidate_version"])
            make_registry(settings).set_champion(row["series_group"], *names)
        elif row["turn"] == _SET_ASIDE:
            make_registry(settings).clear_champion(row["series_group"])
    arrow.insert_new(PROMOTIONS, rows)
    return [row["reason"] for row in rows]


def _unfit(arrow: ArrowTables, standing: Standing, as_of: datetime) -> dict[str, Any] | None:
    """What sets a champion aside, where its live days ask for it."""
    champion = standing.champion
    if not champion or not standing.since:
        return None
    naive = naive_of(champion.series_group)
    daily = daily_pairs(arrow, champion, naive, standing.since, as_of)
    found = fit(champion.name, naive.name, daily)
    if found.passed is not False:
        return None
    return _told(champion, naive, naive, found) | {"turn": _SET_ASIDE}


def _shadowed(arrow: ArrowTables, standing: Standing, as_of: datetime) -> dict[str, Any] | None:
    """What becomes of who waits, where enough of its live days are known."""
    if not standing.awaiting:
        return None
    candidate, since = standing.awaiting
    naive = naive_of(candidate.series_group)
    in_charge = standing.champion or naive
    for incumbent in (in_charge, naive):  # one that is silent holds nobody up
        pairs = daily_pairs(arrow, candidate, incumbent, since, as_of)
        if any(np.isfinite(theirs).any() for _, theirs in pairs.values()):
            break
    found = shadow(candidate.name, incumbent.name, pairs)
    if found.passed is None:
        return None
    chosen = candidate if found.passed else in_charge
    return _told(candidate, incumbent, chosen, found) | {"turn": _SHADOW}


def _told(candidate: Model, incumbent: Model, chosen: Model, found: Verdict) -> dict[str, Any]:
    return {
        "candidate": candidate,
        "incumbent": incumbent,
        "in_charge": chosen,
        "reason": f"{candidate.series_group}: {found.reason}",
        "n_days": found.found.n_days,
        "figures": {"mae_ratio": found.found.mae_ratio},
    }


def daily_pairs(
    arrow: ArrowTables, mine: Model, theirs: Model, since: datetime, as_of: datetime
) -> Pairs:
    """By series, the daily MAE of two models of a group since a moment."""
    errors = _daily(arrow, mine.series_group, max(since, as_of - _READ_DAYS * DAY), as_of)
    table = errors.assign(model=errors["model_name"] + " " + errors["model_version"]).pivot(
        index="target_day", columns=["series_id", "model"], values="mae"
    )

    def of(series_id: str, model: Model) -> Floats:
        column = (series_id, model.name)
        values = table[column] if column in table else pd.Series(np.nan, index=table.index)
        return np.asarray(values.to_numpy(dtype=np.float64))

    return {name: (of(name, mine), of(name, theirs)) for name in sorted(set(errors["series_id"]))}


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
    newest = rows.sort_values("truth_as_of").drop_duplicates([*FORECAST_BLOCK], keep="last")
    by = ["series_id", "model_name", "model_version", "target_day"]
    sums = newest.groupby(by)[["n", "sum_abs"]].sum()
    errors: pd.DataFrame = sums.assign(mae=sums["sum_abs"] / sums["n"]).reset_index()
    return errors
