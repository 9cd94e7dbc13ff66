"""A daily run with nothing new, on the folder that a demo left: where its seconds go.

    .venv/bin/python -m benchmarks.daily FOLDER

The newest finished origin is run again as of its own moment, twice; the second is shown.
Limit: 45 s on 2 cores.
"""

import builtins
import json
import subprocess
import sys
import time

import psutil

from benchmarks.processes import gridcast, measure
from benchmarks.timeline import Timeline

_IMPORTS = {"TensorFlow and Keras": "import keras", "Prefect and the flows": "import flows.flows"}


def main() -> None:
    """Measure the whole run, then once more with a timeline, and print one table."""
    if len(sys.argv) == 4:
        _watched(*sys.argv[1:])
        return
    folder = sys.argv[1]
    origin = _newest_origin(folder)
    for _ in range(2):
        whole = measure([gridcast(), "--lakehouse", folder, "run", "daily", "--as-of", origin])
        if whole.returncode:
            sys.exit(whole.told)
    print(f"daily --as-of {origin}, nothing new: {whole.seconds:.1f} s (limit 45 s)")
    print(f"peak memory of all processes: {whole.peak_gib:.1f} GiB")
    report = f"{folder}/timeline.json"
    subprocess.run([sys.executable, "-m", __spec__.name, folder, origin, report], check=True)
    with open(report) as file:
        parts: dict[str, float] = json.load(file)
    print(f"watched, {sum(parts.values()):.1f} s:")
    for label, seconds in sorted(parts.items(), key=lambda part: -part[1]):
        print(f"  {label:<50}{seconds:>6.1f} s")
    print("for comparison, a process that only imports")
    for label, code in _IMPORTS.items():
        print(f"  {label:<50}{_seconds(code):>6.1f} s")


def _watched(folder: str, origin: str, report: str) -> None:
    imports = "imports, with Python's start"
    line = Timeline(psutil.Process().create_time(), rest=imports)
    line.watch(builtins, "__import__", imports)
    _watch_parts(line)
    from gridcast.main import app

    sys.argv = ["gridcast", "--lakehouse", folder, "run", "daily", "--as-of", origin]
    line.enter("Prefect flows, tasks, artifacts; the rest")
    try:
        app()
    except SystemExit as end:
        if end.code:
            raise
    with open(report, "w") as file:
        json.dump(line.stop(), file)


def _watch_parts(line: Timeline) -> None:
    import gridcast.front
    import lakehouse.spark.session

    line.watch(lakehouse.spark.session, "spark_session", "JVM and Spark session")
    line.watch(gridcast.front, "await_server", "Prefect server: what is left to wait")
    line.watch(gridcast.front, "start_server", "Prefect server: launch")
    from lakehouse.arrow import ArrowTables
    from lakehouse.spark.tables import SparkTables
    from spark_jobs import evaluate, forecast

    line.watch(ArrowTables, "open", "Delta logs through delta-rs")
    line.watch(SparkTables, "read", "Delta logs through Spark")
    line.watch(SparkTables, "append", "Delta appends through Spark")
    line.watch(SparkTables, "insert_new", "keys already held: Spark queries")
    line.watch(forecast, "run", "samples as of the origin: Spark query")
    line.watch(forecast, "samples_at", "samples as of the origin: planning")
    line.watch(forecast, "score", "scoring: Python worker, TensorFlow, models")
    line.watch(evaluate, "run", "evaluate: planning")


def _newest_origin(folder: str) -> str:
    answer = subprocess.run(
        [
            *(gridcast(), "--lakehouse", folder, "sql", "--format", "json"),
            "SELECT max(as_of) AS origin FROM gold.runs "
            "WHERE step = 'daily' AND status = 'ok' AND run_kind = 'live'",
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    return str(json.loads(answer.stdout)[0]["origin"])


def _seconds(code: str) -> float:
    begun = time.monotonic()
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    return time.monotonic() - begun


if __name__ == "__main__":
    main()
