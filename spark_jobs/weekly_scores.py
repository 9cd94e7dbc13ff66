"""How good the forecasts of a week were, beside the four weeks before: gold.forecast_errors."""

from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd

from lakehouse.arrow import ArrowTables
from lakehouse.tables.gold import FORECAST_ERRORS
from lakehouse.time import DAY
from spark_jobs.champions import FALLBACK

_WEEK, _BEFORE = 7, 28
_READ_DAYS = 70
"""Truth comes late: the newest scored day may lie so long ago, less the five weeks."""
_BLOCK = ["series_id", "model_name", "target_day", "horizon_band"]
_SUMS = ["n", "sum_abs", "naive_abs", "n_in_80", "n_in_90"]


@dataclass(frozen=True)
class Scores:
    """Frames of monitoring.weekly_content.WeeklyContent, by their names there."""

    accuracy: pd.DataFrame
    daily_errors: pd.DataFrame
    intervals: pd.DataFrame


def scores(arrow: ArrowTables, last_day: date, as_of: datetime) -> Scores:
    """By the truth known at a moment: each series' newest seven scored days, and the 28 before."""
    blocks = _blocks(arrow, last_day, as_of)
    if blocks.empty:
        return Scores(blocks, blocks, blocks)
    newest_day = blocks.groupby("series_id")["target_day"].transform("max")
    age = (pd.to_datetime(newest_day) - pd.to_datetime(blocks["target_day"])).dt.days
    week, before = blocks[age < _WEEK], blocks[(age >= _WEEK) & (age < _WEEK + _BEFORE)]
    return Scores(
        accuracy=_accuracy(week, before),
        daily_errors=_daily(blocks[age < _WEEK + _BEFORE]),
        intervals=_intervals(week, before),
    )


def _blocks(arrow: ArrowTables, last_day: date, as_of: datetime) -> pd.DataFrame:
    """Scored blocks of live forecasts by their newest truth, of each version that answered or was
    tried, beside seasonal naive on the same hours."""
    rows: pd.DataFrame = arrow.read(
        FORECAST_ERRORS,
        filters=[
            ("run_kind", "=", "live"),
            ("target_day", ">", last_day - _READ_DAYS * DAY),
            ("target_day", "<=", last_day),
            ("truth_as_of", "<=", as_of),
        ],
    ).to_pandas()
    rows = rows.sort_values("truth_as_of", kind="stable")
    rows = rows.drop_duplicates([*_BLOCK, "model_version"], keep="last")
    naive = rows.loc[rows["model_name"] == FALLBACK, [*_BLOCK, "sum_abs"]]
    naive = naive.drop(columns="model_name").rename(columns={"sum_abs": "naive_abs"})
    return rows.merge(naive, on=["series_id", "target_day", "horizon_band"], how="inner")


def _accuracy(week: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Naive has a row of its own where it was in charge; else it stands beside the others."""
    led = set(week.loc[week["forecast_source"] == "champion", "series_id"])
    week = week[(week["model_name"] != FALLBACK) | ~week["series_id"].isin(led)]
    by = ["series_id", "series_group", "unit", "model_name", "forecast_source"]
    days = week.groupby(by)["target_day"].agg(first_day="min", last_day="max")
    sums = days.join(week.groupby(by)[_SUMS].sum()).reset_index()
    then = _one_version(before).groupby(["series_id", "model_name"])
    earlier = then[_SUMS].sum().assign(before_days=then["target_day"].nunique())
    earlier = earlier.assign(
        before_mae=earlier["sum_abs"] / earlier["n"],
        before_skill=1 - earlier["sum_abs"] / earlier["naive_abs"],
    )[["before_mae", "before_skill", "before_days"]].reset_index()
    accuracy: pd.DataFrame = sums.assign(
        mae=sums["sum_abs"] / sums["n"],
        naive_mae=sums["naive_abs"] / sums["n"],
        skill=1 - sums["sum_abs"] / sums["naive_abs"],
    ).merge(earlier, on=["series_id", "model_name"], how="left")
    return accuracy


def _daily(blocks: pd.DataFrame) -> pd.DataFrame:
    sums = _one_version(blocks).groupby(["series_id", "model_name", "target_day"])[_SUMS].sum()
    daily: pd.DataFrame = sums.assign(mae=sums["sum_abs"] / sums["n"]).reset_index()
    return daily


def _one_version(blocks: pd.DataFrame) -> pd.DataFrame:
    """Of a model with several versions on a day the one in charge, else the newest."""
    ranked = blocks.assign(charge=blocks["forecast_source"] == "champion")
    ranked = ranked.sort_values(["charge", "model_version"], kind="stable")
    return ranked.drop_duplicates(_BLOCK, keep="last")


def _intervals(week: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    now, then = (_answered(part).groupby("series_group")[_SUMS].sum() for part in (week, before))
    shares = pd.DataFrame(
        {
            "n": now["n"],
            "coverage_80": now["n_in_80"] / now["n"],
            "coverage_90": now["n_in_90"] / now["n"],
            "before_80": (then["n_in_80"] / then["n"]).reindex(now.index),
            "before_90": (then["n_in_90"] / then["n"]).reindex(now.index),
        }
    )
    return shares.reset_index()


def _answered(blocks: pd.DataFrame) -> pd.DataFrame:
    """Of each block the forecast that was served: the champion's, else a stand-in's, else naive."""
    rank = {"champion": 2, "fallback": 1}
    order = blocks["forecast_source"].map(rank).fillna(0) - 0.5 * (blocks["model_name"] == FALLBACK)
    served = blocks.assign(order=order)[order > 0].sort_values("order", kind="stable")
    return served.drop_duplicates(["series_id", "target_day", "horizon_band"], keep="last")
