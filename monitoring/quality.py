"""Is what arrived fit to be learnt from? Verdicts on single days, apart from drift.

Drift says that the world may have changed; a quality fault says that the data have: values are
missing or impossible, a sensor stands still, a unit, a clock or two columns were exchanged. Nobody
wants a model of those days. What the thresholds give on real years is measured by
benchmarks/drift.py (docs/monitoring.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from monitoring.climatology import EARLIER_DAYS, LEAST_DAYS, Floats, usual
from monitoring.daily_shape import Shift, shift_of

Fault = Literal["missing", "range", "flat", "stale", "resolution", "unit", "shifted", "swapped"]
Verdict = Literal["ok", "fault", "no_history"]

#: Factors by which units differ that people confuse.
_FACTORS = (1e-6, 1e-3, 1e-2, 0.1, 10.0, 100.0, 1e3, 1e6)


@dataclass(frozen=True)
class QualitySettings:
    """When a day is at fault.

    missing_share: of its intervals, above which it is.
    flat_hours: least length of one and the same value; flat_ratio: and so many times the longest
        that three in four of the days before had.
    shift_days: days whose shape must fit better some hours off, shift_votes of them best at the
        same lag; shift_gain: how many times the unexplained part must shrink.
    swap_evidence: mean log-likelihood ratio per hour, of both columns together.
    stale_hours: after a day was due, while more than that is missing.
    """

    missing_share: float = 0.1
    flat_hours: float = 6.0
    flat_ratio: float = 3.0
    shift_days: int = 3
    shift_votes: int = 2
    shift_gain: float = 1.5
    swap_evidence: float = 1.0
    stale_hours: float = 24.0


@dataclass(frozen=True)
class Kind:
    """What is possible for a kind of values.

    low, high: physical limits, in its unit; a value may stand still at a limit (dry, overcast).
    weekly: weekdays differ. shaped: a daily shape so regular that its shift can be seen.
    factor: from so many times above or below the usual levels on it is another unit; infinite where
        the level may be near zero by itself.
    restless: it seldom rests at a limit, so that a distance from the usual hour says more than the
        value does; rain and cloud cover are usually none or all.
    """

    low: float = -math.inf
    high: float = math.inf
    weekly: bool = True
    shaped: bool = True
    factor: float = 5.0
    restless: bool = True


@dataclass(frozen=True)
class Day:
    """One series on one local day, as it is known.

    values: (EARLIER_DAYS + n, slots) by local clock, NaN in gaps; the last row is the day.
    expected, held: intervals that the day has, and those with a value.
    minutes, usual_minutes: longest interval as it came, and the most frequent one before.
    stale_hours: for how long the day was overdue when it was looked at; 0 where it is whole.
    swapped_with: name of the column whose values these seem to be.
    """

    values: Floats
    expected: int
    held: int
    minutes: int
    usual_minutes: int
    stale_hours: float = 0.0
    swapped_with: str | None = None


@dataclass(frozen=True)
class Quality:
    """What was found: figures (NaN or None where there was nothing to measure), faults, and a
    sentence for each."""

    verdict: Verdict
    faults: tuple[Fault, ...]
    reasons: tuple[str, ...]
    missing_share: float
    flat_hours: float
    factor: float
    shift: Shift | None
    stale_hours: float


def judge(day: Day, kind: Kind, settings: QualitySettings) -> Quality:
    """Everything about one series on one day.

    What is usual are quartiles and medians of the eight weeks before: a fault that lasts is told
    every day for at least two of them.
    """
    now, earlier = day.values[-1], day.values[-1 - EARLIER_DAYS : -1]
    history = int((~np.isnan(earlier)).any(axis=1).sum()) >= LEAST_DAYS
    missing = 1 - day.held / day.expected if day.expected else float("nan")
    flat = longest_run(now, kind) * 24 / len(now)
    factor = level_factor(now, earlier) if history else float("nan")
    shift = shift_of(*_shapes(day, kind, settings)) if history and kind.shaped else None
    found = _arrival_faults(day, missing, settings)
    outside = now[(now < kind.low) | (now > kind.high)]
    if outside.size:
        worst = outside[np.argmax(np.abs(outside))]
        found["range"] = f"{worst:.6g} is not possible ({kind.low:g} to {kind.high:g})."
    if history and flat >= _too_flat(earlier, kind, settings):
        found["flat"] = f"The value did not change for {flat:.0f} h."
    if history and _is_another_unit(now, earlier, kind):
        found["unit"] = f"The level is {factor:.3g} times the usual one{_nearest(factor)}."
    if shift and _is_shifted(shift, settings):
        when = "late" if shift.hours > 0 else "early"
        found["shifted"] = f"The daily shape comes {abs(shift.hours):g} h {when}."
    if day.swapped_with:
        found["swapped"] = f"The values look like those of {day.swapped_with}."
    verdict: Verdict = "fault" if found else "ok" if history else "no_history"
    faults, reasons = tuple(found), tuple(found.values())
    return Quality(verdict, faults, reasons, missing, flat, factor, shift, day.stale_hours)


def _arrival_faults(day: Day, missing: float, settings: QualitySettings) -> dict[Fault, str]:
    """What is wrong with what came, whatever its values are."""
    found: dict[Fault, str] = {}
    if missing > settings.missing_share:
        if day.stale_hours > settings.stale_hours:
            told = f"{settings.stale_hours:.0f} h after it was due the day is not whole."
            found["stale"] = told
        found["missing"] = f"{missing:.0%} of the day's values are missing."
    if day.minutes > day.usual_minutes:
        told = f"Intervals of {day.minutes} minutes came instead of {day.usual_minutes}."
        found["resolution"] = told
    return found


def longest_run(values: Floats, kind: Kind) -> int:
    """Length of the longest run of one and the same value away from the limits; 0 without any."""
    at_rest = np.isnan(values) | (values <= kind.low) | (values >= kind.high)
    longest = run = 0
    for place, still in enumerate(at_rest):
        same = not still and place > 0 and values[place] == values[place - 1]
        run = 0 if still else run + 1 if same else 1
        longest = max(longest, run)
    return longest


def level_factor(now: Floats, earlier: Floats) -> float:
    """The day's mean size over the median of the days before; NaN where there is none."""
    level, before = _level(now), _levels(earlier)
    middle = float(np.median(before)) if before.size else 0.0
    return level / middle if middle > 0 else float("nan")


