"""Fill a past time: ask for windows of history, or land a downloaded file. Needs no Spark.

Each data set is asked from a thread of its own, so that its rate limit holds up no other. What has
landed and could be read is not asked for again, so an interrupted backfill goes on where it was.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Queue
from threading import Event
from typing import Any
from zoneinfo import ZoneInfo

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import BEGINNING, Catalogue, DataSet
from lakehouse.errors import BadInput, SourceError
from lakehouse.landing import LandingZone, Request, file_response
from lakehouse.tables.bronze import LANDINGS
from lakehouse.time import iso
from spark_jobs.askings import Window
from spark_jobs.file_records import file_records
from spark_jobs.ingest import Door, Ingested, take_up, understood
from spark_jobs.requests import past

_KEEP_EVERY = 20


@dataclass(frozen=True)
class Past:
    """What to fill: event times from `first` to before `last`; of some sources, or of all."""

    first: datetime
    last: datetime
    sources: tuple[str, ...] = ()
    data_sets: tuple[str, ...] = ()


def checked(wanted: Past, catalogue: Catalogue, now: datetime) -> Past:
    """The past as it was asked for.

    Raises BadInput for one that is not past, is empty, or names what the catalogue does not have.
    """
    if wanted.last > now:
        raise BadInput(
            f"Expected a past time, but it ends {iso(wanted.last)}, after the clock of the "
            f"profile, {iso(now)}. Ask with a --to up to then."
        )
    if wanted.first >= wanted.last:
        raise BadInput(
            f"Expected a time that ends after it starts, got {iso(wanted.first)} to "
            f"{iso(wanted.last)}. Exchange --from and --to."
        )
    past(catalogue, (), wanted.last, wanted.last, now, wanted.sources, wanted.data_sets)
    return wanted


def run(
    arrow: ArrowTables,
    catalogue: Catalogue,
    door: Door,
    wanted: Past,
    clock: Callable[[], datetime],
    run_id: str,
    told: Callable[[int, int, str], None],
) -> Ingested:
    """Ask for what is not landed yet. `told` hears of each request: how many are done, of how many.

    A data set that fails is told of and does not stop the others; its later windows are not
    asked for. Bodies are fetched at the time that `clock` then shows.
    """
    done = Ingested(landed=take_up(arrow, door.zone))
    plan = past(
        catalogue, understood(arrow), wanted.first, wanted.last, clock(),
        wanted.sources, wanted.data_sets,
    )  # fmt: skip
    total = sum(len(requests) for requests in plan.values())
    told(0, total, "")
    rows: list[dict[str, Any]] = []
    for data_set, answer in _answers(door, plan, clock, run_id):
        done.requests += 1
        if isinstance(answer, str):
            done.problems.append(answer)
        else:
            rows += answer
        if len(rows) >= _KEEP_EVERY:
            done.landed += arrow.insert_new(LANDINGS, rows)
            rows = []
        told(done.requests, total, data_set)
    done.landed += arrow.insert_new(LANDINGS, rows)
    return done


Answer = tuple[str, list[dict[str, Any]] | str]


def _answers(
    door: Door, plan: dict[str, list[Request]], clock: Callable[[], datetime], run_id: str
) -> Iterator[Answer]:
    """Data set and manifest rows of each request as it is answered, or why it is not."""
    arrived: Queue[Answer | None] = Queue()
    stopped = Event()

    def ask(data_set: str, requests: Sequence[Request]) -> None:
        try:
            for request in requests:
                if stopped.is_set():
                    break
                arrived.put((data_set, door.land(request, clock(), run_id)))
        except SourceError as fault:
            arrived.put((data_set, str(fault)))
        finally:
            arrived.put(None)

    with ThreadPoolExecutor(max_workers=len(plan) or 1) as threads:
        asking = [threads.submit(ask, name, requests) for name, requests in plan.items()]
        try:
            for _ in plan:
                while (answer := arrived.get()) is not None:
                    yield answer
        finally:
            stopped.set()
        for thread in asking:
            thread.result()


def land_file(
    arrow: ArrowTables,
    zone: LandingZone,
    catalogue: Catalogue,
    file: Path,
    data_set: str,
    now: datetime,
    run_id: str,
) -> dict[str, Any] | None:
    """Keep a downloaded export of a data set as it is; returns its manifest row.

    None where the same bytes of that data set have landed before. Raises BadInput for an unknown
    data set and for a file that cannot be read as CSV or Parquet.
    """
    if data_set not in catalogue.data_sets:
        raise BadInput(
            f"Unknown data set '{data_set}'. The catalogue has {sorted(catalogue.data_sets)}; "
            "'gridcast series add' brings a file of another kind."
        )
    take_up(arrow, zone)
    about = catalogue.data_sets[data_set]
    every = tuple(dict.fromkeys(feed.key_text for feed, _ in catalogue.feeds_of(data_set)))
    received = file_response(file, about.source, data_set, every, now, (BEGINNING, now))
    try:
        records = file_records(received.body, received.content_type).records
    except BadInput as fault:
        raise BadInput(f"{file}: {fault}. Download it again, as CSV or Parquet.") from None
    held = {"|".join(row.get(column) or "" for column in about.key_columns) for row in records}
    asked = [key for key in every if key in held] or every
    window = _window(records, about) or (BEGINNING, now)
    request = replace(
        received.request, asked=tuple(asked), window_start=window[0], window_end=window[1]
    )
    response = replace(received, request=request)
    row = zone.row(response, run_id)
    same = [("data_set", "=", data_set), ("body_sha256", "=", row["body_sha256"])]
    if arrow.count(LANDINGS, same):
        return None
    zone.write(response, run_id)
    arrow.insert_new(LANDINGS, [row])
    return row


def _window(records: Sequence[dict[str, str | None]], data_set: DataSet) -> Window | None:
    """From the least event time to after the greatest; None where none can be read here."""
    if data_set.time_format:
        return None
    texts = [text for row in records if (text := row.get(data_set.time_column))]
    times = [time for text in texts if (time := _instant(text, data_set.timezone))]
    if not times:
        return None
    longest = max(data_set.resolution_minutes, *(c.minutes for c in data_set.resolution_before), 0)
    return min(times), max(times) + timedelta(minutes=longest)


def _instant(text: str, timezone: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if time.tzinfo is None:
        is_offset = timezone[0] in "+-"
        time = (
            datetime.fromisoformat(f"{time.isoformat()}{timezone}")
            if is_offset
            else time.replace(tzinfo=ZoneInfo(timezone))
        )
    return time.astimezone(UTC)
