"""The backfill of 2021 to 2024 from a folder of the publishers' own exports, and what it left.

    .venv/bin/python -m benchmarks.backfill ../shared/data

The emulator plays the folder over HTTP; the sample's series are asked for, from an empty lakehouse.
Then the tables are asked: values by series and year, gaps, and how many records were refused.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.processes import gridcast, measure
from lakehouse.settings import PROJECT

FIRST, LAST, CLOCK = "2021-01-01", "2025-01-01", "2025-02-01T00:00:00+01:00"
QUERIES = {
    "values by series and year": """
        SELECT series_id, year(event_time) AS year, count(*) AS values, count(DISTINCT event_time)
               AS hours, min(event_time) AS first, max(event_time) AS last
        FROM silver.observations GROUP BY ALL ORDER BY ALL""",
    "gaps": """
        SELECT series_id, count(*) AS gaps, sum(missing) AS hours
        FROM gold.gaps GROUP BY ALL ORDER BY ALL""",
    "refused": "SELECT data_set, rule, count(*) AS n FROM bronze.quarantine GROUP BY ALL",
    "weather forecasts": """
        SELECT issue_basis, count(DISTINCT issue_time) AS runs, count(*) AS values
        FROM silver.weather_forecasts GROUP BY ALL""",
}


def main() -> None:
    """Backfill into an empty folder, print its time and memory, and ask the tables."""
    data = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ |= {
            "GRIDCAST_SAMPLE_DATA": str(data),
            "GRIDCAST_SAMPLE_START": CLOCK,
            "GRIDCAST_CATALOGUE": str(_catalogue(folder)),
            "GRIDCAST_SPARK_JVM_OPTIONS": "",
        }
        command = [gridcast(), "--lakehouse", str(folder / "lakehouse")]
        whole = measure([*command, "backfill", "--from", FIRST, "--to", LAST])
        if whole.returncode:
            sys.exit(whole.told)
        print(whole.told, flush=True)
        print(f"backfill of {FIRST} to {LAST}: {whole.seconds:.0f} s, {whole.peak_gib:.1f} GiB")
        for told, query in QUERIES.items():
            print(f"\n{told}", flush=True)
            # A table would be cut to the width of a terminal that is not there.
            subprocess.run([*command, "sql", query, "--format", "csv"], check=True)


def _catalogue(folder: Path) -> Path:
    """The sample's catalogue from the year 2021 on."""
    text = (PROJECT / "deployments" / "catalogues" / "sample.toml").read_text()
    longer, found = re.subn(r"(?m)^history_start = .*$", f"history_start = {FIRST}T00:00:00Z", text)
    assert found == 1
    file = folder / "catalogue.toml"
    file.write_text(longer)
    return file


if __name__ == "__main__":
    main()
