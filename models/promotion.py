"""The rule that puts a model in charge, as a pure function of paired daily losses.

Candidate and incumbent forecast the same days from the same origins with the same information.
A candidate takes over where it is better by more than chance over all series together, where no
series clearly loses by it, and where its intervals hold what they promise. A newer training of the
incumbent's own kind, which has seen newer days, need only be no worse. What live days decide is in
`live_days`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from models.comparison import MIN_DAYS, Comparison, compare
from models.samples import Floats

LONG_DAYS = 364
"""Fewer days than a year tell of few seasons: the level is stricter."""
LEVEL, SHORT_LEVEL = 0.05, 0.01
MARGIN = 0.05
"""The share by which a series may lose."""
COVERAGE, COVERAGE_OFF = 0.80, 0.10
SUCCESSOR_MARGIN = 0.02
"""The share of pinball loss by which a newer training of the same kind may be worse."""


@dataclass(frozen=True)
class DailyLosses:
    """One model on one series: (d,) means of consecutive local days, NaN where not known."""

    pinball: Floats  # mean over the seven quantiles, in the unit of the series
    absolute: Floats  # of the median, in the unit of the series
    covered: Floats  # share of intervals whose truth lies in q10..q90


@dataclass(frozen=True)
class Contest:
    """Candidate and incumbent over the same days, first to last inclusive."""

    series_group: str
    candidate: str  # names, for the sentence
    incumbent: str
    first_day: date
    last_day: date
    series: Mapping[str, tuple[DailyLosses, DailyLosses]]  # candidate's, incumbent's
    is_successor: bool = False  # the candidate is a newer training of the incumbent's kind


@dataclass(frozen=True)
class Decision:
    """reason is a sentence with figures, for gold.promotions and the report. The ratios are means
    over series of the candidate's loss as a share of the incumbent's."""

    promote: bool
    reason: str
    n_days: int
    mae_ratio: float
    pinball_ratio: float
    p_value: float  # two-sided, of equal pinball loss; NaN where it cannot be told
    coverage_80: float


def decide(contest: Contest) -> Decision:
    """Promote the candidate if all of this holds.

    1. At least `MIN_DAYS` days are known of both.
    2. Its pinball loss, the group's daily mean of each series' as a share of the incumbent's mean,
       is lower by the Diebold-Mariano test, at `LEVEL`, or at `SHORT_LEVEL` with less than a year;
       and its absolute error is not higher. Of a successor: its pinball loss is not higher by that
       test, nor by more than `SUCCESSOR_MARGIN`, and so is its absolute error not.
    3. No series' pinball loss is more than `MARGIN` above the incumbent's: not in the mean where
       there are few days, and with a year of them not significantly (Holm 1979, Scandinavian
       Journal of Statistics 6(2), at `LEVEL`).
    4. The 80 % intervals cover that share, `COVERAGE_OFF` more or less.
    """
    shares = [_shares(*pair) for pair in contest.series.values()]
    pinball = _group_mean([pair[0] for pair in shares])
    found = compare(pinball, np.ones_like(pinball))
    covered = [float(np.nanmean(mine.covered)) if np.isfinite(mine.covered).any() else math.nan
               for mine, _ in contest.series.values()]  # fmt: skip
    figures = Decision(
        promote=False,
        reason="",
        n_days=found.n_days,
        mae_ratio=_mean([pair[1] for pair in shares]),
        pinball_ratio=_mean([float(np.nanmean(p)) if np.isfinite(p).any() else math.nan
                             for p, _ in shares]),
        p_value=found.p_value,
        coverage_80=_mean(covered),
    )  # fmt: skip
    objection = _objection(contest, figures, found)
    name = f"{contest.candidate} of {contest.series_group}"
    if figures.n_days < MIN_DAYS or not math.isfinite(figures.pinball_ratio):
        reason = f"{name} {objection}."
    else:
        told = (
            f"{name} is {_than(figures.mae_ratio)} in MAE and {_than(figures.pinball_ratio)} in "
            f"pinball loss than {contest.incumbent} over {found.n_days} days "
            f"({contest.first_day} to {contest.last_day}; {_chance(found.p_value)})"
        )
        reason = f"{told}, but {objection}." if objection else f"{told}."
    return Decision(**vars(figures) | {"promote": not objection, "reason": reason})


def _objection(contest: Contest, figures: Decision, found: Comparison) -> str:
    """Why the candidate does not take over; empty where it does."""
    if found.n_days < MIN_DAYS:
        return f"has {found.n_days} days beside {contest.incumbent}, {MIN_DAYS} are needed"
    if not math.isfinite(figures.pinball_ratio + figures.mae_ratio):
        return f"could not be compared with {contest.incumbent}: a series has no score"
    lost = _lost_to_a_predecessor if contest.is_successor else _not_better
    objection = lost(figures, LEVEL if found.n_days >= LONG_DAYS else SHORT_LEVEL)
    if objection:
        return objection
    worse = _losers(contest)
    if worse:
        return f"{', '.join(worse)} would lose by more than {MARGIN:.0%}"
    off = abs(figures.coverage_80 - COVERAGE)
    if off > COVERAGE_OFF:
        return f"its 80 % intervals cover {figures.coverage_80:.0%}"
    return ""


def _not_better(figures: Decision, level: float) -> str:
    if not (figures.pinball_ratio < 1.0 and figures.p_value < level):
        return f"only lower pinball loss at p < {level:g} puts it in charge"
    return "its MAE must not be worse" if figures.mae_ratio > 1.0 else ""


def _lost_to_a_predecessor(figures: Decision, level: float) -> str:
    if figures.pinball_ratio > 1.0 and figures.p_value < level:
        return f"a newer training must not be worse at p < {level:g}"
    if max(figures.pinball_ratio, figures.mae_ratio) > 1.0 + SUCCESSOR_MARGIN:
        return f"a newer training must not be more than {SUCCESSOR_MARGIN:.0%} worse"
    return ""


def _losers(contest: Contest) -> list[str]:
    """The series whose loss is above the margin, as the rule's third condition has it."""
    tests = {
        name: compare(mine.pinball, theirs.pinball * (1.0 + MARGIN))
        for name, (mine, theirs) in contest.series.items()
    }
    above = {name: test for name, test in tests.items() if test.mean_difference > 0.0}
    if min(test.n_days for test in tests.values()) < LONG_DAYS:
        return sorted(above)
    # One-sided: far above zero says that the candidate loses more than the margin allows.
    p_values = {
        name: 0.5 * math.erfc(test.statistic / math.sqrt(2.0)) for name, test in tests.items()
    }
    return [name for name in holm(p_values, LEVEL) if name in above]


