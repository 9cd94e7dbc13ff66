"""The machine's clock is put back between two runs: nothing is written until it is right again.

The clock is that of the profile `live`; the emulator, which plays the sources, reads it too.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from flows import steps
from flows.run import new_run
from lakehouse.clock import SystemClock
from lakehouse.errors import SetupError
from lakehouse.tables.bronze import LANDINGS
from lakehouse.tables.gold import RUNS
from lakehouse.time import HOUR
from tests.faults.two_series import new_small_world
from tests.small_lakehouse import utc
from tests.worlds import World

THEN = utc("2024-10-17 10:00")
LATER = THEN + 3 * HOUR
MINUTE = timedelta(minutes=1)


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Sets the machine's clock."""

    def to(moment: datetime) -> None:
        monkeypatch.setattr(SystemClock, "now", lambda clock: moment)

    return to


def live_world(folder: Path) -> World:
    world = new_small_world(folder)
    return World(world.folder, world.variables | {"GRIDCAST_CLOCK": "system"})


def ingest(world: World) -> int:
    """How many bodies landed."""
    with world.entered():
        return steps.ingest(new_run(None, None)).written[LANDINGS.name]


def files(world: World) -> dict[str, bytes]:
    """All that the folder holds, to the byte, but for the locks."""
    found = (file for file in world.folder.rglob("*") if file.is_file())
    return {str(file): file.read_bytes() for file in found if ".lanes" not in file.parts}


def test_a_clock_that_was_put_back_is_told_and_nothing_is_written_until_it_is_right(
    tmp_path: Path, put: Callable[[datetime], None]
) -> None:
    world = live_world(tmp_path)
    put(THEN)
    assert ingest(world) > 0
    before, undisturbed = files(world), world.copy(tmp_path / "undisturbed")
    put(THEN - 2 * HOUR)
    told = "is of 2024-10-17T10:00:00Z, and the clock of this machine says 2024-10-17T08:00:00Z"
    for step in (steps.ingest, steps.build, steps.forecast, steps.evaluate):
        with world.entered(), pytest.raises(SetupError, match=told):
            step(new_run(None, None))
    assert files(world) == before
    put(LATER)
    assert ingest(world) == ingest(undisturbed) > 0
    assert world.checksums() == undisturbed.checksums()


def test_the_past_can_be_asked_for_all_the_same(
    tmp_path: Path, put: Callable[[datetime], None]
) -> None:
    """What only reads needs no right clock."""
    world = live_world(tmp_path)
    put(THEN)
    ingest(world)
    put(THEN - 2 * HOUR)
    with world.entered():
        run = new_run(None, THEN - 3 * HOUR)
    assert run.run_kind == "replay"
    assert run.arrow.count(LANDINGS) > 0


def test_a_step_that_began_before_another_run_goes_on_after_it(
    tmp_path: Path, put: Callable[[datetime], None]
) -> None:
    """A training takes hours, in which ingests record later times than its own."""
    world = live_world(tmp_path)
    put(THEN)
    with world.entered():
        long_one = new_run(None, None)
        with long_one.recorded("train") as outcome:
            outcome.sentences.append("It takes long.")
    put(LATER)
    ingest(world)
    put(LATER + MINUTE)
    with world.entered(), long_one.recorded("news") as outcome:
        outcome.sentences.append("It was not told to stop.")
    noted = world.rows(RUNS)
    assert [row["step"] for row in sorted(noted, key=lambda r: r["started_at"])] == [
        "train", "ingest", "news",
    ]  # fmt: skip


def test_less_than_a_minute_is_no_matter(tmp_path: Path, put: Callable[[datetime], None]) -> None:
    """Two machines that share a lakehouse differ by as much."""
    world = live_world(tmp_path)
    put(THEN)
    ingest(world)
    held = {row["landing_id"] for row in world.rows(LANDINGS)}
    put(THEN - MINUTE)
    ingest(world)
    assert {row["status"] for row in world.rows(RUNS)} == {"ok"}
    assert held <= {row["landing_id"] for row in world.rows(LANDINGS)}
