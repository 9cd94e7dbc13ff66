"""The history that a backtest lives through: a CSV or Parquet file as regular series."""

import io
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd
import pyarrow as pa

from lakehouse.csv_text import has_decimal_commas, text_of
from lakehouse.errors import BadInput
from lakehouse.landing import unpacked
from models.samples import Floats, Strings

_DELIMITERS = (";", ",", "\t", "|")
_ISO = re.compile(r"\d{4}-\d\d-\d\d")
_OFFSET = re.compile(r"(?:Z|\d[+-]\d\d:?\d\d)$")
_LOOKED_AT = 50
_MINUTES = (60, 30, 15)
NO_ZONE = "none"


@dataclass(frozen=True)
class Columns:
    """Which columns of a file are what, and how it is written."""

    time: str
    target: str
    known: tuple[str, ...] = ()
    series_id: str | None = None
    timezone: str = NO_ZONE  # whose days are forecast; none: days of 24 rows as given
    time_is_local: bool = True  # how times without an offset are written
    delimiter: str | None = None  # None: detected
    decimal: str | None = None
    allow_gaps: bool = False


@dataclass(frozen=True)
class History:
    """s series on one regular grid of n intervals; NaN is not known."""

    series_id: Strings  # (s,)
    start: np.datetime64  # UTC, of the first interval
    minutes: int
    values: Floats  # (s, n), unit of the series
    known: Floats  # (s, n, c), known in advance of the day they are about
    known_names: tuple[str, ...]
    timezone: str  # whose days and clock are forecast

    @property
    def steps(self) -> int:
        """Intervals of an hour."""
        return 60 // self.minutes

    def before(self, day: date) -> Floats:
        """(s, m) values before midnight UTC of a day."""
        count = (np.datetime64(day) - self.start) / np.timedelta64(self.minutes, "m")
        return self.values[:, : max(int(count), 0)]

    @property
    def times(self) -> pd.DatetimeIndex:
        """(n,) starts of the intervals, UTC."""
        return pd.date_range(
            pd.Timestamp(self.start, tz="UTC"),
            periods=self.values.shape[1],
            freq=pd.Timedelta(minutes=self.minutes),
        )


def read(file: Path, columns: Columns) -> History:
    """Read a file (CSV or Parquet, gzip-compressed or not) as regular series.

    Raises BadInput, with one sentence, for a file that cannot be read, a column that is not there,
    a time or number that is none, repeated times, gaps (unless they are allowed), and intervals
    other than 60, 30 or 15 minutes.
    """
    frame = _frame(file, columns)
    wanted = [columns.time, columns.target, *columns.known]
    wanted += [columns.series_id] if columns.series_id else []
    missing = [name for name in wanted if name not in frame.columns]
    if missing:
        raise BadInput(
            f"Expected the columns {missing} in {file.name}; it has {list(frame.columns)}. "
            "Name them as the header does."
        )
    if frame.empty:
        raise BadInput(f"Expected rows in {file.name}; it has a header and none.")
    rows = pd.DataFrame({"series_id": _series_of(frame, columns)})
    rows["time"] = _instants(frame[columns.time], rows["series_id"], columns)
    for name in (columns.target, *columns.known):
        rows[f"value:{name}"] = _numbers(frame[name], name)
    return _regular(rows, columns)


def _frame(file: Path, columns: Columns) -> pd.DataFrame:
    try:
        body = unpacked(file.read_bytes(), str(file))
    except OSError as fault:
        raise BadInput(f"{file} cannot be read: {fault.strerror or fault}.") from None
    try:
        is_parquet = body[:4] == b"PAR1"
        frame = pd.read_parquet(io.BytesIO(body)) if is_parquet else _csv(body, columns)
    except (BadInput, pa.ArrowInvalid, ValueError) as fault:  # pandas' own are ValueErrors
        raise BadInput(
            f"{file.name} is not a table that can be read ({str(fault).splitlines()[0]}). "
            "Say how it is written with --delimiter and --decimal."
        ) from None
    return frame.rename(columns=lambda name: str(name).strip())


def _csv(body: bytes, columns: Columns) -> pd.DataFrame:
    text = text_of(body)
    lines = text.split("\n", _LOOKED_AT)[:_LOOKED_AT]
    delimiter = columns.delimiter or max(_DELIMITERS, key=lines[0].count)
    cells = (cell.strip() for line in lines[1:] for cell in line.split(delimiter))
    decimal = columns.decimal or ("," if has_decimal_commas(cells, delimiter) else ".")
    return pd.read_csv(
        io.StringIO(text),
        sep=delimiter,
        decimal=decimal,
        skipinitialspace=True,
        na_values=["-", "n/e"],
        low_memory=False,
    )


def _series_of(frame: pd.DataFrame, columns: Columns) -> Strings:
    if columns.series_id:
        return frame[columns.series_id].astype(str).to_numpy(dtype=object)
    return np.full(len(frame), columns.target, dtype=object)


def _numbers(column: "pd.Series[Any]", name: str) -> Floats:
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, copy=True)
    wrong = np.flatnonzero(np.isnan(numbers) & column.notna().to_numpy())
    if len(wrong):
        raise BadInput(
            f"Expected numbers in the column '{name}'; row {wrong[0] + 2} has "
            f"'{column.iloc[wrong[0]]}', and {len(wrong) - 1} more are none. If decimals are "
            "written with a comma, say --decimal ,"
        )
    numbers[np.isinf(numbers)] = np.nan
    return numbers