def _level(values: Floats) -> float:
    known = np.abs(values[~np.isnan(values)])
    return float(known.mean()) if known.size else float("nan")


def _levels(days: Floats) -> Floats:
    levels = np.array([_level(day) for day in days])
    return np.asarray(levels[~np.isnan(levels)])


def _too_flat(earlier: Floats, kind: Kind, settings: QualitySettings) -> float:
    """From how many hours without a change on a sensor is frozen."""
    runs = [longest_run(day, kind) * 24 / len(day) for day in earlier]
    return max(settings.flat_hours, settings.flat_ratio * float(np.quantile(runs, 0.75)))


def _is_another_unit(now: Floats, earlier: Floats, kind: Kind) -> bool:
    """Whether the day lies as a whole that far above three in four of the days before, or even its
    greatest value that far below them."""
    before, known = _levels(earlier), np.abs(now[~np.isnan(now)])
    if math.isinf(kind.factor) or not known.size or not before.size:
        return False
    low, high = np.quantile(before, [0.25, 0.75])
    return bool(known.mean() > kind.factor * high > 0 or known.max() * kind.factor < low)


def _nearest(factor: float) -> str:
    """' (as if the unit were 1000 times smaller)' where a usual mistake explains a factor."""
    if math.isnan(factor) or factor <= 0:
        return ""
    nearest = min(_FACTORS, key=lambda known: abs(math.log(known / factor)))
    if abs(math.log(nearest / factor)) > math.log(2):
        return ""
    return (
        f", about what a unit {'smaller' if nearest > 1 else 'larger'} by "
        f"{max(nearest, 1 / nearest):g} gives"
    )


def _shapes(day: Day, kind: Kind, settings: QualitySettings) -> tuple[Floats, Floats]:
    """The last days and what was usual on each of them, both (days, slots), oldest first."""
    last = min(settings.shift_days, len(day.values) - EARLIER_DAYS)
    ends = range(len(day.values) - last, len(day.values))
    usuals = [usual(day.values[end - EARLIER_DAYS : end], kind.weekly).shape for end in ends]
    return day.values[-last:], np.array(usuals)


def _is_shifted(shift: Shift, settings: QualitySettings) -> bool:
    enough = shift.days >= settings.shift_days and shift.votes >= settings.shift_votes
    return shift.hours != 0 and enough and shift.gain >= settings.shift_gain
