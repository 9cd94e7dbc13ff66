"""A backfill, killed while it asks and while it builds, ends as if it had never been disturbed."""

from pathlib import Path

from lakehouse.tables.bronze import LANDINGS
from lakehouse.tables.silver import OBSERVATIONS
from tests.faults.commands import gains_a_commit, kill_when, said, start
from tests.worlds import World, short_catalogue

BACKFILL = ("backfill", "--from", "2024-08-20", "--to", "2024-10-17")


def new_world(folder: Path) -> World:
    folder.mkdir()
    return World(folder / "lakehouse", {"GRIDCAST_CATALOGUE": str(short_catalogue(folder))})


def complete(world: World) -> None:
    assert start(world, *BACKFILL).wait() == 0, said(world)


def test_a_killed_backfill_goes_on_where_it_was(tmp_path: Path) -> None:
    undisturbed, killed = new_world(tmp_path / "undisturbed"), new_world(tmp_path / "killed")
    complete(undisturbed)

    def some_landed() -> bool:
        return len(list((killed.folder / "landing").rglob("*.json"))) >= 3

    kill_when(killed, some_landed, *BACKFILL)
    assert killed.arrow.count(OBSERVATIONS) == 0
    kill_when(killed, gains_a_commit(killed, OBSERVATIONS), *BACKFILL)
    complete(killed)
    requests = [row["request"] for row in killed.rows(LANDINGS)]
    assert len(requests) == len(set(requests))
    assert killed.checksums() == undisturbed.checksums()
