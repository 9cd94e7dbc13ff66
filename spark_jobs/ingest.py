"""Ask the sources for what is missing, and keep every body. Needs no Spark.

What is missing follows from the manifest: per data set the time since the last window that was
landed, with a look-back in which publishers are late or correct themselves.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue
from lakehouse.errors import SourceError
from lakehouse.landing import LandingZone, Request
from lakehouse.tables.bronze import LANDINGS, QUARANTINE, WHOLE_BODY
from sources import octopus
from sources.addresses import Addresses, address_of
from sources.http import Pace, fetch
from spark_jobs.askings import Manifest
from spark_jobs.requests import missing

_KEEP_EVERY = 100
_MANIFEST_COLUMNS = (
    "landing_id",
    "source",
    "data_set",
    "request",
    "asked",
    "window_start",
    "window_end",
    "fetched_at",
    "status",
)


@dataclass
class Ingested:
    """What was asked: requests made, bodies new to the manifest, and what failed."""

    requests: int = 0
    landed: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Door:
    """The way to the sources: where they answer, how fast they may be asked, what is kept where."""

    zone: LandingZone
    addresses: Addresses
    client: httpx.Client
    pace: Pace

    def land(self, request: Request, now: datetime, run_id: str) -> list[dict[str, Any]]:
        """Ask, page by page, and keep every body; returns the manifest rows.

        Raises SourceError for a source that fails; then the manifest knows none of the pages.
        """
        pages = []
        following: Request | None = request
        while following:
            where = address_of(self.addresses, following)
            pages.append(fetch(following, where, now, self.client, pace=self.pace))
            is_paged = request.source == octopus.SOURCE
            following = octopus.next_request(following, pages[-1].body) if is_paged else None
        return self.zone.write_together(pages, run_id)


def run(
    arrow: ArrowTables, catalogue: Catalogue, door: Door, now: datetime, run_id: str
) -> Ingested:
    """Fetch what is missing; a source that fails is told of and does not stop the others."""
    done = Ingested(landed=take_up(arrow, door.zone))
    rows: list[dict[str, Any]] = []
    for request in missing(catalogue, understood(arrow), now):
        done.requests += 1
        try:
            rows += door.land(request, now, run_id)
        except SourceError as fault:
            done.problems.append(str(fault))
        if len(rows) >= _KEEP_EVERY:
            done.landed += arrow.insert_new(LANDINGS, rows)
            rows = []
    done.landed += arrow.insert_new(LANDINGS, rows)
    return done


def take_up(arrow: ArrowTables, zone: LandingZone) -> int:
    """Bring into the manifest table what landed before a run was killed; returns how many."""
    held = arrow.read(LANDINGS, ["landing_id"]).column("landing_id").to_pylist()
    return arrow.insert_new(LANDINGS, zone.manifest(known=set(held)))


def understood(arrow: ArrowTables) -> Manifest:
    """The manifest without the bodies that were refused whole: what they hid is asked for again.

    An answer without a record is kept, and marked `empty`.
    """
    whole = arrow.rows(QUARANTINE, ["landing_id", "rule"], [("record_index", "=", WHOLE_BODY)])
    refused = {row["landing_id"] for row in whole if row["rule"] != "not_empty"}
    empty = {row["landing_id"] for row in whole if row["rule"] == "not_empty"}
    return [
        row | {"empty": row["landing_id"] in empty}
        for row in arrow.rows(LANDINGS, _MANIFEST_COLUMNS)
        if row["status"] == 200 and row["landing_id"] not in refused
    ]
