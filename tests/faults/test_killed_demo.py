"""The demo, killed three times and started again, ends as if it had never been disturbed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lakehouse.tables.gold import FORECASTS, TRAINING_RUNS
from lakehouse.tables.silver import OBSERVATIONS
from tests.faults.commands import gains_a_commit, kill_when, said, start
from tests.worlds import World, new_world

DEMO = ("demo", "--days", "2")


def complete(world: World) -> None:
    assert start(world, *DEMO).wait() == 0, said(world)


def a_model_is_saved(world: World) -> Callable[[], bool]:
    return lambda: any((world.folder / "models").glob("*/*/*"))


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_a_demo_killed_three_times_ends_with_the_same_content(tmp_path: Path) -> None:
    """Killed in its first build, in its training, and in its first day's forecast."""
    undisturbed, killed = new_world(tmp_path / "undisturbed"), new_world(tmp_path / "killed")
    complete(undisturbed)
    kill_when(killed, gains_a_commit(killed, OBSERVATIONS), *DEMO)
    kill_when(killed, a_model_is_saved(killed), *DEMO)
    assert killed.arrow.count(TRAINING_RUNS) == 0
    kill_when(killed, gains_a_commit(killed, FORECASTS), *DEMO)
    complete(killed)
    assert killed.checksums((FORECASTS,)) == undisturbed.checksums((FORECASTS,))
    assert killed.checksums() == undisturbed.checksums()
