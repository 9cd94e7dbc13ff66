"""Delta tables without Spark: reads for programs, appends of rows that Python itself made.

Spark writes what Spark computed; the small bookkeeping rows (manifests, runs, decisions) are
appended here, in milliseconds.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

import deltalake
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, CommitProperties, RemoveAction, Transaction

from lakehouse import damage, migrations
from lakehouse.added_files import add_action
from lakehouse.arrow_types import ARROW_TYPES
from lakehouse.errors import TableError
from lakehouse.lanes import lane
from lakehouse.leases import Lease
from lakehouse.places import Place, storage_options
from lakehouse.tables import Table

#: The application by which Delta's log tells of the newest lease that was written in.
FENCE = "gridcast.lane"


def schema(table: Table) -> pa.Schema:
    """The Arrow schema of a contract, comments included."""
    return pa.schema(
        pa.field(c.name, ARROW_TYPES[c.type], c.nullable, metadata={"comment": c.comment})
        for c in table.columns
    )


def _batch(table: Table, rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Rows as they are written: without the comments, which a table has from when it was made. One
    that was worded otherwise then would refuse them."""
    bare = pa.schema(field.remove_metadata() for field in schema(table))
    return pa.Table.from_pylist(list(rows), schema=bare)


class ArrowTables:
    """The tables of one lakehouse folder, through delta-rs."""

    def __init__(
        self,
        lakehouse: Place,
        elsewhere: Mapping[str, Place] | None = None,
        recorded_by: datetime | None = None,
    ) -> None:
        self._lakehouse = lakehouse
        self._elsewhere = dict(elsewhere or {})
        self.recorded_by = recorded_by

    def beside(self, folder: Place, tables: Iterable[Table]) -> "ArrowTables":
        """The same lakehouse, but these tables of it lie below another folder."""
        moved = dict.fromkeys((table.name for table in tables), folder)
        return ArrowTables(self._lakehouse, self._elsewhere | moved, self.recorded_by)

    def as_recorded(self, by: datetime | None) -> "ArrowTables":
        """The same tables, read as if nothing had been fetched after a moment; None is all."""
        return ArrowTables(self._lakehouse, self._elsewhere, by)

    def path(self, table: Table) -> Place:
        """The folder of a table."""
        return self._elsewhere.get(table.name, self._lakehouse) / table.folder

    def create_missing(self, tables: Iterable[Table]) -> None:
        """Create the tables that do not exist yet, with comments and retention; empty."""
        for table in tables:
            if self.is_there(table):
                continue
            number = migrations.contract(table.name, migrations.newest())
            deltalake.DeltaTable.create(
                str(self.path(table)),
                schema=deltalake.Schema.from_arrow(migrations.marked(schema(table), number)),
                mode="ignore",
                name=table.name,
                description=table.meaning,
                configuration={
                    "delta.enableDeletionVectors": "false",
                    "delta.checkpointInterval": "50",
                    "delta.deletedFileRetentionDuration": f"interval {table.retention_days} days",
                    "delta.logRetentionDuration": f"interval {table.retention_days} days",
                },
                storage_options=storage_options(self.path(table)),
            )

    def is_there(self, table: Table) -> bool:
        """Whether the table has been made."""
        path = self.path(table)
        return deltalake.DeltaTable.is_deltatable(str(path), storage_options(path))

    def lane(self, table: Table) -> AbstractContextManager[Lease | None]:
        """Where one writer at a time is: every write is done in it, and so is a look at what the
        table holds that the write depends on; on S3 a lease. Raises BusyError where it does not
        become free."""
        return lane(self._elsewhere.get(table.name, self._lakehouse), table.name)

    def version(self, table: Table) -> int:
        """The newest version. Raises TableError where the table does not exist."""
        return self.open(table).version()

    def size(self, table: Table) -> tuple[int, int]:
        """The newest version and how many rows that has; the log tells both, no file is opened.

        Raises TableError where the table does not exist.
        """
        delta = self.open(table)
        counts = pa.table(delta.get_add_actions(flatten=True))["num_records"]
        if counts.null_count:  # a writer that keeps no statistics
            return delta.version(), int(delta.to_pyarrow_dataset().count_rows())
        return delta.version(), sum(counts.to_pylist())

    def versions(self, tables: Iterable[Table]) -> dict[str, str]:
        """The newest versions by table name, as text, for lineage columns."""
        return {table.name: str(self.version(table)) for table in tables}

    def read(
        self, table: Table, columns: Sequence[str] | None = None, filters: Any = None
    ) -> pa.Table:
        """The rows of a table. `filters` are pyarrow's: [("column", "=", value), ...].

        Raises TableError where it was made by a version without one of the columns.
        """
        delta = self.open(table)
        try:
            with damage.reading(table, self.path(table)):
                return delta.to_pyarrow_table(
                    columns=list(columns) if columns else None, filters=self._seen(table, filters)
                )
        except pa.ArrowInvalid:
            held = {field.name for field in delta.schema().fields}
            lacking = [name for name in table.column_names if name not in held]
            if not lacking:
                raise
            raise TableError(
                f"{table.name} lacks columns {lacking}: it was made before contracts were "
                "numbered. Run 'gridcast demo --fresh', or collect anew in another folder with "
                "--lakehouse."
            ) from None

    def rows(
        self, table: Table, columns: Sequence[str] | None = None, filters: Any = None
    ) -> list[dict[str, Any]]:
        """The rows of a small table as dicts; times carry UTC."""
        rows: list[dict[str, Any]] = self.read(table, columns, filters).to_pylist()
        return rows

    def count(self, table: Table, filters: Any = None) -> int:
        """How many rows the table has, or of those that match (as in `read`)."""
        seen = self._seen(table, filters)
        matching = pq.filters_to_expression(seen) if seen else None
        with damage.reading(table, self.path(table)):
            return int(self.open(table).to_pyarrow_dataset().count_rows(filter=matching))

    def insert_new(self, table: Table, rows: Sequence[dict[str, Any]]) -> int:
        """Append the rows whose key the table does not hold yet; returns how many.

        Running it twice changes nothing. The first row of a repeated key wins.
        """
        if not rows:
            return 0
        with self.lane(table):
            return self._insert_new(table, rows)

    def _insert_new(self, table: Table, rows: Sequence[dict[str, Any]]) -> int:
        held = self.read(table, table.key, _within(table, rows))
        seen = set(zip(*(held.column(k).to_pylist() for k in table.key), strict=True))
        fresh: list[dict[str, Any]] = []
        for row in rows:
            key = tuple(row[k] for k in table.key)
            if key not in seen:
                seen.add(key)
                fresh.append(row)
        if fresh:
            self.append(table, fresh)
        return len(fresh)

    def mirror(self, table: Table, rows: Sequence[dict[str, Any]]) -> int:
        """Make a small table hold exactly these rows; returns how many changed or came.

        It is written only where it differs, in one commit; older versions stay readable.
        """
        batch = _batch(table, rows)
        with self.lane(table) as lease:
            held = self.rows(table)
            changed = [row for row in rows if row not in held]
            if changed or len(held) != len(rows):
                delta = self.open(table)
                commit = _fenced(delta, lease)
                deltalake.write_deltalake(delta, batch, mode="overwrite", commit_properties=commit)
        return len(changed)

    def append(self, table: Table, rows: Sequence[dict[str, Any]]) -> None:
        """Append rows as they are, in one commit."""
        batch = _batch(table, rows)
        with self.lane(table) as lease:
            delta = self.open(table)
            commit = _fenced(delta, lease)
            deltalake.write_deltalake(delta, batch, mode="append", commit_properties=commit)

    def adopt(self, table: Table, files: Sequence[Place]) -> None:
        """Make Parquet files below the table's folder part of it, in one commit.

        Raises TableError where they lack a value that the contract asks for.
        """
        actions: list[AddAction | RemoveAction] = [
            add_action(table, file, self.path(table)) for file in files
        ]
        with self.lane(table) as lease:
            delta = self.open(table)
            commit = _fenced(delta, lease)
            delta.create_write_transaction(
                actions, "append", delta.schema(), commit_properties=commit
            )

    def open(self, table: Table) -> deltalake.DeltaTable:
        """The Delta table itself. Raises TableError where it does not exist, or where its contract
        is not the one that this program has."""
        delta = self.unchecked(table)
        migrations.check(table.name, delta)
        return delta

    def unchecked(self, table: Table) -> deltalake.DeltaTable:
        """The Delta table of whatever contract. Raises TableError where it does not exist, or its
        log cannot be read."""
        path = self.path(table)
        try:
            delta = deltalake.DeltaTable(str(path), storage_options=storage_options(path))
        except TableNotFoundError:
            raise TableError(
                f"Expected the Delta table {table.name} at {self.path(table)}; there is none. "
                "Run 'gridcast demo', or 'gridcast run ingest' and 'gridcast run build'."
            ) from None
        except DeltaError as fault:
            raise damage.torn_log(table, path, fault) from None
        if isinstance(path, Path):
            damage.check_newest(table, path, delta.version())
        return delta

    def _seen(self, table: Table, filters: Any) -> Any:
        asked = _typed(filters, schema(table)) if filters else filters
        if self.recorded_by is None or "recorded_at" not in table.column_names:
            return asked
        return [*(asked or ()), ("recorded_at", "<=", self.recorded_by)]


