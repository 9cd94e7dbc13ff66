"""Landed files (CSV or Parquet, gzip-compressed or not) -> their records as texts. No Spark."""

import csv
import io
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.csv_text import has_decimal_commas, text_of
from lakehouse.errors import BadInput
from lakehouse.landing import PARQUET, unpacked

_DELIMITERS = (";", ",", "\t")
_LOOKED_AT = 200
#: What pyarrow raises of a torn file, and of names, times and zones that Python has none for.
_UNREADABLE = (pa.ArrowException, OSError, ValueError, OverflowError, LookupError)


@dataclass(frozen=True)
class FileRecords:
    """The records of a file, in its order; `decimal` is the sign its numbers are written with."""

    records: list[dict[str, str | None]]
    decimal: str


def file_records(body: bytes, content_type: str) -> FileRecords:
    """Read a file's bytes. Raises BadInput, with the reason, where they are not such a file."""
    plain = unpacked(body, "the file")
    if content_type.split(";")[0] == PARQUET:
        return FileRecords(_parquet(plain), ".")
    text = text_of(plain)
    header = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=header.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as fault:
        raise BadInput(f"it is not whole CSV ({fault})") from None
    names = [name.strip() for name in rows[0]] if rows else []
    if not any(names):
        raise BadInput("expected a header line that names the columns; the file has none")
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise BadInput(f"the header names the columns {repeated} more than once")
    records = [_record(names, row) for row in rows[1:] if row]
    looked_at = (cell for record in records[:_LOOKED_AT] for cell in record.values())
    return FileRecords(records, "," if has_decimal_commas(looked_at, delimiter) else ".")


def _record(names: list[str], row: list[str]) -> dict[str, str | None]:
    """Fields that a short row lacks are absent; what a long one has too much is kept by place."""
    named: dict[str, str | None] = dict(zip(names, row, strict=False))
    return named | {f"column {i + 1}": row[i] for i in range(len(names), len(row))}


def _parquet(plain: bytes) -> list[dict[str, str | None]]:
    try:
        table = pq.read_table(io.BytesIO(plain))
        columns = {
            name: [_cell(value) for value in table.column(name).to_pylist()]
            for name in table.column_names
        }
    except _UNREADABLE as fault:
        told = next(iter(str(fault).splitlines()), type(fault).__name__)
        raise BadInput(f"it is not Parquet that can be read whole ({told})") from None
    return [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]


def _cell(value: Any) -> str | None:
    if value is None:
        return None
    return value.isoformat() if isinstance(value, datetime) else str(value)