def holm(p_values: Mapping[str, float], level: float) -> list[str]:
    """The hypotheses that fall, most certain first, with the chance of any wrongly so at `level`.

    Source: Holm 1979, Scandinavian Journal of Statistics 6(2). NaN falls never.
    """
    fallen: list[str] = []
    ordered = sorted(p_values, key=lambda name: np.nan_to_num(p_values[name], nan=1.0))
    for place, name in enumerate(ordered):
        if not p_values[name] <= level / (len(ordered) - place):
            break
        fallen.append(name)
    return fallen


def _shares(mine: DailyLosses, theirs: DailyLosses) -> tuple[Floats, float]:
    """Daily pinball loss, and MAE, as shares of the incumbent's mean, on days known of both."""
    both = np.isfinite(mine.pinball) & np.isfinite(theirs.pinball)
    pinball = np.where(both, mine.pinball, np.nan)
    return (
        # The incumbent's own day is its mean, so that a calm day does not weigh more.
        1.0 + (pinball - theirs.pinball) / _known_mean(theirs.pinball[both]),
        _known_mean(mine.absolute[both]) / _known_mean(theirs.absolute[both]),
    )


def _known_mean(values: Floats) -> float:
    """The mean; NaN, which compares with nothing, where that is nothing or 0."""
    return (float(values.mean()) or math.nan) if len(values) else math.nan


def _group_mean(series: list[Floats]) -> Floats:
    """(d,) means over the series; NaN on a day that one of them lacks."""
    return np.mean(series, axis=0) if series else np.empty(0)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def _than(ratio: float) -> str:
    return f"{abs(1.0 - ratio):.1%} {'better' if ratio < 1.0 else 'worse'}"


def _chance(p_value: float) -> str:
    return "no difference to test" if math.isnan(p_value) else f"DM p = {p_value:.2g}"
