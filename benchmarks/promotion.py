"""The promotion rule replayed on published forecasts, beside "the better of the last seven days".

    .venv/bin/python -m benchmarks.promotion ../shared/data

Ten published forecasts of Nord Pool prices (Lago et al. 2021), 728 days: 45 pairs, each replayed
from either side. Each week of the second year a rule looks back and may put the other one in
charge. The worse of a pair is the one whose MAE over all days is higher. Then, day by day, whether
each forecast would have been set aside for seasonal naive.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import permutations
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from models.live_days import fit
from models.promotion import LONG_DAYS, Contest, DailyLosses, decide
from models.samples import Floats

#: Does the second, of losses before a day, take over from the first?
Rule = Callable[[Floats, Floats, date], bool]
WEEK = 7


@dataclass(frozen=True)
class Replay:
    """One pair from one side: the promotions, and the weeks with the worse one in charge."""

    starts_worse: bool
    weeks: int
    to_better: int
    to_worse: int
    weeks_worse: int


def main() -> None:
    """Print both rules' tables."""
    losses, first_day = published(Path(sys.argv[1]))
    for name, rule in (("seven days", seven_days), ("the gate", gate)):
        replays = replay_all(losses, first_day, rule)
        print(f"\n{name}: {len(replays)} replays of {replays[0].weeks} weeks")
        for worse in (False, True):
            held = [r for r in replays if r.starts_worse is worse]
            shares = [r.weeks_worse / r.weeks for r in held]
            print(
                f"  starts with the {'worse' if worse else 'better'}: "
                f"{sum(r.to_better for r in held)} promotions of the better, "
                f"{sum(r.to_worse for r in held)} of the worse; the worse in charge in "
                f"{median(shares):.0%} of weeks (median; {min(shares):.0%} to {max(shares):.0%})"
            )
    print(f"\nset aside for seasonal naive, of {len(naive_losses(Path(sys.argv[1])))} days")
    for name, days in set_aside(losses, naive_losses(Path(sys.argv[1]))).items():
        print(f"  {name}: {days}")


def set_aside(losses: dict[str, Floats], naive: Floats) -> dict[str, int]:
    """By forecast, the days on which it would have been set aside, had it been in charge."""
    return {
        name: sum(
            fit(name, "naive", {"NP": (own[:day], naive[:day])}).passed is False
            for day in range(len(own) + 1)
        )
        for name, own in losses.items()
    }


def naive_losses(data: Path) -> Floats:
    """Daily MAE of the value a week before, on the days of `published`; NaN in its first week."""
    truth = pd.read_csv(data / "epf" / "NP_published_forecasts.csv.gz", index_col=0)["Real price"]
    error = (truth - truth.shift(WEEK * 24)).abs().to_numpy(np.float64)
    return np.asarray(error.reshape(-1, 24).mean(axis=1))


def published(data: Path) -> tuple[dict[str, Floats], date]:
    """Daily mean absolute errors by forecast, EUR/MWh, and their first day."""
    frame = pd.read_csv(
        data / "epf" / "NP_published_forecasts.csv.gz", index_col=0, parse_dates=True
    )
    truth = frame.pop("Real price")
    errors = frame.sub(truth, axis=0).abs()
    daily = errors.groupby(pd.DatetimeIndex(errors.index).date).mean()
    return {str(name): daily[name].to_numpy(np.float64) for name in daily}, daily.index[0]


def replay_all(losses: dict[str, Floats], first_day: date, rule: Rule) -> list[Replay]:
    """Every ordered pair of forecasts."""
    return [replay(*pair, first_day, rule) for pair in permutations(losses.values(), 2)]


def replay(first: Floats, second: Floats, first_day: date, rule: Rule) -> Replay:
    """`first` is in charge at the start; each week the rule may turn them round."""
    pair, better = (first, second), int(second.mean() < first.mean())
    in_charge, promoted, weeks_worse = 0, [0, 0], 0
    weeks = range(LONG_DAYS, len(first) - WEEK + 1, WEEK)
    for day in weeks:
        other = 1 - in_charge
        past = (pair[in_charge][:day], pair[other][:day])
        if rule(*past, first_day + timedelta(days=day)):
            in_charge = other
            promoted[int(other == better)] += 1
        weeks_worse += in_charge != better
    return Replay(better == 1, len(weeks), promoted[1], promoted[0], weeks_worse)


def seven_days(incumbent: Floats, candidate: Floats, day: date) -> bool:
    """The lower error of the last seven days."""
    return bool(candidate[-WEEK:].mean() < incumbent[-WEEK:].mean())


def gate(incumbent: Floats, candidate: Floats, day: date) -> bool:
    """Our rule on the last year; point forecasts have neither quantiles nor intervals."""

    def of(values: Floats) -> DailyLosses:
        year = values[-LONG_DAYS:]
        return DailyLosses(year, year, np.full(len(year), 0.8))

    first, last = day - timedelta(days=LONG_DAYS), day - timedelta(days=1)
    series: dict[str, Any] = {"NP": (of(candidate), of(incumbent))}
    return decide(Contest("price", "candidate", "incumbent", first, last, series)).promote


if __name__ == "__main__":
    main()
