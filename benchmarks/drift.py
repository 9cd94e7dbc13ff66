"""Drift and quality verdicts on real years: how often they are wrong, how soon they are right.

    .venv/bin/python -m benchmarks.drift ../shared/data [choose | false | faults | levels]

Without a word all parts run and print their tables. The verdicts are those of the daily run: the
same profiles of local days, the same reference, the same settings.

Years. A verdict needs a past year. Thresholds were chosen on 2022 (its reference is 2021), which
`choose` repeats: per effect the least of a few round figures that gives no group more than one
false alarm in a quarter of 2022. 2023 and 2024 were left for the test.

Quiet periods, named before anything was run, from what is known of the years and not from the
series: the false alarms of consumption are counted from April 2023 to the end of 2024. Not quiet
are the lockdowns of the first months of 2021 (as a reference of 2022 they are what it is chosen
on), and the campaigns to save energy of September 2022 to March 2023. Weather has a past year for
Malmö 2024 only, which is quiet throughout: nothing happened to the instruments. Prices of 2022 to
2024 were not quiet; they are reported and not judged.

An alarm begins on a day whose verdict is `drift` after one that is not, for any feature of a
group; quality alarms are counted in the same way. A delay is counted in days of arrived data: 1 is
the first faulty day. Faults are planted every 30 days of the quiet period and last to the end.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import combinations
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from lakehouse.time import DAY
from monitoring import drift
from monitoring.columns import Column, columns
from monitoring.kinds import ENERGY, PRICE, WEATHER
from monitoring.profiles import profile
from monitoring.quality import Kind, QualitySettings
from spark_jobs.daily_values import WINDOW_DAYS, Line, OneDay, day_quality, profile_frame

ZONE = ZoneInfo("Europe/Copenhagen")
CHOSEN = (date(2022, 1, 1), date(2022, 12, 31))
QUIET = {
    "households": (date(2023, 4, 1), date(2024, 11, 30)),
    "business": (date(2023, 4, 1), date(2024, 12, 29)),
    "country": (date(2023, 4, 1), date(2024, 12, 29)),
    "weather": (date(2024, 1, 1), date(2024, 12, 31)),
    "prices": (date(2022, 1, 1), date(2024, 3, 30)),
}
#: Days between two plantings, and days that each is followed.
APART, FOLLOWED = 30, 28
GRID = {
    "location": (3, 3.5, 4, 4.5, 5, 6),
    "spread": (4, 5, 6, 7, 8),
    "distance": (1.6, 1.8, 2, 2.2, 2.5),
}
QUALITY = QualitySettings()


@dataclass
class Group:
    """The lines of one group, and what each local day of them says."""

    name: str
    lines: list[Line]

    @cached_property
    def days(self) -> dict[date, dict[str, Column]]:
        """The columns of the profile of each local day."""
        local = self.lines[0].vintages["event_time"].dt.tz_convert(ZONE).dt.date
        return {day: self.profiled(day) for day in sorted(set(local))}

    def on(self, day: date) -> list[tuple[Line, OneDay]]:
        return [(line, line.on(day)) for line in self.lines]

    def profiled(self, day: date) -> dict[str, Column]:
        """One day, as gold.profiles holds it."""
        return columns(profile(profile_frame(self.on(day))))

    def faults(self, day: date) -> set[str]:
        """The quality faults of a day, over all series."""
        owners = {line.owner for line in self.lines}
        each = [[pair for pair in self.on(day) if pair[0].owner == owner] for owner in owners]
        return {f for pairs in each for q in day_quality(pairs, 0, QUALITY) for f in q.faults}

    @property
    def features(self) -> list[str]:
        return list(next(iter(self.days.values())))

    def between(self, first: date, last: date) -> list[date]:
        return [day for day in self.days if first <= day <= last]


def groups(data: Path) -> list[Group]:
    """The series of the real years."""
    eds = data / "eds"
    return [
        Group(
            "households", [_energy(eds / "ConsumptionIndustry_851_Privat.csv.gz", "ConsumptionkWh")]
        ),
        Group(
            "business", [_energy(eds / "ConsumptionIndustry_329_Erhverv.csv.gz", "ConsumptionkWh")]
        ),
        Group(
            "country",
            [_energy(eds / "EnergyReport_DK2_2020_2024.csv.gz", "GrossConsumptionMWhDK2")],
        ),
        Group("weather", _malmo(data / "openmeteo" / "archive_malmo_2023_2024.csv.gz")),
        Group("prices", _prices(eds / "Elspotprices_DK1_DK2_2021_2024.csv.gz")),
    ]


def _line(owner: str, feature: str, kind: Kind, times: "pd.Series[str]", values: object) -> Line:
    """Values that became known in the order of their hours."""
    at = pd.DatetimeIndex(pd.to_datetime(times)).tz_localize("UTC")
    rows = pd.DataFrame({"event_time": at, "value": np.asarray(values, dtype=float)})
    rows["available_at"], rows["resolution_minutes"] = rows["event_time"], 60
    return Line(owner, feature, 60, ZONE, "energy", kind, rows.drop_duplicates())


def _energy(file: Path, column: str) -> Line:
    read = pd.read_csv(file, sep=";", decimal=",")
    return _line(file.name, "value", ENERGY, read["HourUTC"], read[column])


def _prices(file: Path) -> list[Line]:
    read = pd.read_csv(file, sep=";", decimal=",")
    return [
        _line(area, "value", PRICE, rows["HourUTC"], rows["SpotPriceEUR"])
        for area, rows in read.groupby("PriceArea")
    ]


def _malmo(file: Path) -> list[Line]:
    """Fixed UTC+1 all year, wind in km/h."""
    read = pd.read_csv(file, skiprows=3)
    times = pd.to_datetime(read["time"]) - pd.Timedelta(hours=1)
    named = dict(
        zip(WEATHER, ("temperature", "precipitation", "cloud_cover", "wind_speed_10m"), strict=True)
    )
    read["wind_speed_10m"] = (read["wind_speed_10m"] / 3.6).round(2)
    return [
        _line("malmo", name, WEATHER[name], times, read[column]) for name, column in named.items()
    ]


@dataclass(frozen=True)
class Seen:
    """What was seen of one feature on one day of arrived data."""

    day: date
    feature: str
    found: drift.Drift


def judged(
    group: Group,
    days: Sequence[date],
    held: dict[date, dict[str, Column]],
    settings: drift.DriftSettings,
) -> list[Seen]:
    """The findings of all features, day after day."""
    weeks = drift.Weeks(held, settings.least_days)
    seen, before = [], dict.fromkeys(group.features, 0)
    for day in days:
        for feature in group.features:
            found = drift.judge(weeks, day, feature, before[feature], settings)
            before[feature] = found.persistence
            seen.append(Seen(day, feature, found))
    return seen


def quarters(days: Iterator[date] | Sequence[date]) -> "pd.Series[int]":
    """How many alarms began in each quarter."""
    periods = pd.PeriodIndex([pd.Timestamp(day) for day in days], freq="Q")
    return pd.Series(1, index=periods.astype(str)).groupby(level=0).sum()


def beginnings(alarmed: Sequence[tuple[date, bool]]) -> list[date]:
    """The days on which an alarm began."""
    return [
        day for (day, on), (_, was) in zip(alarmed[1:], alarmed, strict=False) if on and not was
    ]


def alarms(seen: Sequence[Seen]) -> list[date]:
    """The days on which a group began to be in drift."""
    days = sorted({s.day for s in seen})
    drifting = {s.day for s in seen if s.found.verdict == "drift"}
    return beginnings([(days[0] - DAY, False), *((day, day in drifting) for day in days)])


def choose(made: Sequence[Group]) -> None:
    """Per effect the least threshold that 2022 allows for consumption."""
    print("\n2022: most false alarms of any consumption group in a quarter, one effect at a time")
    never = {"location": 1e9, "spread": 1e9, "distance": 1e9}
    for name, values in GRID.items():
        for value in values:
            settings = drift.DriftSettings(**(never | {name: value}))
            worst = 0
            for group in made[:3]:
                seen = judged(group, group.between(*CHOSEN), group.days, settings)
                worst = max(worst, int(quarters(alarms(seen)).max()) if alarms(seen) else 0)
            print(f"{name:10} {value:5}  {worst}")


def false_alarms(made: Sequence[Group]) -> None:
    """Drift and quality alarms of the quiet quarters."""
    print("\ngroup        days  drift alarms: all, most in a quarter   quality alarms: all, most")
    for group in made:
        days = group.between(*QUIET[group.name])
        seen = judged(group, days, group.days, drift.DriftSettings())
        begun = alarms(seen)
        faults = {day: group.faults(day) for day in days}
        broken = beginnings([(days[0] - DAY, False), *((d, bool(faults[d])) for d in days)])
        told = [
            f"{d} {[s.feature + ' ' + s.found.reason for s in seen if s.day == d and s.found.verdict == 'drift']}"
            for d in begun
        ]
        print(
            f"{group.name:12} {len(days):4}  {len(begun):3} {_most(begun):3}   {len(broken):3} {_most(broken):3}"
        )
        for line in [*told, *(f"{d} {faults[d]}" for d in broken)]:
            print(f"    {line}")


def _most(days: Sequence[date]) -> int:
    return int(quarters(days).max()) if days else 0


Plant = Callable[[list[Line], pd.Timestamp], list[Line]]


def _changed(
    lines: list[Line],
    since: pd.Timestamp,
    change: Callable[[pd.DataFrame, "pd.Series[bool]"], pd.DataFrame],
) -> list[Line]:
    """Lines with other values from a moment on, cut to what the days after it look at."""
    made = []
    for line in lines:
        rows = line.vintages.sort_values("event_time", ignore_index=True)
        near = rows["event_time"].between(
            since - pd.Timedelta(days=WINDOW_DAYS + 9), since + pd.Timedelta(days=FOLLOWED + 1)
        )
        rows = rows[near].reset_index(drop=True)
        made.append(replace(line, vintages=change(rows, rows["event_time"] >= since)))
    return made


def level(factor: float) -> Plant:
    """Every value is so many times what it was."""

    def change(rows: pd.DataFrame, after: "pd.Series[bool]") -> pd.DataFrame:
        return rows.assign(value=rows["value"].where(~after, rows["value"] * factor))

    return lambda lines, since: _changed(lines, since, change)


def frozen(lines: list[Line], since: pd.Timestamp) -> list[Line]:
    """The last value before the moment stays."""

    def change(rows: pd.DataFrame, after: "pd.Series[bool]") -> pd.DataFrame:
        last = rows.loc[~after, "value"].iloc[-1]
        return rows.assign(value=rows["value"].where(~after, last))

    return _changed(lines, since, change)


def shifted(hours: int) -> Plant:
    """Every value is told of an hour that is so much later."""

    def change(rows: pd.DataFrame, after: "pd.Series[bool]") -> pd.DataFrame:
        return rows.assign(value=rows["value"].where(~after, rows["value"].shift(hours)))

    return lambda lines, since: _changed(lines, since, change)


def exchanged(a: str, b: str) -> Plant:
    """Two columns have each other's values."""

    def plant(lines: list[Line], since: pd.Timestamp) -> list[Line]:
        whole = {line.feature: line for line in _changed(lines, since, lambda rows, _: rows)}
        after = whole[a].vintages["event_time"] >= since
        values = {name: whole[name].vintages["value"] for name in (a, b)}
        for name, other in ((a, b), (b, a)):
            mixed = values[name].where(~after, values[other])
            whole[name] = replace(whole[name], vintages=whole[name].vintages.assign(value=mixed))
        return list(whole.values())

    return plant


