"""What needs a person, found in the tables: gold.incidents, and a mail about each change."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue
from lakehouse.settings import Settings
from lakehouse.tables.gold import FORECASTS, INCIDENTS, PROMOTIONS, RUNS
from lakehouse.tables.watched import QUALITY, RETRAINING
from lakehouse.time import DAY, HOUR
from monitoring import advice, incidents, wording
from monitoring.incidents import ENDED, OPENED, TOLD, Change, Condition
from monitoring.scope import WEATHER_FORECASTS
from spark_jobs.alerts import mailed
from spark_jobs.champions import in_order, takeovers
from spark_jobs.late import awaited, late
from spark_jobs.retraining import ASKED
from spark_jobs.suspects import suspects

_TELL_DAYS = 2
"""Who was put in charge longer ago than that is no news."""
_FAILED_DAYS = 92
"""Steps run once a month at least."""
_JUDGED_DAYS = 35
"""The newest judged day of what is still watched is younger: an overdue day is judged, too."""
_DEADLINE = HOUR
"""After an origin, when its forecast has to be there, unless a run has tried before."""
_NOT_HERE = {"stale", "missing"}
"""Faults of a day that has not come."""


def run(
    arrow: ArrowTables, catalogue: Catalogue, settings: Settings, as_of: datetime, run_id: str
) -> int:
    """Write what opened, ended or is to be told at a moment, and put its mails in the outbox.

    Again at the same moment it changes nothing. Returns rows written.
    """
    opened = open_at(arrow)
    still = {name: _condition(row) for name, row in opened.items()}
    open_now = {(one.kind, one.about) for one in still.values()}
    holds = conditions(arrow, catalogue, as_of, open_now)
    found = [*incidents.changes(still, holds, as_of)]
    found += _news(arrow, as_of)
    since = {name: row["at"] for name, row in opened.items()}
    return _tell(arrow, catalogue, settings, found, since, run_id)


def tell_news(
    arrow: ArrowTables, catalogue: Catalogue, settings: Settings, as_of: datetime, run_id: str
) -> int:
    """Tell of what was decided, and look for nothing else. Returns rows written."""
    return _tell(arrow, catalogue, settings, _news(arrow, as_of), {}, run_id)


def _tell(
    arrow: ArrowTables,
    catalogue: Catalogue,
    settings: Settings,
    found: Iterable[Change],
    opened: Mapping[str, datetime],
    run_id: str,
) -> int:
    """opened: since when, by incident_id, of those that ended."""
    written = 0
    for change in found:
        since = opened[change.incident_id] if change.event == ENDED else change.at
        message_id = mailed(arrow, catalogue, settings, change, since, run_id)
        row = {
            "incident_id": change.incident_id,
            "event": change.event,
            "kind": change.condition.kind,
            "about": change.condition.about,
            "at": change.at,
            "reason": change.condition.reason,
            "message_id": message_id,
            "run_id": run_id,
        }
        written += arrow.insert_new(INCIDENTS, [row])
    return written


def open_at(arrow: ArrowTables, as_of: datetime | None = None) -> dict[str, dict[str, Any]]:
    """By incident_id, the rows of incidents that opened and have not ended, up to a moment."""
    rows = [row for row in arrow.rows(INCIDENTS) if as_of is None or row["at"] <= as_of]
    ended = {row["incident_id"] for row in rows if row["event"] == ENDED}
    return {
        row["incident_id"]: row
        for row in rows
        if row["event"] == OPENED and row["incident_id"] not in ended
    }


def conditions(
    arrow: ArrowTables, catalogue: Catalogue, as_of: datetime, open_now: set[tuple[str, str]]
) -> list[Condition]:
    """What holds at a moment and needs a person. open_now: kinds and what they are about, of the
    incidents that are open."""
    found = awaited(arrow, catalogue, as_of)
    silent = {one.owner for one in found if one.reason and one.feed != WEATHER_FORECASTS}
    return [
        *late(found, open_now),
        *_faults(arrow, as_of, silent),
        *_drifting(arrow, as_of),
        *_silent(arrow, catalogue, as_of),
        *_failed(arrow, as_of),
    ]


def _faults(arrow: ArrowTables, as_of: datetime, silent: set[str]) -> Iterator[Condition]:
    """Series and places whose newest judged day is broken.

    silent: those that are told to be late: that a day of them has not come is the same.
    """
    rows = arrow.rows(QUALITY, filters=_judged(as_of))
    newest = {
        (row["owner"], row["feature"]): row
        for row in sorted(rows, key=lambda row: (row["day"], row["as_of"]))
    }
    for (owner, feature), row in newest.items():
        late_only = owner in silent and set(row["faults"]) <= _NOT_HERE
        if row["verdict"] == "fault" and not late_only:
            about = owner if feature == "value" else f"{owner} {feature}"
            yield Condition(advice.QUALITY, about, f"{row['day']}: {row['reason']}")


def _drifting(arrow: ArrowTables, as_of: datetime) -> Iterator[Condition]:
    """Groups that drifted lately, and whose model is no better than seasonal naive either."""
    for one in suspects(arrow, as_of):
        if one.found.mae_ratio > 1.0:
            drifting = ", ".join(sorted(one.drifting))
            said = f"{drifting} drifted lately, and {one.model.name} is {one.found.told} than"
            told = f"{said} {one.naive.name} over {one.found.n_days} live days."
            yield Condition(advice.DRIFT, one.series_group, told)


def _silent(arrow: ArrowTables, catalogue: Catalogue, as_of: datetime) -> Iterator[Condition]:
    """Groups without a live forecast of the last origin that is past its deadline, or of which a
    run has tried to make one; nor of a later one."""
    tried = _tried(arrow, as_of)
    origins = {
        name: group.last_origin(max(as_of - _DEADLINE, tried))
        for name, group in catalogue.groups.items()
    }
    rows = arrow.rows(
        FORECASTS,
        ["series_group", "forecast_origin"],
        [("run_kind", "=", "live"), ("forecast_origin", ">=", min(origins.values()))],
    )
    there = {
        row["series_group"]
        for row in rows
        if row["series_group"] in origins and row["forecast_origin"] >= origins[row["series_group"]]
    }
    for group, origin in origins.items():
        if group not in there:
            when = wording.moment(origin, catalogue.groups[group].zone)
            yield Condition(advice.SILENT, group, f"There is none of its origin {when}.")


def _failed(arrow: ArrowTables, as_of: datetime) -> Iterator[Condition]:
    """Steps whose newest live run failed; that forecasts lack is told by itself, and a day that
    broke off by what broke it, where that could say so, until forecasts are made again."""
    since = [("run_kind", "=", "live"), ("as_of", ">", as_of - _FAILED_DAYS * DAY)]
    names = ["step", "status", "reason", "started_at"]
    rows = arrow.rows(RUNS, names, [*since, ("as_of", "<=", as_of)])
    newest = {row["step"]: row for row in sorted(rows, key=lambda row: row["started_at"])}
    failed = {step: row for step, row in sorted(newest.items()) if row["status"] == "failed"}
    made = newest.get("forecast", {"status": "failed"})
    for step, row in failed.items():
        again = made["status"] == "ok" and made["started_at"] > row["started_at"]
        if step != "forecast" and (step != "daily" or (len(failed) == 1 and not again)):
            yield Condition(advice.FAILED, step, row["reason"])


def _tried(arrow: ArrowTables, as_of: datetime) -> datetime:
    """The newest moment, within the deadline, of which live forecasts were made or failed."""
    since = as_of - _DEADLINE
    ran = [("step", "=", "forecast"), ("run_kind", "=", "live"), ("as_of", ">", since)]
    rows = arrow.rows(RUNS, ["as_of"], [*ran, ("as_of", "<=", as_of)])
    return max((row["as_of"] for row in rows), default=since)


def _judged(as_of: datetime) -> list[tuple[str, str, Any]]:
    """Of the newest days, what was judged by a moment."""
    return [("day", ">=", as_of.date() - _JUDGED_DAYS * DAY), ("as_of", "<=", as_of)]


def _news(arrow: ArrowTables, as_of: datetime) -> list[Change]:
    """What was decided of late, and has not been told of."""
    told = {row["incident_id"] for row in arrow.rows(INCIDENTS, ["incident_id"])}
    news = [*_new_champions(arrow, as_of), *_retrained(arrow, as_of)]
    return [change for change in news if change.incident_id not in told]


def _retrained(arrow: ArrowTables, as_of: datetime) -> Iterator[Change]:
    """What came of the trainings that were asked for: a decision about each candidate."""
    since = as_of - _TELL_DAYS * DAY
    filters = [("decided_by", "=", "backtest"), ("decided_at", ">", since)]
    decided = [row for row in arrow.rows(PROMOTIONS, filters=filters) if row["decided_at"] <= as_of]
    asked = [("verdict", "=", ASKED), ("as_of", ">", since), ("as_of", "<=", as_of)]
    for row in arrow.rows(RETRAINING, ["series_group", "as_of"], asked):
        group, at = row["series_group"], row["as_of"]
        reasons = [
            one["reason"]
            for one in in_order(decided)
            if one["series_group"] == group and one["decided_at"] >= at
        ]
        if reasons:
            name = incidents.incident_id(Condition(advice.TRAINED, group, ""), at)
            yield Change(name, TOLD, Condition(advice.TRAINED, group, "\n".join(reasons)), as_of)


def _new_champions(arrow: ArrowTables, as_of: datetime) -> Iterator[Change]:
    """Who was put in charge, or set aside."""
    for row in takeovers(arrow.rows(PROMOTIONS)):
        if not as_of - _TELL_DAYS * DAY < row["decided_at"] <= as_of:
            continue
        group = row["series_group"]
        condition = Condition(advice.CHAMPION, group, row["reason"])
        name = incidents.incident_id(
            Condition(advice.CHAMPION, f"{group} {row['turn']}", ""), row["decided_at"]
        )
        yield Change(name, TOLD, condition, as_of)


def _condition(row: dict[str, Any]) -> Condition:
    return Condition(row["kind"], row["about"], row["reason"])
