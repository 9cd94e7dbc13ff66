"""A contract changes, the rows stay: up, down, killed in between, told where they do not fit."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import deltalake
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lakehouse import migrated
from lakehouse.arrow import ArrowTables, schema
from lakehouse.changes import Add, Drop, Loosen, Rename, Widen
from lakehouse.errors import BadInput, TableError
from lakehouse.migrations import MIGRATIONS, Migration, columns, held, marked, newest
from lakehouse.settings import PROJECT
from lakehouse.tables import TABLES, Column, Table
from lakehouse.tables.gold import CALIBRATION, RUNS

OLD = Table(
    name="gold.meters",
    meaning="A table of the first contract",
    key=("meter",),
    columns=(
        Column("meter", "string", "Which"),
        Column("kwh", "int", "Read"),
        Column("hour", "int", "When"),
        Column("note", "string", "Of the reader", nullable=True),
    ),
)
NEW = replace(
    OLD,
    meaning="The same of the last one",
    columns=(
        Column("meter", "string", "Which"),
        Column("value", "bigint", "Read"),
        Column("hour", "int", "When", nullable=True),
        Column("day", "bigint", "Which day"),
        Column("unit", "string", "Unit"),
    ),
)
OTHER = replace(OLD, name="gold.others")
NEW_OTHER = replace(
    OTHER, columns=(OLD.columns[0], Column("value", "int", "Read"), *OLD.columns[2:])
)


def _day(rows: pa.Table) -> Any:
    return pc.divide(rows.column("hour"), 24)


WAY = (
    Migration(2, "gold.meters", Rename("kwh", "value")),
    Migration(3, "gold.meters", Widen("value", "int", "bigint")),
    Migration(3, "gold.meters", Add(NEW.columns[3], backfill=_day)),
    Migration(4, "gold.meters", Add(NEW.columns[4], value="kWh")),
    Migration(5, "gold.others", Rename("kwh", "value")),
    Migration(6, "gold.meters", Drop(OLD.columns[3], value=None)),
    Migration(7, "gold.meters", Loosen(("hour",))),
)
ROWS = [{"meter": f"m{i}", "kwh": i, "hour": 20 * i, "note": None} for i in range(5)]


def first_made(folder: Path, *tables: Table) -> ArrowTables:
    """Tables as the first contract had them, with rows in several files."""
    arrow = ArrowTables(folder)
    arrow.create_missing(tables)
    for table in tables:
        for row in ROWS:
            arrow.append(table, [row])
    return arrow


@pytest.fixture
def arrow(tmp_path: Path) -> ArrowTables:
    return first_made(tmp_path, OLD, OTHER)


def contracts(arrow: ArrowTables) -> dict[str, int]:
    return {t.name: held(t.name, columns(arrow.unchecked(t)), WAY) for t in (OLD, OTHER)}


def go(arrow: ArrowTables, to: int | None = None, *tables: Table) -> int:
    """Apply whatever is planned; how many tables that were."""
    steps = migrated.plan(arrow, to, tables or (NEW,), WAY)
    for step in steps:
        migrated.apply(arrow, step)
    return len(steps)


def meters(arrow: ArrowTables) -> list[dict[str, Any]]:
    rows = arrow.unchecked(OLD).to_pyarrow_table().to_pylist()
    return sorted(rows, key=lambda row: str(row["meter"]))


def test_a_plan_says_what_would_be_done_and_changes_nothing(arrow: ArrowTables) -> None:
    (step,) = migrated.plan(arrow, None, (NEW,), WAY)
    assert (step.at, step.to) == (1, 7)
    assert step.sentences == [
        "rename kwh to value",
        "make value bigint instead of int",
        "add day (bigint); the rows there are get made from the other columns",
        "add unit (string); the rows there are get 'kWh'",
        "drop note and its values",
        "allow null in hour",
    ]
    assert contracts(arrow) == {"gold.meters": 1, "gold.others": 1}
    assert arrow.unchecked(OLD).version() == len(ROWS)


def test_a_table_that_was_migrated_is_as_one_made_anew(arrow: ArrowTables, tmp_path: Path) -> None:
    assert go(arrow) == 1
    assert meters(arrow) == [
        {"meter": f"m{i}", "value": i, "hour": 20 * i, "day": 20 * i // 24, "unit": "kWh"}
        for i in range(5)
    ]
    found = columns(arrow.unchecked(NEW))
    # Names, types, order and nulls; a comment stays as it was worded when the column was made.
    assert found.equals(marked(schema(NEW), 7), check_metadata=False)
    assert held("gold.meters", found, WAY) == 7
    made = arrow.unchecked(NEW).metadata()
    assert made.name == "gold.meters"
    assert made.configuration["delta.deletedFileRetentionDuration"] == "interval 30 days"


def test_it_is_one_commit_and_a_second_time_none(arrow: ArrowTables) -> None:
    before = arrow.unchecked(NEW).version()
    assert (go(arrow), go(arrow)) == (1, 0)
    assert arrow.unchecked(NEW).version() == before + 1


@pytest.mark.parametrize("stop", range(1, 8))
def test_down_and_up_again_from_any_contract_keeps_every_row(arrow: ArrowTables, stop: int) -> None:
    go(arrow)
    there = meters(arrow)
    go(arrow, stop)
    assert len(meters(arrow)) == len(ROWS)
    assert contracts(arrow)["gold.meters"] == max(m for m in (1, 2, 3, 4, 6, 7) if m <= stop)
    go(arrow)
    assert meters(arrow) == there


def test_all_the_way_back_is_the_table_of_before(arrow: ArrowTables) -> None:
    first = meters(arrow)
    go(arrow)
    go(arrow, 1)
    assert meters(arrow) == first
    assert sorted(columns(arrow.unchecked(OLD)).names) == sorted(OLD.column_names)


def test_only_what_a_migration_names_is_touched(arrow: ArrowTables) -> None:
    go(arrow, 5, NEW, NEW_OTHER)
    assert contracts(arrow) == {"gold.meters": 4, "gold.others": 5}


def test_a_value_that_the_older_type_cannot_hold_stops_the_way_back(arrow: ArrowTables) -> None:
    go(arrow)
    arrow_table = pa.Table.from_pylist(
        [{"meter": "big", "value": 2**40, "hour": 1, "day": 0, "unit": "kWh"}],
        schema=pa.schema(f.remove_metadata() for f in schema(NEW)),
    )
    deltalake.write_deltalake(str(arrow.path(NEW)), arrow_table, mode="append")
    before = arrow.unchecked(NEW).version()
    with pytest.raises(TableError, match="Expected values of 'value' that fit int"):
        go(arrow, 1)
    assert arrow.unchecked(NEW).version() == before
    assert go(arrow, 4) == 1  # as far as the values fit


def test_a_null_that_the_older_contract_forbids_stops_the_way_back(tmp_path: Path) -> None:
    arrow = ArrowTables(tmp_path)
    arrow.create_missing([CALIBRATION])
    arrow.append(CALIBRATION, [CALIBRATION.row(in_90=None, in_80=None, in_50=None)])
    (step,) = migrated.plan(arrow, 1, [CALIBRATION])
    with pytest.raises(TableError, match=r"Expected a value of \['in_90', 'in_80', 'in_50'\]"):
        migrated.apply(arrow, step)


def test_who_writes_in_between_wins_and_nothing_is_lost(arrow: ArrowTables) -> None:
    (step,) = migrated.plan(arrow, None, (NEW,), WAY)
    arrow.append(OLD, [ROWS[0] | {"meter": "late"}])
    with pytest.raises(TableError, match=r"was written to while it was to be migrated"):
        migrated.apply(arrow, step)
    assert len(meters(arrow)) == len(ROWS) + 1
    assert go(arrow) == 1
    assert len(meters(arrow)) == len(ROWS) + 1


def test_an_empty_table_is_migrated_too(tmp_path: Path) -> None:
    arrow = ArrowTables(tmp_path)
    arrow.create_missing([OLD])
    assert go(arrow) == 1
    assert columns(arrow.unchecked(NEW)).names == NEW.column_names


def test_a_restored_version_has_its_own_contract_back(arrow: ArrowTables) -> None:
    before = arrow.unchecked(NEW).version()
    go(arrow)
    arrow.unchecked(NEW).restore(before)
    assert contracts(arrow)["gold.meters"] == 1
    assert go(arrow) == 1
    assert len(meters(arrow)) == len(ROWS)


def test_a_contract_that_there_is_not_is_refused(arrow: ArrowTables) -> None:
    for wrong in (0, 8):
        with pytest.raises(BadInput, match=rf"Expected a contract from 1 to 7, got {wrong}\."):
            migrated.plan(arrow, wrong, (NEW,), WAY)


KILLED = """
import os, signal, sys
from pathlib import Path
from lakehouse import migrated
from lakehouse.arrow import ArrowTables
from tests.lakehouse.test_migrations import NEW, NEW_OTHER, WAY
arrow, kill_at = ArrowTables(Path(sys.argv[1])), sys.argv[2]
tables = (NEW, NEW_OTHER)
for number, step in enumerate(migrated.plan(arrow, 5, tables, WAY)):
    if number == 1 and kill_at == "between":
        os.kill(os.getpid(), signal.SIGKILL)
    if kill_at == "within":
        # The rows are being written: the generator dies with the process before the commit.
        once = type(step).rows
        def rows(self, rows):
            if rows.num_rows:
                os.kill(os.getpid(), signal.SIGKILL)
            return once(self, rows)
        type(step).rows = rows
    migrated.apply(arrow, step)
