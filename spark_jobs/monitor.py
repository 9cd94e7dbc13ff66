"""Profiles, drift and quality: reads tables, lets `monitoring` judge, writes what it said."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue
from lakehouse.errors import BadInput
from lakehouse.spark.tables import SparkTables
from lakehouse.tables.watched import DRIFT, PROFILE_FEATURES, PROFILES, QUALITY
from lakehouse.time import DAY
from monitoring import drift
from monitoring.columns import Column, columns
from monitoring.reference import days_of
from spark_jobs.issued import issued_days
from spark_jobs.profiled import Profiled, profiled
from spark_jobs.to_profile import OBSERVED, WEATHER, ToProfile

SETTINGS = drift.DriftSettings()
_DAYS_OF_PERSISTENCE = 35
Part = tuple[str, str]


def run(
    tables: SparkTables, arrow: ArrowTables, catalogue: Catalogue, as_of: datetime, run_id: str
) -> dict[str, int]:
    """Profile the days that have no profile of what is known, and judge each of them and the week
    that ends with it. Returns rows per table."""
    to_profile = ToProfile(arrow, catalogue, as_of)
    fresh = profiled(tables, to_profile.new_days()) + issued_days(arrow, catalogue, as_of)
    if not fresh:
        return {}
    first = to_profile.since.date() if to_profile.since else as_of.date()
    judged = sorted((part for part in fresh if part.day >= first), key=lambda part: part.day)
    referred = profiled(tables, to_profile.reference_days(_referred(judged)))
    made = [*fresh, *referred]
    stamp = {"as_of": as_of, "run_id": run_id}
    written = {
        PROFILE_FEATURES.name: arrow.insert_new(
            PROFILE_FEATURES, [row | {"run_id": run_id} for part in made for row in _readable(part)]
        ),
        # Before the profiles: a day without a profile is done again.
        QUALITY.name: arrow.insert_new(
            QUALITY,
            [_key(part) | row | stamp for part in made for row in part.quality],
        ),
    }
    rows = _drift_rows(arrow, judged, made)
    written[DRIFT.name] = arrow.insert_new(DRIFT, [row | stamp for row in rows])
    written[PROFILES.name] = arrow.insert_new(PROFILES, [_row(part) | stamp for part in made])
    return written


def _referred(judged: Iterable[Profiled]) -> dict[Part, set[date]]:
    """The days that judgements refer to, by data set and group."""
    wanted: dict[Part, set[date]] = defaultdict(set)
    for part in judged:
        if part.data_set in (OBSERVED, WEATHER):
            wanted[part.data_set, part.series_group] |= set(_days_seen(part.day))
    return wanted


def _days_seen(day: date) -> list[date]:
    reference = SETTINGS.reference
    return days_of([*reference.past(day), *reference.before(day), day])


def _key(part: Profiled) -> dict[str, Any]:
    return {name: getattr(part, name) for name in PROFILES.key}


def _row(part: Profiled) -> dict[str, Any]:
    return {n: v for n, v in part._asdict().items() if n != "quality"}


def _readable(part: Profiled) -> list[dict[str, Any]]:
    return [
        _key(part) | {"feature": name} | column.readable()
        for name, column in sorted(columns(part.profile).items())
    ]


def _drift_rows(
    arrow: ArrowTables, judged: Sequence[Profiled], made: Sequence[Profiled]
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for key in dict.fromkeys((part.data_set, part.series_group) for part in judged):
        own = [part for part in judged if (part.data_set, part.series_group) == key]
        days = _days(arrow, key, own, made)
        weeks = drift.Weeks(days, SETTINGS.least_days)
        before = _persistence(arrow, key, own[0].day)
        for part in own:
            for feature in columns(part.profile):
                standing = before.get((part.day - DAY, feature), 0)
                found = drift.judge(weeks, part.day, feature, standing, SETTINGS)
                before[part.day, feature] = found.persistence
                rows.append(_key(part) | _told(found))
    return rows


def _days(
    arrow: ArrowTables, key: Part, judged: Sequence[Profiled], made: Iterable[Profiled]
) -> dict[date, Mapping[str, Column] | None]:
    """What is known of each day that the judgements see: of its revisions the newest."""
    wanted = sorted({day for part in judged for day in _days_seen(part.day)})
    filters = [("data_set", "=", key[0]), ("series_group", "=", key[1]), ("day", "in", wanted)]
    held = arrow.rows(PROFILES, ["day", "as_of", "profile"], filters)
    payloads = {row["day"]: row["profile"] for row in sorted(held, key=lambda row: row["as_of"])}
    payloads |= {part.day: part.profile for part in made if (part[0], part[1]) == key}
    return {day: _columns(payload) for day, payload in payloads.items()}


@lru_cache(maxsize=2048)  # the weeks that a day is compared with are nearly the day before's
def _columns(payload: bytes) -> Mapping[str, Column] | None:
    try:
        return columns(payload)
    except BadInput:  # gold.drift says so: unreadable_profile
        return None


def _persistence(arrow: ArrowTables, key: Part, first: date) -> dict[tuple[date, str], int]:
    """By day and feature for how many days it had been beyond a threshold."""
    filters = [
        ("data_set", "=", key[0]),
        ("series_group", "=", key[1]),
        ("day", ">=", first - _DAYS_OF_PERSISTENCE * DAY),
    ]
    held = arrow.rows(DRIFT, ["day", "feature", "as_of", "persistence"], filters)
    ordered = sorted(held, key=lambda row: row["as_of"])
    return {(row["day"], row["feature"]): row["persistence"] for row in ordered}


def _told(found: drift.Drift) -> dict[str, Any]:
    effects = found.effects
    figures = {
        "effect_size": effects.distance if effects else math.nan,
        "relative_distance": effects.relative_distance if effects else math.nan,
        "location_shift": effects.location_shift if effects else math.nan,
        "spread_shift": effects.spread_shift if effects else math.nan,
        "strength": SETTINGS.strength(effects) if effects else math.nan,
        "missing_share": found.missing_share,
    }
    return {name: value if math.isfinite(value) else None for name, value in figures.items()} | {
        "feature": found.feature,
        "reference": f"{found.past_weeks} weeks of past years, {found.weeks_before} just before",
        "verdict": found.verdict,
        "reason": found.reason,
        "persistence": found.persistence,
    }
