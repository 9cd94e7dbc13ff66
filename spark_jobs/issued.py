"""What was issued day by day, as it is profiled: features and forecasts have no later vintages."""

import hashlib
from collections.abc import Container, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import WEATHER_VARIABLES, Catalogue
from lakehouse.newest import forecasts_to_use
from lakehouse.tables import Table
from lakehouse.tables.gold import FEATURES, FORECASTS
from lakehouse.tables.preference import FORECAST_TO_USE
from lakehouse.tables.watched import PROFILES
from lakehouse.time import intervals_of
from monitoring import profiles
from spark_jobs.profiled import Profiled
from spark_jobs.to_profile import served_before

ISSUED = {"features": FEATURES, "forecasts": FORECASTS}
#: How wide a forecast is, beside its median.
_WIDTH = "q90_less_q10"
#: A day that was interrupted may be issued so long after the newest one.
_INTERRUPTED = timedelta(days=7)


def issued_days(arrow: ArrowTables, catalogue: Catalogue, as_of: datetime) -> list[Profiled]:
    """The profiles of whole local days of live features and forecasts that have none yet: of
    origins before the one that is served now."""
    names = ["data_set", "series_group", "day", "revision"]
    held = arrow.rows(PROFILES, names, [("data_set", "in", list(ISSUED))])
    known = {tuple(row[name] for name in names) for row in held}
    found: list[Profiled] = []
    for data_set in ISSUED:
        days = [row["day"] for row in held if row["data_set"] == data_set]
        before = served_before(catalogue, as_of)
        rows = _rows(arrow, data_set, max(days, default=None), before)
        found += _whole_days(data_set, rows, catalogue, known)
    return found


def _rows(arrow: ArrowTables, data_set: str, newest: date | None, before: datetime) -> pd.DataFrame:
    """series_id, series_group, forecast_origin, valid_time and what is profiled."""
    table: Table = ISSUED[data_set]
    filters: list[tuple[str, str, object]] = [("forecast_origin", "<", before)]
    if newest:
        since = pd.Timestamp(newest, tz="UTC").to_pydatetime() - _INTERRUPTED
        filters.append(("forecast_origin", ">=", since))
    names = ["series_id", "series_group", "forecast_origin", "valid_time"]
    if data_set == "features":
        frame = arrow.read(table, [*names, *WEATHER_VARIABLES], filters).to_pandas()
    else:
        filters.append(("run_kind", "=", "live"))
        used = [step.column for step in FORECAST_TO_USE if step.column not in names]
        issued = arrow.read(table, [*names, *used, "q10", "q50", "q90"], filters)
        frame = forecasts_to_use(issued).to_pandas()
        frame[_WIDTH] = frame["q90"] - frame["q10"]
    ordered: pd.DataFrame = frame.sort_values("forecast_origin", kind="stable")
    return ordered.drop_duplicates(["series_id", "valid_time"], keep="last")


def _whole_days(
    data_set: str, rows: pd.DataFrame, catalogue: Catalogue, known: Container[Any]
) -> Iterator[Profiled]:
    columns = list(WEATHER_VARIABLES) if data_set == "features" else ["q50", _WIDTH]
    for group_id, own in rows.groupby("series_group"):
        group = catalogue.groups.get(str(group_id))
        if group is None:  # its series were taken out of the catalogue
            continue
        days = own["valid_time"].dt.tz_convert(group.zone).dt.date
        for day, part in own.groupby(days):
            intervals = len(intervals_of(day, group.zone, group.resolution_minutes))
            if len(part) < intervals * part["series_id"].nunique():
                continue
            ordered = part.sort_values(["series_id", "valid_time"])
            told = ordered[["series_id", "valid_time", *columns]].to_csv(index=False)
            revision = hashlib.sha256(told.encode()).hexdigest()[:16]
            if (data_set, group_id, day, revision) in known:
                continue
            yield Profiled(
                data_set=data_set,
                series_group=str(group_id),
                day=day,
                revision=revision,
                rows=len(ordered),
                profile=profiles.profile(ordered[columns]),
                recorded_until=None,
                quality=[],
            )
