"""Whether a release may take production's place: its lakehouse beside production's.

Two lakehouses, read only. Offline, the held-out days of both (gold.backtests) by the rule of
promotions; live, the days on which both forecast (gold.forecast_errors) by the rule of live days. A
group passes where the release is no worse: it is judged as a newer training of the same kind.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import pandas as pd

from lakehouse.arrow import ArrowTables
from lakehouse.errors import BadInput
from lakehouse.newest import preferred
from lakehouse.tables.gold import BACKTESTS, FORECAST_BLOCK, FORECAST_ERRORS
from lakehouse.tables.preference import ANSWER, ANSWERING_SOURCES, NEWEST_TRUTH
from models.comparison import MIN_DAYS
from models.live_days import Pairs, shadow
from models.promotion import decide
from spark_jobs.champions import Model, naive_of, standings_at
from spark_jobs.contests import contest

RELEASE, PRODUCTION = "release", "production"
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Judged:
    """One series group. passed is None while there is too little to tell."""

    series_group: str
    passed: bool | None
    reason: str


def judge_offline(release: ArrowTables, production: ArrowTables, at: datetime) -> list[Judged]:
    """Each group that production has, by the days that both held out.

    Raises BadInput where production has no backtest to compare with.
    """
    theirs = _backtests_of_champions(production, at)
    if not theirs:
        raise BadInput(
            f"Expected backtests of champions in {BACKTESTS.name} of production, found none. Run "
            "'gridcast run train' there first."
        )
    ours = _backtests_of_champions(release, at)
    return [_offline(group, ours.get(group), theirs[group]) for group in sorted(theirs)]


def _offline(group: str, ours: Rows | None, theirs: Rows) -> Judged:
    if not ours:
        return Judged(group, False, f"The release has no backtest of {group}; production has one.")
    common = {_day(row) for row in ours} & {_day(row) for row in theirs}
    lacking = {row["series_id"] for row in theirs} - {row["series_id"] for row in ours}
    if lacking:
        return Judged(group, False, f"The release does not forecast {sorted(lacking)} of {group}.")
    days = {day for _, day in common}
    rows = [
        row | {"model_name": side, "model_version": row["model_name"]}
        for side, found in ((RELEASE, ours), (PRODUCTION, theirs))
        for row in found
        if _day(row) in common
    ]
    if not days:
        return Judged(group, None, f"Release and production held out no day of {group} alike.")
    of_release, of_production = (
        Model(group, side, found[0]["model_name"])
        for side, found in ((RELEASE, ours), (PRODUCTION, theirs))
    )
    pair, _ = contest(rows, of_release, of_production)
    decision = decide(replace(pair, is_successor=True))
    enough = decision.n_days >= MIN_DAYS
    return Judged(group, decision.promote if enough else None, decision.reason)


def _day(row: Mapping[str, Any]) -> tuple[str, date]:
    return row["series_id"], row["target_day"]


def _backtests_of_champions(arrow: ArrowTables, at: datetime) -> dict[str, Rows]:
    """By group, the newest held-out days of who is in charge of it, seasonal naive's where nobody
    is."""
    by_group: dict[str, Rows] = {}
    for row in arrow.rows(BACKTESTS):
        by_group.setdefault(row["series_group"], []).append(row)
    standings = standings_at(arrow, at)
    found = {}
    for group, rows in by_group.items():
        standing = standings.get(group)
        model = (standing.champion if standing else None) or naive_of(group)
        mine = [r for r in rows if (r["model_name"], r["model_version"]) == _names(model)]
        newest: dict[str, date] = {}
        for row in mine:
            newest[row["backtest"]] = max(
                row["target_day"], newest.get(row["backtest"], row["target_day"])
            )
        if newest:
            last = max(newest, key=lambda name: (newest[name], name))
            found[group] = [row for row in mine if row["backtest"] == last]
    return found


def _names(model: Model) -> tuple[str, str]:
    return model.model_name, model.model_version


def judge_live(
    release: ArrowTables, production: ArrowTables, since: date, at: datetime
) -> list[Judged]:
    """Each group that production forecast since a day, by the answers of both on the same days.

    Raises BadInput where production has no scored live day since then.
    """
    ours, theirs = (_answers(arrow, since, at) for arrow in (release, production))
    if theirs.empty:
        raise BadInput(
            f"Expected scored live days of production since {since} in {FORECAST_ERRORS.name}, "
            "found none. Truth may come days later: ask again then, or from an earlier day."
        )
    judged = []
    for group, days in theirs.groupby("series_group"):
        found = shadow(RELEASE, PRODUCTION, _pairs(ours, days))
        judged.append(Judged(str(group), found.passed, f"{group}: {found.reason}"))
    return judged


def _answers(arrow: ArrowTables, since: date, at: datetime) -> pd.DataFrame:
    """What answered: series_group, series_id, target_day, mae; of live target days."""
    rows = arrow.read(
        FORECAST_ERRORS,
        [*FORECAST_ERRORS.key, "series_group", "forecast_source", "n", "sum_abs"],
        [
            ("run_kind", "=", "live"),
            ("forecast_source", "in", list(ANSWERING_SOURCES)),
            ("target_day", ">=", since),
            ("truth_as_of", "<=", at),
        ],
    )
    newest = preferred(rows, FORECAST_BLOCK, NEWEST_TRUTH)
    answered = preferred(newest, ["series_id", "target_day", "horizon_band"], ANSWER).to_pandas()
    by = ["series_group", "series_id", "target_day"]
    sums = answered.groupby(by)[["n", "sum_abs"]].sum()
    frame: pd.DataFrame = sums.assign(mae=sums["sum_abs"] / sums["n"]).reset_index()
    return frame


def _pairs(ours: pd.DataFrame, theirs: pd.DataFrame) -> Pairs:
    """By series of production, the daily MAE of release and production; NaN is not known."""
    days = sorted(set(theirs["target_day"]))
    pairs = {}
    for series_id in sorted(set(theirs["series_id"])):
        mine, others = (
            frame[frame["series_id"] == series_id].set_index("target_day")["mae"].reindex(days)
            for frame in (ours, theirs)
        )
        pairs[series_id] = (mine.to_numpy(dtype="float64"), others.to_numpy(dtype="float64"))
    return pairs


def verdict(judged: list[Judged]) -> tuple[bool, str]:
    """Whether the release may go on, and a sentence."""
    counted = Counter(one.passed for one in judged)
    if counted[False]:
        return False, f"Stop: the release is worse in {counted[False]} of {len(judged)} groups."
    if counted[None]:
        return False, f"Not yet: {counted[None]} of {len(judged)} groups cannot be told."
    return True, f"Go: the release is no worse in any of {len(judged)} groups."
