"""Groups that may need another model: what drifts, and how their model did lately.

gold.drift, gold.forecast_errors and gold.promotions -> one finding per group.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from lakehouse.arrow import ArrowTables
from lakehouse.tables.watched import DRIFT
from lakehouse.time import DAY
from models.live_days import UNFIT_DAYS, Beside, beside
from spark_jobs.champions import Model, Standing, naive_of, standings_at
from spark_jobs.live_days import daily_pairs

_READ_DAYS = 35
"""The newest verdict on a feature is at most so old."""


@dataclass(frozen=True)
class Suspect:
    """A group with features in drift, and its model beside seasonal naive on its newest live days.

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
    """The groups with a feature in drift and a model with live days enough to be judged."""
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
    """By group, the features whose newest verdict is drift, and for how many days in a row."""
    filters = [("as_of", "<=", as_of), ("day", ">", as_of.date() - _READ_DAYS * DAY)]
    names = ["series_group", "data_set", "feature", "day", "as_of", "verdict", "persistence"]
    rows = arrow.rows(DRIFT, names, filters)
    newest = {
        (row["series_group"], row["data_set"], row["feature"]): row
        for row in sorted(rows, key=lambda row: (row["day"], row["as_of"]))
    }
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for (group, _, feature), row in newest.items():
        if row["verdict"] == "drift":
            found[group][feature] = max(row["persistence"], found[group].get(feature, 0))
    return found
