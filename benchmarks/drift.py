"""Drift and quality verdicts on real years: how often they are wrong, how soon they are right.

    .venv/bin/python -m benchmarks.drift ../shared/data [choose | false | faults | levels]

Without a word all parts run and print their tables. The verdicts are those of the daily run: the
same profiles of local days, the same reference, the same settings.

Years. A verdict needs a past year. This is no blind test: the form of the effects, the thresholds
of drift and those of quality were found while looking at all years, 2023 and 2024 among them.
`choose` asks afterwards what 2022 alone (its reference is 2021) would have chosen: it prints, one
effect at a time, the most false alarms that any group of consumption has in a quarter of 2022.
For location that is the threshold in use, 4; those of spread and distance are stricter than 2022
asks for. Weather has 2024 only: its thresholds are those of consumption, and that rain and cloud
cover have no residual was decided because of an alarm seen in it.

Quiet periods: consumption from April 2023 to the end of 2024. Not quiet are the lockdowns of
early 2021 (a part of the reference of 2022) and the campaigns to save energy from September 2022
to March 2023. Weather: all of 2024, nothing happened to the instruments. They follow from what is
known of the years, and were written down before this benchmark first ran, but after those first
looks. Prices of 2022 to 2024 were not quiet; they are reported and not judged.

An alarm begins on a day whose verdict is `drift` after one that is not, for any feature of a
group; quality alarms are counted likewise. A delay is counted in days of arrived data: 1 is the
first faulty day. A fault is planted every 30 days of the quiet period and lasts; it counts as found
when a verdict of its own name says so.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from benchmarks.real_years import (
    FOLLOWED,
    Group,
    Plant,
    consumption,
    exchanged,
    frozen,
    level,
    planted,
    prices,
    shifted,
    weather,
)
from lakehouse.time import DAY
from monitoring import drift
from monitoring.columns import Column

CHOSEN = (date(2022, 1, 1), date(2022, 12, 31))
LOCATIONS, SPREADS, DISTANCES = (3.0, 3.5, 4.0, 4.5, 5.0), (4.0, 5.0, 6.0), (1.6, 1.8, 2.0, 2.2)
LEVELS = (1.1, 0.9, 1.2, 0.8, 1.4, 0.6)
APART = 30
_NEVER = 1e9
_QUALITY_FOLLOWED = 14
_FAULTS: tuple[tuple[str, Plant, str, int], ...] = (
    ("unit, 1000 times", level(1000), "unit", 1),
    ("unit, 1/1000", level(0.001), "unit", 1),
    ("frozen", frozen, "flat", 1),
    ("an hour late", shifted(1), "shifted", 3),
    ("an hour early", shifted(-1), "shifted", 3),
)


class Seen(NamedTuple):
    """What was found of one feature in the week up to a day."""

    day: date
    found: drift.Drift


def judged(
    days: Sequence[date], held: dict[date, dict[str, Column]], settings: drift.DriftSettings
) -> list[Seen]:
    """The findings of all features, day after day."""
    weeks = drift.Weeks(held, settings.least_days)
    seen: list[Seen] = []
    before: dict[str, int] = {}
    for day in days:
        for feature in held[day]:
            found = drift.judge(weeks, day, feature, before.get(feature, 0), settings)
            before[feature] = found.persistence
            seen.append(Seen(day, found))
    return seen


def drift_alarms(seen: Sequence[Seen]) -> dict[date, str]:
    """The days on which a group began to be in drift, and of what."""
    told: dict[date, str] = {}
    for day, found in seen:
        if found.verdict == "drift":
            told[day] = f"{told.get(day, '')} {found.feature}: {found.reason}".strip()
    return {day: told[day] for day in told if day - DAY not in told}


def choose(data: Path) -> None:
    """Per effect how many false alarms 2022 has at some thresholds."""
    print("\n2022: most false alarms of a consumption group in a quarter, by one effect alone")
    never = drift.DriftSettings(location=_NEVER, spread=_NEVER, distance=_NEVER)
    tried = (
        ("location", [replace(never, location=value) for value in LOCATIONS], LOCATIONS),
        ("spread", [replace(never, spread=value) for value in SPREADS], SPREADS),
        ("distance", [replace(never, distance=value) for value in DISTANCES], DISTANCES),
    )
    made = consumption(data)
    for name, settings, values in tried:
        for setting, value in zip(settings, values, strict=True):
            each = (judged(g.between(*CHOSEN), g.days, setting) for g in made)
            worst = max(_most(drift_alarms(seen)) for seen in each)
            print(f"{name:10} {value:4}  {worst}", flush=True)


def false_alarms(data: Path) -> None:
    """Drift and quality alarms of the quiet quarters."""
    print("\ngroup        days   drift: alarms, most in a quarter   quality: alarms, most")
    for group in (*consumption(data), weather(data), prices(data)):
        days = group.between(*group.quiet)
        begun = drift_alarms(judged(days, group.days, drift.DriftSettings()))
        faulty = {day: ", ".join(sorted(found)) for day in days if (found := group.faults(day))}
        broken = {day: faulty[day] for day in faulty if day - DAY not in faulty}
        print(
            f"{group.name:12} {len(days):4}   {len(begun):4} {_most(begun):4}"
            f"   {len(broken):4} {_most(broken):4}",
            flush=True,
        )
        for day, what in sorted((begun | broken).items()):
            print(f"    {day} {what}")


def faults(data: Path) -> None:
    """Delays of planted faults until a quality verdict names them."""
    print("\nfault                series: days of arrived data until it is named")
    for group in consumption(data):
        for name, plant, fault, goal in _FAULTS:
            _print_delays(name, group.name, _quality_delays(group, plant, fault), goal)
    there = weather(data)
    names = [line.feature for line in there.lines]
    for feature in names:
        delays = _quality_delays(there.only(feature), frozen, "flat")
        _print_delays("frozen", feature, delays, 1)
    for a, b in combinations(names, 2):
        delays = _quality_delays(there, exchanged(a, b), "swapped")
        _print_delays("swapped", f"{a}, {b}", delays, 3)


def levels(data: Path) -> None:
    """Delays of level shifts until drift: the curve."""
    print("\nlevel shift          group: days of arrived data until it is drift")
    for group in consumption(data):
        for factor in LEVELS:
            delays = _drift_delays(group, level(factor))
            _print_delays(f"{factor - 1:+.0%}", group.name, delays, FOLLOWED)


def _quality_delays(group: Group, plant: Plant, fault: str) -> list[int | None]:
    """Per planting the first day of arrived data whose faults name it."""
    return [
        next(
            (n + 1 for n in range(_QUALITY_FOLLOWED) if fault in broken.faults(day + n * DAY)), None
        )
        for day, broken in planted(group, plant, APART)
    ]


def _drift_delays(group: Group, plant: Plant) -> list[int | None]:
    """Per planting the first day of arrived data in drift."""
    delays: list[int | None] = []
    for day, broken in planted(group, plant, APART):
        days = [day + n * DAY for n in range(FOLLOWED)]
        held = group.days | {d: broken.profiled(d) for d in days}
        alarms = drift_alarms(judged(days, held, drift.DriftSettings()))
        delays.append((min(alarms) - day).days + 1 if alarms else None)
    return delays


def _print_delays(fault: str, what: str, delays: Sequence[int | None], within: int) -> None:
    known = [delay for delay in delays if delay is not None]
    middle = f"{np.median(known):.0f} d" if known else "-"
    print(
        f"{fault:20} {what:32} {sum(d <= within for d in known):2} of {len(delays)} within "
        f"{within} d; found {len(known)}, median {middle}, latest {max(known, default=0)} d",
        flush=True,
    )


def _most(days: Iterable[date]) -> int:
    """The most days of any quarter."""
    periods = pd.PeriodIndex([pd.Timestamp(day) for day in days], freq="Q")
    return int(periods.value_counts().max()) if len(periods) else 0


PARTS: dict[str, Callable[[Path], None]] = {
    "choose": choose,
    "false": false_alarms,
    "faults": faults,
    "levels": levels,
}


def main() -> None:
    """Run the parts asked for, or all."""
    for part in sys.argv[2:] or PARTS:
        PARTS[part](Path(sys.argv[1]))


if __name__ == "__main__":
    main()
