"""A file of one's own becomes a series: checked, written into the catalogue, landed. No Spark."""

import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import BEGINNING
from lakehouse.catalogue.data_sets import DAY_MINUTES
from lakehouse.catalogue.own import (
    kind_of,
    new_group,
    own_series,
    read_own,
    toml,
    with_entries,
    write_own,
)
from lakehouse.catalogue.reading import checked
from lakehouse.errors import BadInput
from lakehouse.landing import LandingZone, file_response
from lakehouse.places import Place
from lakehouse.tables.bronze import LANDINGS
from lakehouse.time import DAY, iso
from spark_jobs.file_records import FileRecords, file_records

SOURCE = "file"
_LOOKED_AT = 500
#: Spark's datetime letters in Python's.
_LETTERS = {"yyyy": "%Y", "yy": "%y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
_NAME = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")


@dataclass(frozen=True)
class OwnSeries:
    """What a person says of a file. `delay_hours`: after an interval its value is known.

    `known_columns` are known in advance: from `known_at` (wall clock of `timezone`) on the day
    before. Without `resolution_minutes` the file's most frequent step is taken.
    """

    file: Path
    time_column: str
    value_column: str
    unit: str
    timezone: str
    group: str
    series_id: str
    delay_hours: int
    time_format: str = ""
    known_columns: tuple[str, ...] = ()
    known_at: time = time(8)
    resolution_minutes: int | None = None
    origin: time = time(9, 30)
    location_id: str | None = None
    description: str = ""

    @property
    def zone(self) -> str:
        """The zone of its days: an offset has none, so those of UTC."""
        return self.timezone if "/" in self.timezone else "UTC"


def add(
    own: OwnSeries, catalogue_file: Path, lakehouse: Place, fetched_at: datetime, run_id: str
) -> dict[str, Any]:
    """Add a series, or bring new values of one; returns its manifest row, which waits for a build.

    Nothing is written before all is checked. Raises BadInput or ConfigError saying what is wrong
    with the file, a column or the catalogue.
    """
    if not _NAME.fullmatch(own.series_id):
        raise BadInput(
            f"Expected a name of small letters, digits, dots and dashes such as town.load, got "
            f"'{own.series_id}'. Choose one with --id."
        )
    window = (BEGINNING, fetched_at)
    response = file_response(own.file, SOURCE, own.series_id, [""], fetched_at, window)
    try:
        found = file_records(response.body, response.content_type)
    except BadInput as fault:
        raise BadInput(f"{own.file}: {fault}. Check that it is CSV or Parquet.") from None
    _check_columns(own, found)
    reached = replace(response.request, window_end=max(fetched_at, _last_time(own, found)))
    response = replace(response, request=reached)
    resolution = own.resolution_minutes or _usual_step(own, found)
    base = toml(catalogue_file)
    held = with_entries(base, read_own(lakehouse))
    known_group = held.get("groups", {}).get(own.group)
    if known_group and known_group["kind"] != kind_of(own.unit):
        raise BadInput(
            f"The group '{own.group}' holds series of kind {known_group['kind']}, and {own.unit} "
            f"is {kind_of(own.unit)}. Choose another group, or a new name for one of its own."
        )
    group = None if known_group else _group(own, resolution)
    entries = own_series(
        own.series_id,
        _data_set(own, resolution),
        own.group,
        group,
        own.description or f"From {own.file.name}",
        own.location_id,
    )
    checked(with_entries(held, entries), f"The catalogue with {own.series_id}")
    write_own(lakehouse, with_entries(read_own(lakehouse), entries))
    row = LandingZone(lakehouse / "landing").write(response, run_id)
    ArrowTables(lakehouse).insert_new(LANDINGS, [row])
    return row


def _last_time(own: OwnSeries, found: FileRecords) -> datetime:
    """No earlier than the file's last time. A file is all that its owner had: what it does not
    hold up to then was not there yet."""
    read = (_clock(record.get(own.time_column) or "", own.time_format) for record in found.records)
    times = [clock for clock in read if clock is not None]
    return max(times).replace(tzinfo=UTC) + 2 * DAY if times else BEGINNING


def _check_columns(own: OwnSeries, found: FileRecords) -> None:
    if not found.records:
        raise BadInput(f"{own.file} holds a header and no record. Give a file with values.")
    there = list(found.records[0])
    lacking = [
        name
        for name in (own.time_column, own.value_column, *own.known_columns)
        if name not in there
    ]
    if lacking:
        raise BadInput(
            f"{own.file} lacks the columns {lacking}; it has {there}. Name them as the file does."
        )


def _usual_step(own: OwnSeries, found: FileRecords) -> int:
    """Minutes between neighbouring records, most often. Raises BadInput where no time is read."""
    texts = [record.get(own.time_column) for record in found.records[:_LOOKED_AT]]
    read = [_clock(text, own.time_format) for text in texts if text]
    times = [t for t in read if t is not None]
    steps = Counter(abs(b - a) for a, b in pairwise(times) if a != b)
    if not steps:
        raise BadInput(
            f"None of the first times of {own.file} was understood; the first is '{texts[0]}'. "
            "Expected ISO 8601, such as 2024-10-18 07:00; say another form with --time-format, "
            "such as 'dd.MM.yyyy HH:mm'."
        )
    step = steps.most_common(1)[0][0]
    minutes, rest = divmod(step, timedelta(minutes=1))
    if rest or not 1 <= minutes <= DAY_MINUTES:
        raise BadInput(
            f"Expected intervals of whole minutes, up to a day, in {own.file}; most of its times "
            f"lie {step} apart. Bring it to such intervals first."
        )
    return minutes


def _clock(text: str, form: str) -> datetime | None:
    """The wall clock of a text, for measuring steps: zones do not matter here."""
    start = text.split(" - ")[0].strip()
    try:
        if not form:
            return datetime.fromisoformat(start).replace(tzinfo=None)
        python = form.replace("'", "")
        for letters, letter in _LETTERS.items():
            python = python.replace(letters, letter)
        return datetime.strptime(start, python)  # noqa: DTZ007  only steps are measured
    except ValueError:
        return None


def _group(own: OwnSeries, resolution: int) -> dict[str, Any]:
    target = next((minutes for minutes in (60, 30, 15) if resolution >= minutes), 15)
    return new_group(own.unit, own.origin, own.zone, target, list(own.known_columns))


def _data_set(own: OwnSeries, resolution: int) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "source": SOURCE,
        "time_column": own.time_column,
        "value_column": own.value_column,
        "unit": own.unit,
        "timezone": own.timezone,
        "resolution_minutes": resolution,
        "publication": {
            "rule": "after_interval",
            "delay_hours": own.delay_hours,
            "basis": "assumed",
        },
    }
    if own.time_format:
        entry["time_format"] = own.time_format
    if own.known_columns:
        entry["known_columns"] = list(own.known_columns)
        entry["known_publication"] = {
            "rule": "day_before",
            "at": own.known_at,
            "timezone": own.zone,
            "basis": "assumed",
        }
    return entry


def told(row: dict[str, Any]) -> str:
    """A landed file in words."""
    return f"{row['body_bytes']:,} bytes of {row['data_set']}, as of {iso(row['fetched_at'])}"
