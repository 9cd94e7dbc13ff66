"""Which requests are made of the sources: what is missing now, and what a past time needs. Pure.

Both follow from the manifest: per data set and key, the windows that were asked for and answered.
Its rows may carry `empty`: the answer held no record.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from lakehouse.catalogue import Catalogue
from lakehouse.errors import BadInput
from lakehouse.landing import Request
from lakehouse.time import DAY, HOUR
from sources import open_meteo
from spark_jobs.askings import Asking, Manifest, askings, first_hole, used_locations, whole_hour


def missing(catalogue: Catalogue, manifest: Manifest, now: datetime) -> list[Request]:
    """The requests that bring the landing zone up to `now`.

    What landed at `now` itself moves no window: asked again at the same moment, the same requests
    are made, and their answers are the ones that landed.
    """
    before = [row for row in manifest if row["fetched_at"] < now]
    requests: list[Request] = []
    for asking in askings(catalogue):
        start = _start(asking, before, max(catalogue.history_start, asking.since))
        end = asking.limit(now)
        if start >= end:
            continue
        if asking.at_once:
            requests.append(asking.request(start, end))
        else:
            requests += [
                asking.request(max(start, first), min(end, last))
                for first, last in asking.windows(start, end)
            ]
    places = used_locations(catalogue)
    if places:
        requests += _single_runs(catalogue, manifest, catalogue.history_start, now, now)
        requests.append(open_meteo.forecast_request(places, catalogue.weather, now))
    return requests


def past(
    catalogue: Catalogue,
    manifest: Manifest,
    first: datetime,
    last: datetime,
    now: datetime,
    sources: Sequence[str] = (),
    data_sets: Sequence[str] = (),
) -> dict[str, list[Request]]:
    """By data set the requests of [first, last) that are not answered yet, in order.

    They are made for whole calendar windows: however a time is cut into backfills, in any order,
    the same requests are made. `sources`, `data_sets`: only these; empty is all. Raises BadInput
    for a name that the catalogue does not have, naming those it has.
    """
    wanted = _chosen(catalogue, sources, data_sets)
    plan: dict[str, list[Request]] = {}
    for asking in askings(catalogue):
        if wanted(asking.source, asking.data_set):
            plan.setdefault(asking.data_set, []).extend(_past(asking, manifest, first, last, now))
    if used_locations(catalogue) and wanted(open_meteo.SOURCE, open_meteo.SINGLE_RUNS):
        # The first origin may come before the run of its own day.
        runs = _single_runs(catalogue, manifest, first - DAY, last, now)
        plan[open_meteo.SINGLE_RUNS] = runs
    return plan


def _past(
    asking: Asking, manifest: Manifest, first: datetime, last: datetime, now: datetime
) -> list[Request]:
    limit = asking.limit(now)
    # What is announced ahead of now is for those who ask up to now.
    end = limit if last > whole_hour(now) - HOUR else min(last, limit)
    begin = max(first, asking.since)
    return [
        asking.request(max(start, asking.since), min(stop, limit))
        for start, stop in asking.windows(begin, end)
        if not asking.has_answers(manifest, (max(start, begin), min(stop, end)))
    ]


def _single_runs(
    catalogue: Catalogue, manifest: Manifest, first: datetime, last: datetime, now: datetime
) -> list[Request]:
    """One whole weather run for each day from `first` to `last` that nobody asked a forecast on.

    Days before the first run that the source keeps are left to what it predicted days ahead.
    """
    places, weather = used_locations(catalogue), catalogue.weather
    asked = {
        row["fetched_at"].date()
        for row in manifest
        if row["data_set"] == open_meteo.FORECAST and row["fetched_at"] < now
    }
    landed = {row["request"] for row in manifest if row["data_set"] == open_meteo.SINGLE_RUNS}
    begin = max(first, weather.single_runs_since).astimezone(UTC)
    run = begin.replace(hour=weather.backfill_run_hour, minute=0, second=0, microsecond=0)
    if run < weather.single_runs_since:
        run += DAY
    requests = []
    while run + timedelta(hours=weather.run_delay_hours) <= now and run <= last:
        request = open_meteo.single_run_request(places, weather, run)
        if run.date() not in asked and request.url not in landed:
            requests.append(request)
        run += DAY
    return requests


def _start(asking: Asking, manifest: Manifest, begin: datetime) -> datetime:
    """From where an ingest asks: the first hole of any key, at most the newest end less look-back.

    An empty answer leaves no hole, but it is not what the look-back counts from: where a source
    is silent for long, all that it owes is asked for when it speaks again.
    """
    starts = []
    for key in asking.keys:
        answers = asking.answers(manifest, key)
        ends = [row["window_end"] for row in answers if not row.get("empty")]
        newest = max(ends, default=begin) - asking.lookback_days * DAY
        starts.append(max(begin, min(first_hole(answers, begin), newest)))
    return min(starts)


def _chosen(
    catalogue: Catalogue, sources: Sequence[str], data_sets: Sequence[str]
) -> Callable[[str, str], bool]:
    known = {(asking.source, asking.data_set) for asking in askings(catalogue)}
    if used_locations(catalogue):
        known.add((open_meteo.SOURCE, open_meteo.SINGLE_RUNS))
    for kind, names, there in (
        ("source", sources, {source for source, _ in known}),
        ("data set", data_sets, {data_set for _, data_set in known}),
    ):
        for name in names:
            if name not in there:
                raise BadInput(
                    f"Unknown {kind} '{name}': the series of the catalogue are asked of "
                    f"{', '.join(sorted(there))}. What comes as a file is landed with --file."
                )
    return lambda source, data_set: (
        (not sources or source in sources) and (not data_sets or data_set in data_sets)
    )
