"""Bring the tables of a lakehouse to a contract, up or down: a plan, and one commit for each table.

A table is rewritten from its rows, never from its files, so the change holds for all of them at
once, and the version before it stays readable for as long as the table's retention says. A kill
leaves each table before its commit or after it; starting again does what is left.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError

from lakehouse.arrow import ArrowTables, schema
from lakehouse.changes import Rows
from lakehouse.errors import BadInput, GridcastError, TableError
from lakehouse.migrations import (
    FIRST,
    MIGRATIONS,
    Migration,
    columns,
    contract,
    held,
    marked,
    newest,
)
from lakehouse.tables import TABLES, Table


@dataclass(frozen=True)
class Step:
    """What one table needs: migrations in the order in which they are gone. `version` is the Delta
    version that was looked at; `is_newest`, whether `to` is what this program declares."""

    table: Table
    version: int
    at: int
    to: int
    is_newest: bool
    migrations: tuple[Migration, ...]

    @property
    def is_up(self) -> bool:
        return self.to > self.at

    @property
    def sentences(self) -> list[str]:
        """What is done, for a person."""
        changes = [migration.change for migration in self.migrations]
        return [change.going_up if self.is_up else change.going_down for change in changes]

    def rows(self, rows: Rows) -> Rows:
        """Rows of the contract `at`, as `to` has them."""
        for migration in self.migrations:
            rows = migration.change.up(rows) if self.is_up else migration.change.down(rows)
        return rows


def plan(
    arrow: ArrowTables,
    to: int | None = None,
    tables: Sequence[Table] = TABLES,
    migrations: Sequence[Migration] = MIGRATIONS,
) -> list[Step]:
    """What leads the tables that are there to a contract, the newest unless told; changes nothing.

    Raises BadInput for a contract that there is not, TableError for a table of a newer one.
    """
    known = newest(migrations)
    goal = known if to is None else to
    if not FIRST <= goal <= known:
        raise BadInput(f"Expected a contract from {FIRST} to {known}, got {goal}.")
    steps = [
        _step(table, arrow.unchecked(table), goal, migrations)
        for table in tables
        if arrow.is_there(table)
    ]
    return [step for step in steps if step.at != step.to]


def _step(table: Table, delta: DeltaTable, goal: int, migrations: Sequence[Migration]) -> Step:
    at = held(table.name, columns(delta), migrations)
    if at > newest(migrations):
        raise TableError(
            f"Expected {table.name} of contract {newest(migrations)} at most, found contract {at}. "
            "Only the version of Gridcast that made it knows the way back: use that one."
        )
    to = contract(table.name, goal, migrations)
    low, high = sorted((at, to))
    between = [m for m in migrations if m.table == table.name and low < m.contract <= high]
    between.sort(key=lambda migration: migration.contract, reverse=to < at)
    is_newest = to == contract(table.name, newest(migrations), migrations)
    return Step(table, delta.version(), at, to, is_newest, tuple(between))


def apply(arrow: ArrowTables, step: Step) -> int:
    """Do it, in one commit; returns the rows rewritten. Columns as this program declares them are
    put in its order.

    Raises TableError, and changes nothing, where the rows do not fit, or somebody wrote meanwhile.
    """
    delta = arrow.unchecked(step.table)
    if delta.version() != step.version:
        raise _interfered(step.table)
    before = columns(delta)
    after = marked(step.rows(before.empty_table()).schema, step.to)
    if step.is_newest:
        after = _ordered(step.table, after, step.to)
    count = delta.count()
    rows = _Changed(delta.to_pyarrow_dataset().scanner(columns=before.names).to_reader(), step)
    reader = pa.RecordBatchReader.from_batches(after, rows.batches(before, after))
    try:
        write_deltalake(
            delta,
            reader,
            mode="overwrite",
            schema_mode="overwrite",
            # A commit of somebody else in between would be kept in the old form: better none.
            commit_properties=CommitProperties(
                custom_metadata={"gridcast.contract": f"{step.at} to {step.to}"},
                max_commit_retries=0,
            ),
        )
    except CommitFailedError:
        raise _interfered(step.table) from None
    except DeltaError:
        if rows.fault:
            raise rows.fault from None
        raise
    return int(count)


def _interfered(table: Table) -> TableError:
    return TableError(
        f"{table.name} was written to while it was to be migrated; it is as the other left it. "
        "Stop 'gridcast up' and its workers, then run 'gridcast migrate --apply' again."
    )


class _Changed:
    """Rows as they are to be, some at a time. delta-rs asks for them, and what they raise reaches
    it as a text: so the fault is kept."""

    def __init__(self, rows: pa.RecordBatchReader, step: Step) -> None:
        self._rows = rows
        self._step = step
        self.fault: GridcastError | None = None

    def batches(self, before: pa.Schema, after: pa.Schema) -> Iterator[pa.RecordBatch]:
        """From the columns of before to those of after."""
        try:
            for batch in self._rows:
                rows = self._step.rows(pa.Table.from_batches([batch]).cast(before))
                yield from rows.select(after.names).cast(after).to_batches()
        except GridcastError as fault:
            self.fault = fault
            raise


def _ordered(table: Table, found: pa.Schema, number: int) -> pa.Schema:
    """The columns as the contract has them."""
    declared = schema(table)
    is_ = {field.name: (field.type, field.nullable) for field in found}
    wanted = {field.name: (field.type, field.nullable) for field in declared}
    if is_ != wanted:
        differing = sorted(n for n in is_ | wanted if is_.get(n) != wanted.get(n))
        raise TableError(
            f"Expected {table.name} to be as contract {number} declares it; after the migrations "
            f"the columns {differing} are not. It was made before contracts were numbered: make "
            "it anew with 'gridcast demo --fresh', or collect anew in another folder."
        )
    return marked([found.field(field.name) for field in declared], number)
