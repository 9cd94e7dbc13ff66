"""What Delta's log says of a Parquet file that is added: rows, and the span of each column."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow.parquet as pq
from deltalake.transaction import AddAction

from lakehouse.errors import TableError
from lakehouse.places import Place
from lakehouse.tables import Table

_ORDERED = ("string", "timestamp", "date", "int", "bigint", "double")
_PREFIX = 32
"""Letters of a text that the log keeps, as Delta's own writer does."""


def add_action(table: Table, file: Place, folder: Place) -> AddAction:
    """What the log says of a file in a table's folder: its rows, and between which values a reader
    finds them. Raises TableError where a column lacks values that the contract asks for."""
    with file.open("rb") as content:
        footer = pq.read_metadata(content)
    told = _statistics(footer)
    for column in table.columns:
        if not column.nullable and any(part.null_count for part in told.get(column.name, ())):
            raise TableError(
                f"Expected a value of '{column.name}' in every row for {table.name}; {file.name} "
                "has rows without. The table is as it was; the step that made the rows is at fault."
            )
    return AddAction(
        path=str(file).removeprefix(f"{folder}/"),
        size=file.stat().st_size,
        partition_values={},
        modification_time=int(file.stat().st_mtime * 1000),
        data_change=True,
        stats=json.dumps({"numRecords": footer.num_rows} | _extremes(table, told)),
    )


def _extremes(table: Table, told: Mapping[str, Sequence[pq.Statistics]]) -> dict[str, Any]:
    """Least and greatest values by column; none at all where one of them has no such figures.

    delta-rs takes a column that is missing among others for one without values, and finds no row
    by it. A column of nothing but nulls may well be missing.
    """
    least: dict[str, Any] = {}
    most: dict[str, Any] = {}
    for column in table.columns:
        parts = [part for part in told.get(column.name, ()) if part.num_values]
        if column.type not in _ORDERED or not parts:
            continue
        if not all(part.has_min_max for part in parts):
            return {}
        low, high = min(part.min for part in parts), max(part.max for part in parts)
        if column.type in ("timestamp", "date"):
            low, high = low.isoformat(), high.isoformat()
        if column.type == "string" and len(high) > _PREFIX:
            high = high[:_PREFIX] + "\U0010ffff"
        least[column.name] = low[:_PREFIX] if column.type == "string" else low
        most[column.name] = high
    return {"minValues": least, "maxValues": most}


def _statistics(footer: pq.FileMetaData) -> dict[str, list[pq.Statistics]]:
    """What a Parquet file tells of each column, part by part."""
    told: dict[str, list[pq.Statistics]] = {}
    for group in map(footer.row_group, range(footer.num_row_groups)):
        for column in map(group.column, range(group.num_columns)):
            if column.statistics:
                told.setdefault(column.path_in_schema, []).append(column.statistics)
    return told
