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


#: Rows by series, the last value of each row that both change, and the version: the first commit
#: made the table; of what both add only the first to come commits.
ALL = (
    dict.fromkeys(NAMES, ROUNDS) | {f"{name} changed": 1 for name in NAMES} | {"both": ROUNDS},
    {f"{name} changed": ROUNDS - 1.0 for name in NAMES},
    2 * 2 * ROUNDS + ROUNDS,
)


def test_two_jvms_that_write_a_table_at_once_lose_nothing(tmp_path: Path) -> None:
    assert written_by_two(tmp_path) == ALL


def written_by_two(lakehouse: Place) -> tuple[dict[str, int], dict[str, float], int]:
    """Two writers at once in an empty lakehouse, and what they leave: as `ALL` has it."""
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
    last = {row["series_id"]: row["value"] for row in rows if row["series_id"].endswith("changed")}
    return Counter(row["series_id"] for row in rows), last, arrow.version(OBSERVATIONS)
