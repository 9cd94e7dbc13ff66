"""Which landings asked for the same series and time: who came first, and who comes late."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pyspark.sql import DataFrame

from lakehouse.catalogue import Catalogue
from lakehouse.spark.local import local_frame
from lakehouse.spark.tables import SparkTables, literal, struct_type
from lakehouse.tables.bronze import LANDINGS, QUARANTINE, WHOLE_BODY
from lakehouse.time import DAY
from spark_jobs.bronze import first_fetch
from spark_jobs.observed import Observed

Landings = Sequence[dict[str, Any]]

#: Answers hold up to a day beside the window that was asked for: whole days, or padded hours.
AROUND = DAY


def asked_for_the_same(
    catalogue: Catalogue, observed: Observed, manifest: Landings, mine: Landings
) -> list[dict[str, Any]]:
    """The other landings of data sets that feed the same series, whose windows overlap these."""
    data_sets = _fed_together(catalogue, observed, mine)
    own, span = {row["landing_id"] for row in mine}, window(mine)
    return [
        row
        for row in manifest
        if row["data_set"] in data_sets
        and row["landing_id"] not in own
        and _overlap(window([row]), span)
    ]


def comes_late(older: Landings, mine: Landings) -> bool:
    """Whether any of the older landings was fetched after one of these."""
    return bool(older) and max(row["fetched_at"] for row in older) >= first_fetch(mine)


def asked_before(
    tables: SparkTables, observed: Observed, older: Landings, mine: Landings
) -> DataFrame | None:
    """The manifest rows that tell who asked first; None where nothing depends on it."""
    if observed.simulated or not _somebody_asked_before(older, mine):
        return None
    return readable(tables, [*older, *mine])


def is_asked_twice(landings: Landings, others: Landings) -> bool:
    """Whether any other landing asked for some of the time of one of these."""
    return any(
        one["data_set"] == other["data_set"]
        and one["landing_id"] != other["landing_id"]
        and one["window_start"] < other["window_end"]
        and other["window_start"] < one["window_end"]
        for one in landings
        for other in others
    )


def readable(tables: SparkTables, landings: Landings) -> DataFrame:
    """The manifest rows, less those that brought nothing readable: we learned nothing by them.

    An empty answer did tell something: that there was no value yet.
    """
    unreadable = tables.read(QUARANTINE).where(
        f"fetched_at >= {literal(first_fetch(landings))} AND record_index = {WHOLE_BODY} "
        "AND rule <> 'not_empty'"
    )
    asked = local_frame(tables.spark, landings, struct_type(LANDINGS))
    return asked.join(unreadable.select("landing_id"), on="landing_id", how="left_anti")


def window(landings: Landings) -> tuple[datetime, datetime]:
    """The event times that the bodies may hold: what was asked for, and what lies around it."""
    first, last = min(r["window_start"] for r in landings), max(r["window_end"] for r in landings)
    return first - AROUND, last + AROUND


def data_sets_of(landings: Landings) -> list[str]:
    """The names of the data sets that they came from."""
    return sorted({row["data_set"] for row in landings})


def _overlap(one: tuple[datetime, datetime], other: tuple[datetime, datetime]) -> bool:
    """Whether two windows have event times in common."""
    return one[0] < other[1] and other[0] < one[1]


def _fed_together(catalogue: Catalogue, observed: Observed, mine: Landings) -> set[str]:
    """The data sets of `mine`, and those that the same series come, or came, from."""
    together = set(data_sets_of(mine))
    linked = {frozenset(f.data_set for f in series.feeds) for series in catalogue.series.values()}
    for _ in linked:  # one link may lead to another
        together.update(*(names for names in linked if names & together))
    return together & set(observed.data_sets)


def _somebody_asked_before(older: Landings, mine: Landings) -> bool:
    """Whether some event time of `mine` had been asked for by an earlier landing."""
    return any(
        first["fetched_at"] < row["fetched_at"]
        and first["data_set"] == row["data_set"]
        and _overlap(window([first]), window([row]))
        for row in mine
        for first in (*older, *mine)
    )
