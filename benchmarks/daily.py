"""A daily run with nothing new, on the folder that a demo left: where its seconds go.

    .venv/bin/python -m benchmarks.daily FOLDER

The newest finished origin is run again as of its own moment. Limit: 45 s on 2 cores.
"""

import json
import subprocess
import sys
import time

from benchmarks.processes import gridcast, measure

_IMPORTS = {
    "import Prefect and the flows": "import flows.flows",
    "import TensorFlow and Keras": "import keras",
    "import whylogs": "import whylogs",
}


def main() -> None:
    """Measure the whole run, then its parts, and print one table."""
    folder = sys.argv[1]
    origin = _newest_origin(folder)
    whole = measure([gridcast(), "--lakehouse", folder, "run", "daily", "--as-of", origin])
    if whole.returncode:
        sys.exit(whole.told)
    again = measure([gridcast(), "--lakehouse", folder, "run", "daily", "--as-of", origin])
    steps = _ask(
        folder,
        "SELECT step, seconds FROM gold.runs WHERE run_id = (SELECT max_by(run_id, started_at) "
        "FROM gold.runs WHERE step = 'daily') ORDER BY started_at",
    )
    print(f"daily --as-of {origin}, nothing new: {again.seconds:.1f} s (limit 45 s)")
    print(f"peak memory of all processes: {again.peak_gib:.1f} GiB")
    inside = 0.0
    for row in steps:
        print(f"  {row['step']:<34}{row['seconds']:>7.1f} s")
        inside = row["seconds"] if row["step"] == "daily" else inside
    print(f"  {'outside of the flow':<34}{again.seconds - inside:>7.1f} s, of which, each alone:")
    for told, code in _IMPORTS.items():
        print(f"    {told:<32}{_seconds(code):>7.1f} s")
    print(f"    {'JVM and Spark session':<32}{_seconds(_SESSION):>7.1f} s")


_SESSION = (
    "from lakehouse.settings import load_settings; "
    "from lakehouse.spark.session import spark_session; spark_session(load_settings())"
)


def _newest_origin(folder: str) -> str:
    rows = _ask(
        folder,
        "SELECT max(as_of) AS origin FROM gold.runs "
        "WHERE step = 'daily' AND status = 'ok' AND run_kind = 'live'",
    )
    return str(rows[0]["origin"])


def _ask(folder: str, query: str) -> list[dict[str, float]]:
    answer = subprocess.run(
        [gridcast(), "--lakehouse", folder, "sql", query, "--format", "json"],
        check=True,
        capture_output=True,
        text=True,
    )
    rows: list[dict[str, float]] = json.loads(answer.stdout)
    return rows


def _seconds(code: str) -> float:
    begun = time.monotonic()
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    return time.monotonic() - begun


if __name__ == "__main__":
    main()