def planted(group: Group, plant: Plant) -> Iterator[Group]:
    """The group with a fault, once for each planting in its quiet period."""
    first, last = QUIET[group.name]
    day = first
    while day + FOLLOWED * DAY <= last:
        since = pd.Timestamp(day, tz=ZONE)
        yield Group(f"{day}", plant(group.lines, since))
        day += APART * DAY


def quality_delays(group: Group, plant: Plant, named: set[str], most: int) -> list[int | None]:
    """Per planting the first day of arrived data with one of the named faults."""
    delays = []
    for broken in planted(group, plant):
        day = date.fromisoformat(broken.name)
        found = (n for n in range(1, most + 1) if broken.faults(day + (n - 1) * DAY) & named)
        delays.append(next(found, None))
    return delays


def drift_delays(group: Group, plant: Plant) -> list[int | None]:
    """Per planting the first day of arrived data in drift."""
    delays = []
    for broken in planted(group, plant):
        day = date.fromisoformat(broken.name)
        days = [day + n * DAY for n in range(FOLLOWED)]
        held = dict(group.days) | {d: broken.profiled(d) for d in days}
        seen = judged(group, days, held, drift.DriftSettings())
        found = next((s.day for s in seen if s.found.verdict == "drift"), None)
        delays.append((found - day).days + 1 if found else None)
    return delays


