"""What has not come by the time at which it usually is known, and the grace that it has."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue
from lakehouse.tables import Table
from lakehouse.tables.gold import RUNS
from lakehouse.tables.silver import OBSERVATIONS, WEATHER_FORECASTS, WEATHER_OBSERVATIONS
from lakehouse.time import DAY, HOUR
from monitoring import advice, scope, wording
from monitoring.incidents import Condition

_READ_DAYS = 35 * DAY
"""So long before it is due the newest value is looked for first; only what is older costs more."""

_ASKED_WITHIN = 26 * HOUR
"""The sources are asked at least once a day, and days have up to 25 hours."""


@dataclass(frozen=True)
class Awaited:
    """What one series or place has of a feed. feed: a data set, or weather; owner: series_id or
    location_id; reason: in a sentence how late it is, empty where it is not."""

    feed: str
    owner: str
    reason: str

    @property
    def about(self) -> str:
        """As an incident names it."""
        weather = self.feed in (scope.WEATHER, scope.WEATHER_FORECASTS)
        return f"{self.owner} {self.feed}" if weather else self.owner


def awaited(arrow: ArrowTables, catalogue: Catalogue, as_of: datetime) -> list[Awaited]:
    """Every series and place that has ever had a value, with what is late of it at a moment.

    What became due since the sources were last asked is awaited still, unless that is a day ago.
    Series from files are left out: they come when a person brings them.
    """
    asked = _asked(arrow, as_of)
    return [
        *_series(arrow, catalogue, asked),
        *_weather(arrow, catalogue, asked),
        *_weather_forecasts(arrow, catalogue, asked),
    ]


def late(found: list[Awaited], open_now: set[tuple[str, str]]) -> Iterator[Condition]:
    """One condition for each feed of which nothing comes, else one for each that is late.

    open_now: kinds and what they are about, of open incidents: one of a single series stays open
    when the others of its feed fall silent, too, until its own data come.
    """
    feeds: dict[str, list[Awaited]] = defaultdict(list)
    for one in found:
        feeds[one.feed].append(one)
    for feed, members in sorted(feeds.items()):
        silent = [one for one in members if one.reason]
        whole = len(silent) == len(members) > 1
        if whole:
            names = ", ".join(one.owner for one in silent)
            yield Condition(advice.LATE, feed, f"All of it: {names}. {silent[0].reason}")
        for one in silent:
            if not whole or (advice.LATE, one.about) in open_now:
                yield Condition(advice.LATE, one.about, one.reason)


def _asked(arrow: ArrowTables, as_of: datetime) -> datetime:
    """When the sources were last asked, be it in vain; the moment itself, if that is long ago."""
    ran = [("step", "=", "ingest"), ("run_kind", "=", "live")]
    lately = [("as_of", ">", as_of - _ASKED_WITHIN), ("as_of", "<=", as_of)]
    rows = arrow.rows(RUNS, ["as_of"], [*ran, *lately])
    return max((row["as_of"] for row in rows), default=as_of)


def _series(arrow: ArrowTables, catalogue: Catalogue, as_of: datetime) -> Iterator[Awaited]:
    for name, data_set in catalogue.data_sets.items():
        series = [s for s in catalogue.series.values() if s.data_set == name]
        if not series or data_set.source == "file":
            continue
        usual = data_set.publication_at(as_of)
        due = usual.known_until(as_of - usual.grace_hours * HOUR)
        ids = [one.series_id for one in series]
        reached = _reached(arrow, OBSERVATIONS, "series_id", ids, due, as_of)
        for one in series:
            if one.series_id in reached:
                zone = catalogue.groups[one.series_group].zone
                told = f"{usual.told}, and {usual.grace_hours} h of grace"
                reason = _behind(reached[one.series_id], due, zone, told)
                yield Awaited(name, one.series_id, reason)


def _weather(arrow: ArrowTables, catalogue: Catalogue, as_of: datetime) -> Iterator[Awaited]:
    usual = catalogue.weather.actual
    due = usual.known_until(as_of - usual.grace_hours * HOUR)
    places = _places(catalogue)
    reached = _reached(arrow, WEATHER_OBSERVATIONS, "location_id", places, due, as_of)
    told = f"{usual.told}, and {usual.grace_hours} h of grace"
    for place, end in sorted(reached.items()):
        yield Awaited(scope.WEATHER, place, _behind(end, due, catalogue.schedule.zone, told))


def _weather_forecasts(
    arrow: ArrowTables, catalogue: Catalogue, as_of: datetime
) -> Iterator[Awaited]:
    weather, zone = catalogue.weather, catalogue.schedule.zone
    due = weather.newest_run(as_of - weather.grace_hours * HOUR)
    places = _places(catalogue)
    if not places:
        return
    filters = [("location_id", "in", places), ("available_at", "<=", as_of)]
    columns = ["location_id", "issue_time"]
    for filtered in ([*filters, ("issue_time", ">=", due - _READ_DAYS)], filters):
        rows: pd.DataFrame = arrow.read(WEATHER_FORECASTS, columns, filtered).to_pandas()
        if not rows.empty:
            break
    for place, newest in rows.groupby("location_id")["issue_time"].max().items():
        reason = (
            f"The newest run is that of {wording.moment(newest, zone)}; by now that of "
            f"{wording.moment(due, zone)} usually is public ({weather.run_delay_hours} h after it, "
            f"and {weather.grace_hours} h of grace)."
        )
        yield Awaited(scope.WEATHER_FORECASTS, str(place), reason if newest < due else "")


def _reached(
    arrow: ArrowTables,
    table: Table,
    owner: str,
    owners: list[str],
    due: datetime,
    as_of: datetime,
) -> dict[str, tuple[datetime, timedelta]]:
    """By owner, where its newest interval with a value ends, and how long that is; of weather, the
    variable that is furthest behind. Owners that never had a value are left out."""
    weather = table is WEATHER_OBSERVATIONS
    columns = [owner, "event_time", "value", "variable" if weather else "resolution_minutes"]
    found: dict[str, tuple[datetime, timedelta]] = {}
    for since in ([("event_time", ">=", due - _READ_DAYS)], []):
        lacking = [name for name in owners if name not in found]
        filters = [(owner, "in", lacking), ("available_at", "<=", as_of), *since]
        if not lacking:
            break
        rows = arrow.read(table, columns, filters).to_pandas().dropna(subset="value")
        if weather:
            rows = rows.groupby([owner, "variable"], as_index=False)["event_time"].max()
            rows = rows.sort_values("event_time", ascending=False).assign(resolution_minutes=60)
        else:
            rows = rows.sort_values("event_time")
        for row in rows.drop_duplicates(owner, keep="last").itertuples():
            length = timedelta(minutes=int(row.resolution_minutes))
            found[getattr(row, owner)] = (row.event_time.to_pydatetime() + length, length)
    return found


def _behind(reached: tuple[datetime, timedelta], due: datetime, zone: ZoneInfo, told: str) -> str:
    """A sentence where a whole interval is due and has not come."""
    end, length = reached
    if end + length > due:
        return ""
    return (
        f"The values end at {wording.moment(end, zone)}; by now they usually reach "
        f"{wording.moment(due, zone)} ({told})."
    )


def _places(catalogue: Catalogue) -> list[str]:
    return sorted({s.location_id for s in catalogue.series.values() if s.location_id})
