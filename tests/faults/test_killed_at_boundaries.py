"""Killed at any of its writes and run again, a flow leaves what it leaves undisturbed.

Where a flow writes is not listed here: an undisturbed run is watched (tests/faults/boundaries.c),
and tells. Points are chosen by one rule, evenly from the first to the last.
"""

import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.faults.boundaries import Boundary, build_instrument, run_watched, spread
from tests.faults.two_series import STEPS, Step, live, new_small_world
from tests.worlds import Shared, World

#: Of each step, in `make test-kills`.
POINTS = {
    "ingest": 30,
    "build": 4,
    "train": 2,
    "forecast": 4,
    "first-day": 6,
    "evaluate": 4,
    "monitor": 6,
    "maintain": 26,
    "second-day": 6,
    "rebuild-silver": 3,
    "rebuild-gold": 2,
    "backfill": 12,
    "replay": 2,
}
#: In the ordinary command. They need no training before them, and no Spark: a build takes minutes.
FEW = {"ingest": 7, "tidy": 3}
#: Ended by SIGTERM, as by a machine that shuts down.
ENDED = {"ingest": 2}
#: The same with a JVM, in `make test-kills`: py4j must not tell of the connection that it lost.
ENDED_WITH_A_JVM = {"build": 3}


@dataclass
class Undisturbed:
    """What a step does when nothing happens to it."""

    before: World
    boundaries: list[Boundary]
    checksums: dict[str, str]


@dataclass
class Killer:
    """Lives steps undisturbed, once each, and kills copies of them."""

    folder: Path
    instrument: Path
    server: str
    _known: dict[str, Undisturbed] = field(default_factory=dict)
    _ended: dict[str, World] = field(default_factory=dict)

    def undisturbed(self, step: Step) -> Undisturbed:
        """The world before a step, and how it goes from there."""
        if step.name not in self._known:
            before = self._begun(step)
            world = before.copy(self.folder / step.name / "ended" / "lakehouse")
            watched = run_watched(self.instrument, world, step.command, self.server)
            assert watched.code == 0, watched.said
            self._ended[step.name] = world
            self._known[step.name] = Undisturbed(before, watched.boundaries, world.checksums())
        return self._known[step.name]

    def _begun(self, step: Step) -> World:
        if step.after is None:
            world = new_small_world(self.folder / step.name / "begun")
            world.folder.mkdir()
            return world
        self.undisturbed(STEPS[step.after])
        begun = self._ended[step.after].copy(self.folder / step.name / "begun" / "lakehouse")
        if step.before:
            step.before(begun)
        return begun

    def kill(self, step: Step, boundary: Boundary, by: signal.Signals) -> list[str]:
        """The tables whose content is another one after a death at a boundary, by a signal to all
        of its processes, and a second run."""
        known = self.undisturbed(step)
        beside = self.folder / step.name / f"killed-{boundary.number}"
        world = known.before.copy(beside / "lakehouse")
        number = boundary.number
        watched = run_watched(self.instrument, world, step.command, self.server, number, by)
        assert watched.code == -by, f"ended with {watched.code} at {boundary}:\n{watched.said}"
        assert "Traceback" not in watched.said
        live(step, world)
        found = world.checksums()
        shutil.rmtree(beside)
        return [name for name, sum_ in known.checksums.items() if found[name] != sum_]


@pytest.fixture(scope="module")
def killer(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Killer]:
    Shared.prefect(pytestconfig)
    from prefect.settings import PREFECT_API_URL

    server = PREFECT_API_URL.value()
    assert server
    folder = tmp_path_factory.mktemp("killed")
    yield Killer(folder, build_instrument(folder), server)
    shutil.rmtree(folder)


def assert_the_same_after_death(
    killer: Killer, name: str, count: int, which: int, by: signal.Signals = signal.SIGKILL
) -> None:
    step = STEPS[name]
    boundaries = killer.undisturbed(step).boundaries
    chosen = spread(boundaries, count)[which]
    assert killer.kill(step, chosen, by) == [], f"{chosen} of {len(boundaries)}"


def points(counts: dict[str, int]) -> list[tuple[str, int, int]]:
    return [(name, count, which) for name, count in counts.items() for which in range(count)]


@pytest.mark.parametrize(("name", "count", "which"), points(FEW))
def test_a_step_that_is_killed_and_run_again_leaves_the_same(
    killer: Killer, name: str, count: int, which: int
) -> None:
    assert_the_same_after_death(killer, name, count, which)


@pytest.mark.parametrize(
    ("name", "count", "which"),
    [
        *points(ENDED),
        *(pytest.param(*one, marks=pytest.mark.kills) for one in points(ENDED_WITH_A_JVM)),
    ],
)
def test_a_step_whose_processes_are_all_asked_to_end_leaves_the_same_when_run_again(
    killer: Killer, name: str, count: int, which: int
) -> None:
    assert_the_same_after_death(killer, name, count, which, signal.SIGTERM)


@pytest.mark.kills
@pytest.mark.parametrize(("name", "count", "which"), points(POINTS))
def test_a_step_that_is_killed_anywhere_and_run_again_leaves_the_same(
    killer: Killer, name: str, count: int, which: int
) -> None:
    assert_the_same_after_death(killer, name, count, which)