def _typed(filters: Any, types: pa.Schema) -> Any:
    """The same filters; what a column is looked for among has its type, so that it may be empty."""
    if isinstance(filters, list):
        return [_typed(each, types) for each in filters]
    column, operator, value = filters
    if operator not in ("in", "not in"):
        return filters
    return column, operator, pa.array(list(value), types.field(column).type)


def _fenced(delta: deltalake.DeltaTable, lease: Lease | None) -> CommitProperties | None:
    """How a writer that has a lease commits: the very next version of what it has looked at, which
    has nothing of a later lease, or not at all. Raises BusyError where the lease is over."""
    if lease is None:
        return None
    number = lease.fence()
    if (delta.transaction_version(FENCE) or 0) >= number:
        raise lease.lost()
    return CommitProperties(
        app_transactions=[Transaction(FENCE, number)],
        max_commit_retries=0,
    )


_TIMES = ("timestamp", "date")


def _within(table: Table, rows: Sequence[dict[str, Any]]) -> list[tuple[str, str, Any]] | None:
    """Filters by the times of a key: of the rows that are held only those may be the same."""
    times = [c.name for c in table.columns if c.name in table.key and c.type in _TIMES]
    found = [
        (name, sign, edge(row[name] for row in rows))
        for name in times
        for sign, edge in ((">=", min), ("<=", max))
    ]
    return found or None
