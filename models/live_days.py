"""Safety brakes: what a few live days can tell. Not which model is better, but that one is broken.

The margins are wide on purpose: over 715 windows of 14 days of Nord Pool, eight of ten published
forecasts never had an MAE 10 % above the weekly naive's in more than four of them; the two that did
learn from windows of three and four years, which failed when prices doubled
(`python -m benchmarks.promotion`).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.samples import Floats

SHADOW_DAYS, SHADOW_MARGIN = 7, 0.25
"""Days beside the champion, and the share by which the MAE of what replaces it may be higher."""
UNFIT_DAYS, UNFIT_MARGIN = 14, 0.10
"""The newest days of a champion, and the share by which its MAE may be above seasonal naive's."""

Pairs = Mapping[str, tuple[Floats, Floats]]
"""By series, (d,) daily MAE of two models on the same days in order of time; NaN is not known."""


@dataclass(frozen=True)
class Beside:
    """One model beside another on the days known of all series. mae_ratio: the mean over series of
    the first one's MAE as a share of the other's; NaN without days."""

    n_days: int
    mae_ratio: float

    @property
    def told(self) -> str:
        """The ratio, for a person."""
        than = "better" if self.mae_ratio < 1.0 else "worse"
        return f"{abs(1.0 - self.mae_ratio):.1%} {than} in MAE"


@dataclass(frozen=True)
class Verdict:
    """What live days say. passed is None while they are too few."""

    passed: bool | None
    reason: str
    found: Beside


def beside(series: Pairs, newest: int | None = None) -> Beside:
    """Two models on the days that are known of both on all series, or on the newest of them."""
    known = [np.isfinite(mine) & np.isfinite(theirs) for mine, theirs in series.values()]
    days = np.flatnonzero(np.all(known, axis=0)) if known else np.zeros(0, dtype=np.int64)
    days = days[-newest:] if newest else days
    ratios = [_mean(mine[days]) / _mean(theirs[days]) for mine, theirs in series.values()]
    return Beside(len(days), float(np.mean(ratios)) if ratios else math.nan)


def shadow(candidate: str, incumbent: str, series: Pairs) -> Verdict:
    """Whether live days stop a candidate that is to replace the incumbent."""
    found = beside(series)
    if found.n_days < SHADOW_DAYS or not math.isfinite(found.mae_ratio):
        return Verdict(None, f"{candidate} has {found.n_days} of {SHADOW_DAYS} live days.", found)
    passed = found.mae_ratio <= 1.0 + SHADOW_MARGIN
    ends = "it takes over" if passed else f"more than {SHADOW_MARGIN:.0%} worse stops it"
    told = f"{candidate} is {found.told} than {incumbent} over {found.n_days} live days"
    return Verdict(passed, f"{told}: {ends}.", found)


def fit(champion: str, naive: str, series: Pairs) -> Verdict:
    """Whether a champion may stay in charge; where not, seasonal naive is to answer."""
    found = beside(series, UNFIT_DAYS)
    if found.n_days < UNFIT_DAYS or not math.isfinite(found.mae_ratio):
        return Verdict(None, f"{champion} has {found.n_days} of {UNFIT_DAYS} live days.", found)
    passed = found.mae_ratio <= 1.0 + UNFIT_MARGIN
    ends = "it stays" if passed else f"more than {UNFIT_MARGIN:.0%} worse sets it aside"
    told = f"{champion} is {found.told} than {naive} over its newest {found.n_days} live days"
    return Verdict(passed, f"{told}: {ends}.", found)


def _mean(values: Floats) -> float:
    """NaN, which compares with nothing, without values or where they are 0."""
    return (float(values.mean()) or math.nan) if len(values) else math.nan
