"""Ask the sources for what is missing, and keep every body. Needs no Spark.

What is missing follows from the manifest: per data set the time since the last window that was
landed, with a look-back in which publishers are late or correct themselves.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue
from lakehouse.errors import SourceError
from lakehouse.landing import LandingZone, Request
from lakehouse.tables.bronze import LANDINGS, QUARANTINE, WHOLE_BODY
from lakehouse.time import DAY, HOUR
from sources import energi_data_service, open_meteo
from sources.addresses import Addresses
from sources.http import fetch

_KEEP_EVERY = 100
_MANIFEST_COLUMNS = (
    "landing_id",
    "source",
    "data_set",
    "request",
    "window_end",
    "fetched_at",
    "status",
)

Manifest = Sequence[dict[str, Any]]


@dataclass
class Ingested:
    """What an ingest did: requests made, bodies new to the landing zone, and what failed."""

    requests: int = 0
    landed: int = 0
    problems: list[str] = field(default_factory=list)


def missing(catalogue: Catalogue, manifest: Manifest, now: datetime) -> list[Request]:
    """The requests that bring the landing zone up to `now`. Pure.

    What landed at `now` itself moves no window: asked again at the same moment, the same requests
    are made, and their answers are the ones that landed.
    """
    answered = [row for row in manifest if row["status"] == 200]
    before = [row for row in answered if row["fetched_at"] < now]
    return [
        *_energy(catalogue, before, now),
        *_actual_weather(catalogue, before, now),
        *_weather_forecasts(catalogue, answered, now),
    ]


def run(
    arrow: ArrowTables,
    zone: LandingZone,
    catalogue: Catalogue,
    addresses: Addresses,
    client: httpx.Client,
    now: datetime,
    run_id: str,
) -> Ingested:
    """Fetch what is missing; a source that fails is told of and does not stop the others."""
    done = Ingested()
    rows: list[dict[str, Any]] = []
    for request in missing(catalogue, _understood(arrow), now):
        done.requests += 1
        try:
            response = fetch(request, base_address(addresses, request), now, client)
        except SourceError as fault:
            done.problems.append(str(fault))
            continue
        rows.append(zone.write(response) | {"run_id": run_id})
        if len(rows) >= _KEEP_EVERY:
            done.landed += arrow.insert_new(LANDINGS, rows)
            rows = []
    done.landed += arrow.insert_new(LANDINGS, rows)
    return done


def _understood(arrow: ArrowTables) -> Manifest:
    """The manifest without the bodies that were refused whole: what they hid is asked for again."""
    whole = arrow.rows(QUARANTINE, ["landing_id"], [("record_index", "=", WHOLE_BODY)])
    refused = {row["landing_id"] for row in whole}
    manifest = arrow.rows(LANDINGS, _MANIFEST_COLUMNS)
    return [row for row in manifest if row["landing_id"] not in refused]


def base_address(addresses: Addresses, request: Request) -> str:
    """The address that answers a request."""
    if request.source == energi_data_service.SOURCE:
        return addresses.energi_data_service
    return {
        open_meteo.FORECAST: addresses.open_meteo_forecast,
        open_meteo.SINGLE_RUNS: addresses.open_meteo_single_runs,
        open_meteo.ARCHIVE: addresses.open_meteo_archive,
    }[request.data_set]


def _energy(catalogue: Catalogue, manifest: Manifest, now: datetime) -> Iterator[Request]:
    for name, data_set in catalogue.data_sets.items():
        keys = [series.source_key for series in catalogue.series_of(name)]
        start = _start(catalogue, manifest, name, data_set.lookback_days)
        end = _whole_hour(now) + data_set.lookahead_days * DAY
        if keys and start < end:
            yield energi_data_service.request(data_set, keys, start, end)


def _actual_weather(catalogue: Catalogue, manifest: Manifest, now: datetime) -> Iterator[Request]:
    back = catalogue.weather.actual_lookback_days
    start = _start(catalogue, manifest, open_meteo.ARCHIVE, back)
    end = _whole_hour(now)
    if start < end:
        yield open_meteo.archive_request(list(catalogue.locations.values()), start, end)


def _weather_forecasts(
    catalogue: Catalogue, manifest: Manifest, now: datetime
) -> Iterator[Request]:
    """The newest forecast, and one whole run for each past day that nobody asked for one."""
    locations, weather = list(catalogue.locations.values()), catalogue.weather
    forecasts = _of(manifest, open_meteo.FORECAST)
    asked = {row["fetched_at"].date() for row in forecasts if row["fetched_at"] < now}
    landed = {row["request"] for row in _of(manifest, open_meteo.SINGLE_RUNS)}
    run = catalogue.history_start.replace(
        hour=weather.backfill_run_hour, minute=0, second=0, microsecond=0
    )
    while run + timedelta(hours=weather.run_delay_hours) <= now:
        if run.date() not in asked:
            request = open_meteo.single_run_request(locations, weather, run)
            if request.url not in landed:
                yield request
        run += DAY
    yield open_meteo.forecast_request(locations, weather, now)


def _start(catalogue: Catalogue, manifest: Manifest, data_set: str, lookback_days: int) -> datetime:
    ends: list[datetime] = [row["window_end"] for row in _of(manifest, data_set)]
    if not ends:
        return catalogue.history_start
    return max(catalogue.history_start, max(ends) - lookback_days * DAY)


def _of(manifest: Manifest, data_set: str) -> Iterable[dict[str, Any]]:
    return (row for row in manifest if row["data_set"] == data_set)


def _whole_hour(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0) + (
        HOUR if instant.minute or instant.second else timedelta(0)
    )
