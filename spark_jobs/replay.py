"""Samples of a group's origins, as they were known there, kept in a file for a backtest."""

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from lakehouse.catalogue import Catalogue
from lakehouse.errors import BadInput
from lakehouse.settings import Settings
from lakehouse.spark.tables import SparkTables
from lakehouse.time import DAY, iso, local_day, target_day
from models.backtest.recorded import About, write
from spark_jobs.dense import dense_rows
from spark_jobs.features import FEATURE_VERSION, training_set

_NOT_READ = ("unit", "history_end", "weather_issue_time", "location_id")


@dataclass(frozen=True)
class Wanted:
    """Days of a group that are replayed, and the moment whose truth they are judged by."""

    series_group: str
    first: date
    last: date
    as_of: datetime

    def since(self, catalogue: Catalogue, days: int) -> "Wanted":
        """The same and so many days before, or as many as history has.

        Raises BadInput for an unknown group, and for days without an origin by `as_of`.
        """
        catalogue.members(self.series_group)
        group = catalogue.groups[self.series_group]
        oldest = local_day(catalogue.history_start, group.zone) + DAY
        newest = target_day(group.last_origin(self.as_of), group.zone)
        if not oldest <= self.first <= self.last <= newest:
            raise BadInput(
                f"Expected days of {self.series_group} in order from {oldest}, where its history "
                f"begins, to {newest}, which is the last forecast by {iso(self.as_of)}; got "
                f"{self.first} to {self.last}. Choose other days."
            )
        return replace(self, first=max(oldest, self.first - days * DAY))

    def about(self, catalogue: Catalogue, settings: Settings) -> About:
        """What a file of these samples says of itself."""
        members = catalogue.members(self.series_group)
        entries = f"{catalogue.groups[self.series_group]} {members} {FEATURE_VERSION}"
        return About(
            series_group=self.series_group,
            first_day=self.first.isoformat(),
            last_day=self.last.isoformat(),
            as_of=iso(self.as_of),
            made_from=hashlib.sha256(f"{settings.lakehouse} {entries}".encode()).hexdigest()[:16],
        )


def record(
    tables: SparkTables, catalogue: Catalogue, wanted: Wanted, about: About, file: Path
) -> None:
    """Read the samples through the point-in-time door, once, and keep them in `file`."""
    with tables.in_bulk():
        seen = training_set(
            tables, catalogue, wanted.series_group, wanted.first, wanted.last, wanted.as_of
        )
        rows = dense_rows(seen.drop(*_NOT_READ).toPandas())
    write(rows, about, file)
