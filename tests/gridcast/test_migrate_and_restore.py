"""`gridcast migrate` and `gridcast restore`: a plan that changes nothing, and a way back."""

from pathlib import Path

import pytest

from lakehouse.migrations import columns, held, newest
from lakehouse.tables import TABLES
from lakehouse.tables.gold import CALIBRATION, RUNS
from tests.gridcast.conftest import Gridcast, assert_one_sentence
from tests.worlds import World


@pytest.fixture
def tables(world: World) -> World:
    """All tables as this version makes them, with a row."""
    world.arrow.create_missing(TABLES)
    world.arrow.append(CALIBRATION, [CALIBRATION.row(in_90=0.9, in_80=0.8, in_50=0.5)])
    return world


def contract(world: World) -> int:
    return held(CALIBRATION.name, columns(world.arrow.unchecked(CALIBRATION)))


def test_there_is_nothing_to_do_where_this_version_made_the_tables(
    gridcast: Gridcast, tables: World
) -> None:
    said = gridcast("migrate", "--plan")
    assert (said.code, said.out) == (0, "")
    assert said.err == f"All tables are of contract {newest()}: nothing to do.\n"


def test_a_plan_changes_nothing_and_apply_goes_back_and_forth(
    gridcast: Gridcast, tables: World
) -> None:
    said = gridcast("migrate", "--to", "1")
    assert "gold.calibration: contract 2 to 1\n  allow no null in in_90, in_80, in_50" in said.err
    assert "Nothing was changed. 'gridcast migrate --apply' does it." in said.err
    assert contract(tables) == 2
    said = gridcast("migrate", "--to", "1", "--apply")
    assert (said.code, "  done: 1 rows" in said.err, contract(tables)) == (0, True, 1)
    said = gridcast("sql", "SELECT 1 FROM gold.runs")
    assert_one_sentence(said)
    assert "Expected gold.calibration of contract 2, found contract 1" in said.err
    assert gridcast("migrate", "--apply").code == 0
    assert (contract(tables), tables.arrow.count(CALIBRATION)) == (2, 1)


def test_a_lakehouse_without_tables_needs_no_migration(gridcast: Gridcast, world: World) -> None:
    assert "nothing to do" in gridcast("migrate").err
    assert not world.folder.exists()


def test_versions_are_listed_and_one_is_put_back(gridcast: Gridcast, tables: World) -> None:
    tables.arrow.append(RUNS, [RUNS.row(run_id="1")])
    tables.arrow.append(RUNS, [RUNS.row(run_id="2")])
    said = gridcast("restore", "gold.runs")
    assert [line.split()[0] for line in said.err.splitlines()] == ["2", "1", "0"]
    said = gridcast("restore", "gold.runs", "--version", "1")
    assert said.err == (
        "gold.runs is as of version 1 again: 1 rows, 2 before. "
        "Undo: gridcast restore gold.runs --version 2\n"
    )
    assert [row["run_id"] for row in tables.rows(RUNS)] == ["1"]
    gridcast("restore", "gold.runs", "--version", "2")
    assert tables.arrow.count(RUNS) == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["gold.moon"], "Unknown table 'gold.moon'."),
        (
            ["gold.runs", "--version", "9"],
            "Expected a version of gold.runs before 0, which",
        ),
        (["gold.runs", "--version", "0", "--at", "2024-01-01T00:00Z"], "Leave one out."),
    ],
)
def test_what_cannot_be_restored_is_one_sentence(
    gridcast: Gridcast, tables: World, arguments: list[str], sentence: str
) -> None:
    said = gridcast("restore", *arguments)
    assert_one_sentence(said)
    assert sentence in said.err


def test_a_version_whose_files_are_gone_is_told_of(gridcast: Gridcast, tables: World) -> None:
    tables.arrow.append(RUNS, [RUNS.row(run_id="1")])
    tables.arrow.mirror(RUNS, [RUNS.row(run_id="2")])
    delta = tables.arrow.open(RUNS)
    gone = set(Path(tables.arrow.path(RUNS)).glob("*.parquet"))
    kept = {Path(uri.removeprefix("file://")).name for uri in delta.file_uris()}
    for file in gone:
        if file.name not in kept:
            file.unlink()
    said = gridcast("restore", "gold.runs", "--version", "1")
    assert_one_sentence(said)
    assert "only a backup has" in said.err
    assert [row["run_id"] for row in tables.rows(RUNS)] == ["2"]
