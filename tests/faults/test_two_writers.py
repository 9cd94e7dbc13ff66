"""Two processes with a JVM each write one table at once: no commit and no row is lost."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

from lakehouse.arrow import ArrowTables
from lakehouse.places import Place
from lakehouse.settings import PROJECT
from lakehouse.tables.silver import OBSERVATIONS
from tests.faults.writer import ROUNDS

NAMES = ("one", "other")


def test_two_jvms_that_write_a_table_at_once_lose_nothing(tmp_path: Path) -> None:
    check_nothing_is_lost(tmp_path)


def check_nothing_is_lost(lakehouse: Place) -> None:
    """Two writers in an empty lakehouse, and what they leave."""
    arrow = ArrowTables(lakehouse)
    arrow.create_missing([OBSERVATIONS])
    writers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.faults.writer", str(lakehouse), name],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in NAMES
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    ends = []
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate()
        ends.append(writer.returncode)
    assert ends == [0, 0]
    rows = arrow.rows(OBSERVATIONS)
    own = dict.fromkeys(NAMES, ROUNDS) | {f"{name} changed": 1 for name in NAMES}
    assert Counter(row["series_id"] for row in rows) == own | {"both": ROUNDS}
    last = {row["series_id"]: row["value"] for row in rows if row["series_id"].endswith("changed")}
    assert last == {f"{name} changed": ROUNDS - 1.0 for name in NAMES}
    # The first commit made the table; of what both add only the first to come commits.
    assert arrow.version(OBSERVATIONS) == 2 * 2 * ROUNDS + ROUNDS
