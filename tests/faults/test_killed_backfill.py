"""A backfill, killed while it asks and while it builds, ends as if it had never been disturbed."""

from pathlib import Path

import pytest

from lakehouse.tables.bronze import LANDINGS
from lakehouse.tables.silver import OBSERVATIONS
from tests.faults.commands import gains_a_commit, kill_when
from tests.worlds import COLLECTED, World, new_world

pytestmark = pytest.mark.slow  # the default run kills at ten places: test_killed_at_boundaries.py
FIRST, LAST = COLLECTED
BACKFILL = ("backfill", "--from", f"{FIRST:%Y-%m-%d}", "--to", f"{LAST:%Y-%m-%d}")


def test_a_killed_backfill_goes_on_where_it_was(collected: World, tmp_path: Path) -> None:
    """The real command, killed twice; what is left is done by the same flow in this process."""
    killed = new_world(tmp_path / "killed")

    def some_landed() -> bool:
        return len(list((killed.folder / "landing").rglob("*.json"))) >= 3

    kill_when(killed, some_landed, *BACKFILL)
    assert killed.arrow.count(OBSERVATIONS) == 0
    kill_when(killed, gains_a_commit(killed, OBSERVATIONS), *BACKFILL)
    killed.live("backfill", first=FIRST, last=LAST)
    requests = [row["request"] for row in killed.rows(LANDINGS)]
    assert len(requests) == len(set(requests))
    assert killed.checksums() == collected.checksums()
