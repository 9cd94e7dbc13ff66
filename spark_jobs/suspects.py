"""Groups that may need another model: what drifts, and how their model did lately.

gold.drift, gold.forecast_errors and gold.promotions -> one finding per group.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np

from lakehouse.arrow import ArrowTables
from lakehouse.tables.watched import DRIFT
from lakehouse.time import DAY
from models.live_days import UNFIT_DAYS, Beside, beside
from spark_jobs.champions import Model, Standing, naive_of, standings_at
from spark_jobs.live_days import daily_pairs

LATELY_DAYS = 28
"""A shift that stays is soon part of the weeks that it is compared with, and of a model's errors
later still: its truth must be known first."""
_READ_DAYS = LATELY_DAYS + 35
"""The newest verdict is at most 35 days old."""


@dataclass(frozen=True)
class Suspect:
    """A group whose features drifted lately, and its model beside seasonal naive on its newest live
    days.

    drifting: days in a row, by feature. model: in charge, or the last one that was.
    """

    series_group: str
    standing: Standing
    drifting: dict[str, int]
    model: Model
    found: Beside

    @property
    def naive(self) -> Model:
        """What it is compared with."""
        return naive_of(self.series_group)


def suspects(arrow: ArrowTables, as_of: datetime) -> Iterator[Suspect]:
    """The groups with a feature that drifted lately, and a model with live days enough."""
    drifting = drifting_at(arrow, as_of)
    for group, standing in standings_at(arrow, as_of).items():
        model = standing.champion or standing.before
        if not (drifting[group] and model):
            continue
        # Who was set aside goes on beside who stands in for it.
        since = standing.since if standing.champion and standing.since else as_of - 365 * DAY
        found = beside(daily_pairs(arrow, model, naive_of(group), since, as_of), UNFIT_DAYS)
        if found.n_days >= UNFIT_DAYS and np.isfinite(found.mae_ratio):
            yield Suspect(group, standing, drifting[group], model, found)


def drifting_at(arrow: ArrowTables, as_of: datetime) -> dict[str, dict[str, int]]:
    """By group, the features that were in drift on one of the LATELY_DAYS newest days judged, and
    for how many days in a row they were beyond a threshold at most."""
    filters = [("as_of", "<=", as_of), ("day", ">", as_of.date() - _READ_DAYS * DAY)]
    names = ["series_group", "data_set", "feature", "day", "as_of", "verdict", "persistence"]
    newest: dict[tuple[str, str, str, date], dict[str, Any]] = {}
    last: dict[tuple[str, str], date] = {}
    for row in sorted(arrow.rows(DRIFT, names, filters), key=lambda row: row["as_of"]):
        part = (row["series_group"], row["data_set"])
        newest[*part, row["feature"], row["day"]] = row
        last[part] = max(row["day"], last.get(part, row["day"]))
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for (group, data_set, feature, day), row in newest.items():
        if row["verdict"] == "drift" and day > last[group, data_set] - LATELY_DAYS * DAY:
            found[group][feature] = max(row["persistence"], found[group].get(feature, 0))
    return found