"""


@pytest.mark.parametrize(
    ("where", "left"),
    [("within", {"gold.meters": 1, "gold.others": 1}),
     ("between", {"gold.meters": 4, "gold.others": 1})],
)  # fmt: skip
def test_a_kill_leaves_whole_tables_and_the_next_apply_goes_on(
    arrow: ArrowTables, tmp_path: Path, where: str, left: dict[str, int]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), where],
        cwd=PROJECT, env=os.environ | {"PYTHONPATH": str(PROJECT)}, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    assert contracts(arrow) == left
    assert len(meters(arrow)) == len(ROWS)
    go(arrow, 5, NEW, NEW_OTHER)
    assert contracts(arrow) == {"gold.meters": 4, "gold.others": 5}
    assert len(meters(arrow)) == len(ROWS)


def _made_by_another(folder: Path, number: int) -> ArrowTables:
    """gold.runs as a program of another contract left it."""
    path = ArrowTables(folder).path(RUNS)
    deltalake.DeltaTable.create(
        str(path), schema=deltalake.Schema.from_arrow(marked(schema(RUNS), number))
    )
    return ArrowTables(folder)


def test_a_table_of_a_newer_contract_is_neither_read_nor_written(tmp_path: Path) -> None:
    arrow = _made_by_another(tmp_path, newest() + 7)
    sentence = (
        rf"Expected gold.runs of contract 1 at most, found contract {newest() + 7}: a newer version"
        rf".*gridcast migrate --to {newest()} --apply"
    )
    with pytest.raises(TableError, match=sentence):
        arrow.rows(RUNS)
    with pytest.raises(TableError, match=sentence):
        arrow.append(RUNS, [RUNS.row(run_id="1")])
    with pytest.raises(TableError, match="Only the version of Gridcast that made it"):
        migrated.plan(arrow)


def test_a_table_from_before_the_numbers_is_known_by_its_columns(tmp_path: Path) -> None:
    arrow = ArrowTables(tmp_path)
    strict = (*CALIBRATION.columns,)
    older = replace(
        CALIBRATION,
        columns=tuple(replace(c, nullable=c.nullable and c.name[:3] != "in_") for c in strict),
    )
    for table, made in ((CALIBRATION, older), (RUNS, RUNS)):
        fields = deltalake.Schema.from_arrow(schema(made))
        deltalake.DeltaTable.create(str(arrow.path(table)), schema=fields)
    assert arrow.rows(RUNS) == []
    with pytest.raises(TableError, match=r"contract 2, found contract 1: an older.*--plan"):
        arrow.rows(CALIBRATION)
    steps = migrated.plan(arrow)
    assert [step.table.name for step in steps] == ["gold.calibration"]
    migrated.apply(arrow, steps[0])
    arrow.append(CALIBRATION, [CALIBRATION.row(in_90=None)])


def test_the_numbers_of_migrations_only_grow_and_their_tables_are_known() -> None:
    numbers = [migration.contract for migration in MIGRATIONS]
    assert numbers == sorted(numbers)
    assert {migration.table for migration in MIGRATIONS} <= {table.name for table in TABLES}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_contract_goes_down_to_the_first_and_up_to_what_is_declared(
    table: Table, tmp_path: Path
) -> None:
    """So a contract that was changed without a migration does not pass unseen on its way back."""
    arrow = ArrowTables(tmp_path)
    arrow.create_missing([table])
    for to in (1, None):
        for step in migrated.plan(arrow, to, [table]):
            migrated.apply(arrow, step)
    assert columns(arrow.open(table)).equals(schema(table), check_metadata=False)