def _told(delays: Sequence[int | None], within: int) -> str:
    known = [delay for delay in delays if delay is not None]
    soon = sum(delay <= within for delay in known)
    middle = f"{np.median(known):.0f}" if known else "-"
    return f"{soon} of {len(delays)} within {within} d, median {middle} d, latest {max(known, default=0)} d"


def faults(made: Sequence[Group]) -> None:
    """Delays of planted faults until a quality verdict names them."""
    print("\nfault, group: delay in days of arrived data")
    consumption, weather = made[:3], made[3]
    for group in consumption:
        for name, plant, named, goal in (
            ("unit 1000 times", level(1000), {"unit"}, 1),
            ("unit 1/1000", level(0.001), {"unit"}, 1),
            ("frozen", frozen, {"flat"}, 1),
            ("an hour late", shifted(1), {"shifted"}, 3),
            ("an hour early", shifted(-1), {"shifted"}, 3),
        ):
            print(
                f"{name:28} {group.name:11} {_told(quality_delays(group, plant, named, 14), goal)}",
                flush=True,
            )
    for line in weather.lines:
        only = Group("weather", [line])
        print(
            f"{'frozen':28} {line.feature:11} {_told(quality_delays(only, frozen, {'flat'}, 14), 1)}",
            flush=True,
        )
    names = [line.feature for line in weather.lines]
    for a, b in combinations(names, 2):
        delays = quality_delays(weather, exchanged(a, b), {"swapped"}, 14)
        print(f"{'swapped':28} {a} {b}: {_told(delays, 3)}", flush=True)


def levels(made: Sequence[Group]) -> None:
    """Delays of level shifts until drift: the curve."""
    print("\nlevel shift, group: found within 28 days of arrived data")
    for group in made[:3]:
        for factor in (1.1, 0.9, 1.2, 0.8, 1.4, 0.6):
            print(
                f"{factor - 1:+4.0%} {group.name:11} {_told(drift_delays(group, level(factor)), FOLLOWED)}",
                flush=True,
            )


PARTS = {"choose": choose, "false": false_alarms, "faults": faults, "levels": levels}


def main() -> None:
    """Run the parts asked for, or all."""
    made = groups(Path(sys.argv[1]))
    for part in sys.argv[2:] or PARTS:
        PARTS[part](made)


if __name__ == "__main__":
    main()