def _zone(columns: Columns) -> str:
    if columns.timezone == NO_ZONE:
        return "UTC"
    try:
        return ZoneInfo(columns.timezone).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput(
            f"Expected a time zone such as Europe/Copenhagen, or none; got '{columns.timezone}'."
        ) from None


def _instants(
    written: "pd.Series[Any]", series: "pd.Series[Any]", columns: Columns
) -> pd.DatetimeIndex:
    """Times in UTC. With no zone the clock is taken as it stands, as if it were UTC."""
    zone = _zone(columns)
    is_time = pd.api.types.is_datetime64_any_dtype(written)
    read = pd.DatetimeIndex(written) if is_time else _read_times(written, columns.time)
    if read.tz is not None:
        return read.tz_convert("UTC")
    if columns.timezone == NO_ZONE or not columns.time_is_local:
        return read.tz_localize("UTC")
    return _from_wall_clock(read, series, zone, columns)


def _read_times(written: "pd.Series[Any]", name: str) -> pd.DatetimeIndex:
    texts = [str(text).strip() for text in written]
    form = "ISO8601" if all(_ISO.match(text) for text in texts) else "mixed"
    parsed = pd.to_datetime(
        pd.Series(texts), errors="coerce", utc=all(_OFFSET.search(text) for text in texts),
        format=form, dayfirst=form == "mixed",
    )  # fmt: skip
    wrong = np.flatnonzero(parsed.isna().to_numpy())
    if len(wrong):
        raise BadInput(
            f"Expected times in the column '{name}'; row {wrong[0] + 2} has '{texts[wrong[0]]}', "
            f"and {len(wrong) - 1} more cannot be read. Write them as 2024-10-18 07:00."
        )
    return pd.DatetimeIndex(parsed)


def _from_wall_clock(
    wall: pd.DatetimeIndex, series: "pd.Series[Any]", zone: str, columns: Columns
) -> pd.DatetimeIndex:
    """Of a time that the clock shows twice, the first in the file is the earlier one."""
    seen = pd.DataFrame({"series": series.to_numpy(), "wall": wall})
    ascending = bool(wall[-1] >= wall[0])
    is_first = ~seen.duplicated(keep="first" if ascending else "last").to_numpy()
    repeated = seen.duplicated(keep=False).to_numpy()
    try:
        return wall.tz_localize(
            zone, ambiguous=is_first & repeated, nonexistent="raise"
        ).tz_convert("UTC")
    except Exception as fault:  # pandas raises pytz's or its own error, by version
        raise BadInput(
            f"The column '{columns.time}' has a time that the clock of {zone} never shows "
            f"({str(fault).split(' due to')[0].split(', try')[0]}). If the times are UTC, say "
            "--time-is utc; if every day has 24 rows, --timezone none."
        ) from None


def _regular(rows: pd.DataFrame, columns: Columns) -> History:
    repeated = rows.duplicated(["series_id", "time"])
    if repeated.any():
        first = rows[repeated].iloc[0]
        raise BadInput(
            f"Expected each time once per series; {int(repeated.sum())} rows repeat one, first "
            f"{first['time']:%Y-%m-%d %H:%M} UTC of {first['series_id']}. Remove them, or name "
            "the column that tells series apart with --id-column."
        )
    minutes = _interval(rows)
    series = sorted(set(rows["series_id"]))
    start, end = rows["time"].min(), rows["time"].max()
    step = pd.Timedelta(minutes=minutes)
    n = int((end - start) / step) + 1
    place = ((rows["time"] - start) / step).to_numpy()
    if (place != np.rint(place)).any():
        raise BadInput(
            f"Expected times every {minutes} minutes; "
            f"{int((place != np.rint(place)).sum())} lie between them."
        )
    index = (pd.Categorical(rows["series_id"], series).codes, place.astype(np.int64))
    values = np.full((len(series), n), np.nan)
    values[index] = rows[f"value:{columns.target}"]
    known = np.full((len(series), n, len(columns.known)), np.nan)
    for i, name in enumerate(columns.known):
        known[(*index, i)] = rows[f"value:{name}"]
    history = History(
        np.array(series, dtype=object), start.tz_localize(None).to_datetime64(), minutes,
        values, known, columns.known, _zone(columns),
    )  # fmt: skip
    if not columns.allow_gaps:
        _refuse_gaps(history)
    return history


def _interval(rows: pd.DataFrame) -> int:
    ordered = rows.sort_values(["series_id", "time"])
    apart = ordered.groupby("series_id")["time"].diff().dropna()
    minutes = int(apart.mode().iloc[0] / pd.Timedelta(minutes=1)) if len(apart) else 0
    if minutes not in _MINUTES:
        raise BadInput(
            f"Expected a value every 60, 30 or 15 minutes; here most are {minutes} minutes apart."
        )
    return minutes


def _refuse_gaps(history: History) -> None:
    for series_id, values in zip(history.series_id, history.values, strict=True):
        held = np.flatnonzero(~np.isnan(values))
        if not len(held):
            raise BadInput(f"Expected values of {series_id}; every one is empty.")
        gaps = held[0] + np.flatnonzero(np.isnan(values[held[0] : held[-1] + 1]))
        if len(gaps):
            raise BadInput(
                f"{series_id} has no value for {len(gaps)} intervals between its first and its "
                f"last, the first at {history.times[gaps[0]]:%Y-%m-%d %H:%M} UTC. Fill them where "
                "they come from, or say --allow-gaps: they then stay unknown."
            )
