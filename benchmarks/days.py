"""400 days on a small lakehouse: do files and logs stay bounded, and what does `maintain` cost?

    .venv/bin/python -m benchmarks.days FOLDER OUT [--days 400] [--ingests 24] [--spark]

FOLDER is a lakehouse in which days were lived, by a demo for example. The jobs are not run: what
its newest `daily` wrote is written again day after day into OUT, a copy, with its times moved on:
the same rows in the same commits, in each table's lane. What Spark wrote is written by Spark where
`--spark` says so, else by delta-rs. Beside it ingests, hourly unless fewer are asked for, land a
body of each data set.

`maintain` runs every seventh day, as scheduled. It goes by the machine's clock, so before it all
that lies in OUT is made seven days older (benchmarks/ageing.py). A second call goes on from the
day that was reached. Figures: OUT/days.json.
"""

import argparse
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pyarrow.parquet as pq

from benchmarks.ageing import age
from lakehouse.arrow import ArrowTables, schema
from lakehouse.landing import LandingZone, Request, Response
from lakehouse.settings import load_settings
from lakehouse.tables import TABLES, Table
from lakehouse.tables.bronze import LANDINGS
from lakehouse.tables.gold import RUNS
from lakehouse.time import DAY
from spark_jobs import build, ingest, maintain

MARKS = (50, 100, 200, 300, 400)
WEEK = 7
_BY_SPARK = "Apache-Spark"

Rows = list[dict[str, Any]]
Write = Callable[[Table, Rows], None]


@dataclass(frozen=True)
class Commit:
    """What one commit added to a table, when, and who wrote it."""

    table: Table
    at: int
    by_spark: bool
    rows: Rows


@dataclass(frozen=True)
class Held:
    """What a table's folder holds. Checksum files of Hadoop's count among the files."""

    rows: int
    data_files: int
    files: int
    megabytes: float
    log_entries: int
    log_files: int
    log_kilobytes: float


def main() -> None:
    """Live the days that are left, and print what the marks say."""
    asked = argparse.ArgumentParser(prog=__spec__.name)
    asked.add_argument("folder", type=Path)
    asked.add_argument("out", type=Path)
    asked.add_argument("--days", type=int, default=MARKS[-1])
    asked.add_argument("--ingests", type=int, default=24)
    asked.add_argument("--spark", action="store_true")
    given = asked.parse_args()
    folder, out, last = given.folder, given.out, given.days
    if not out.exists():
        shutil.copytree(folder, out)
    figures = out / "days.json"
    told: dict[str, Any] = json.loads(figures.read_text()) if figures.exists() else {"day": 0}
    days = _Days(folder, out, given.ingests, given.spark)
    begun = time.perf_counter()
    while told["day"] < last:
        number = told["day"] + 1
        days.live(number)
        if number % WEEK == 0:
            told.setdefault("maintain", {})[str(number)] = days.maintain()
        if number in MARKS or number == last:
            told.setdefault("marks", {})[str(number)] = days.look()
        told["day"] = number
        figures.write_text(json.dumps(told, indent=1))
    seconds = time.perf_counter() - begun
    print(f"{last} days, {given.ingests} ingests each; this call took {seconds:.0f} s")
    _print(told)


class _Days:
    def __init__(self, folder: Path, out: Path, ingests: int, with_spark: bool) -> None:
        self._arrow, self._zone = ArrowTables(out), LandingZone(out / "landing")
        self._out, self._ingests = out, ingests
        self._commits = newest_day(ArrowTables(folder))
        self._asked = _one_of_each(self._commits, self._zone)
        self._spark = _spark_writer(out) if with_spark else self._arrow.append

    def live(self, number: int) -> None:
        """The hours of a day, then what its `daily` wrote."""
        [noted, *_] = [
            c for c in self._commits if c.table is RUNS and c.rows[0]["step"] == "ingest"
        ]
        landed: list[str] = []
        for turn in range(self._ingests):
            moved = number * DAY + (turn / self._ingests - 1) * DAY
            rows = [self._land(one, moved) for one in self._asked]
            self._arrow.insert_new(LANDINGS, rows)
            landed += [row["landing_id"] for row in rows]
            self._arrow.append(RUNS, _moved(RUNS, noted.rows, moved, f"{number}.{turn}"))
        for commit in self._commits:
            rows = _moved(commit.table, commit.rows, number * DAY, str(number))
            if commit.table is RUNS and rows[0]["step"] == build.STEP:
                rows[0]["landing_ids"] += landed
            write = self._spark if commit.by_spark else self._arrow.append
            write(commit.table, rows)

    def _land(self, response: Response, moved: timedelta) -> dict[str, Any]:
        request = response.request
        about = Request(**{**vars(request), "window_start": request.window_start + moved,
                           "window_end": request.window_end + moved})  # fmt: skip
        answer = Response(about, response.fetched_at + moved, 200, response.content_type,
                          response.body)  # fmt: skip
        return self._zone.write(answer, "days")

    def maintain(self) -> dict[str, float]:
        """A week passes, then the job; seconds, and the megabytes that it wrote anew."""
        age(self._out, WEEK * DAY)
        before = {table: self._arrow.version(table) for table in TABLES}
        seconds = [_timed(lambda: maintain.run(self._arrow, TABLES)),
                   _timed(lambda: list(self._zone.damaged()))]  # fmt: skip
        written = sum(self._written(table, version) for table, version in before.items())
        return {"tables": seconds[0], "landing": seconds[1], "rewritten_mb": written / 1e6}

    def _written(self, table: Table, after: int) -> int:
        log = self._out / table.folder / "_delta_log"
        return sum(
            action["add"]["size"]
            for file in log.glob("*.json")
            if int(file.stem) > after
            for action in map(json.loads, file.read_text().splitlines())
            if "add" in action
        )

    def look(self) -> dict[str, Any]:
        """What lies there, and how long the parts of an ingest take that read all of it."""
        landing = [
            file.stat().st_size for file in (self._out / "landing").rglob("*") if file.is_file()
        ]
        return {
            "tables": {table.name: asdict(self._held(table)) for table in TABLES},
            "landing": {"files": len(landing), "megabytes": sum(landing) / 1e6},
            "take_up_seconds": _timed(lambda: ingest.take_up(self._arrow, self._zone)),
            "understood_seconds": _timed(lambda: ingest.understood(self._arrow)),
        }

    def _held(self, table: Table) -> Held:
        folder = self._arrow.path(table)
        log = [file for file in folder.glob("_delta_log/*") if file.is_file()]
        data = [f for f in folder.rglob("*") if f.is_file() and f.parent.name != "_delta_log"]
        return Held(
            rows=self._arrow.count(table),
            data_files=len(self._arrow.open(table).file_uris()),
            files=len(data),
            megabytes=sum(file.stat().st_size for file in data) / 1e6,
            log_entries=sum(file.suffix == ".json" for file in log),
            log_files=len(log),
            log_kilobytes=sum(file.stat().st_size for file in log) / 1e3,
        )


def newest_day(arrow: ArrowTables) -> list[Commit]:
    """What was committed since the last but one `daily` ended, in order. Commits that also removed
    rows are told of and left out."""
    ends = [
        commit.at
        for commit in _commits(arrow, RUNS)
        if any(row["step"] == "daily" and row["status"] == "ok" for row in commit.rows)
    ]
    if len(ends) < 2:
        sys.exit(f"Expected the commits of two days; found {len(ends)}. Run 'gridcast demo' first.")
    found = [
        commit
        for table in TABLES
        for commit in _commits(arrow, table)
        if ends[-2] < commit.at <= ends[-1]
    ]
    return sorted(found, key=lambda commit: commit.at)


def _commits(arrow: ArrowTables, table: Table) -> Iterable[Commit]:
    folder = Path(arrow.path(table))
    for file in sorted((folder / "_delta_log").glob("*.json"), key=str):
        actions = [json.loads(line) for line in file.read_text().splitlines()]
        [about] = [action["commitInfo"] for action in actions if "commitInfo" in action]
        if any("remove" in action for action in actions):
            print(f"{table.name} {file.stem}: {about['operation']}, left out")
            continue
        added = [folder / action["add"]["path"] for action in actions if "add" in action]
        rows = [row for path in added for row in _read(table, path)]
        if rows:
            by_spark = _BY_SPARK in about.get("engineInfo", "")
            yield Commit(table, about["timestamp"], by_spark, rows)


def _read(table: Table, file: Path) -> Rows:
    rows: Rows = pq.read_table(file, partitioning=None).cast(schema(table)).to_pylist()
    return rows


def _one_of_each(commits: Sequence[Commit], zone: LandingZone) -> list[Response]:
    """The newest answer of each data set and place."""
    found: dict[tuple[str, ...], Response] = {}
    for row in [row for commit in commits if commit.table is LANDINGS for row in commit.rows]:
        url = urlsplit(row["request"])
        request = Request(
            row["source"], row["data_set"], url.path, tuple(parse_qsl(url.query)),
            row["window_start"], row["window_end"], tuple(row["asked"]),
        )  # fmt: skip
        body = zone.path(row["body_path"]).read_bytes()
        answer = Response(request, row["fetched_at"], row["status"], row["content_type"], body)
        found[(row["data_set"], *row["asked"])] = answer
    return list(found.values())


def _moved(table: Table, rows: Rows, by: timedelta, mark: str) -> Rows:
    """Rows of another day: times moved, ids of what brought them marked."""
    times = [c.name for c in table.columns if c.type in ("timestamp", "date")]
    ids = [name for name in ("landing_id", "run_id") if name in table.column_names]
    return [
        row
        | {name: row[name] + by for name in times if row[name] is not None}
        | {name: f"{row[name]}-{mark}" for name in ids if row[name] is not None}
        | ({"landing_ids": [f"{i}-{mark}" for i in row["landing_ids"]]} if table is RUNS else {})
        for row in rows
    ]


def _spark_writer(out: Path) -> Write:
    from lakehouse.spark.local import local_frame
    from lakehouse.spark.session import spark_session
    from lakehouse.spark.tables import SparkTables, struct_type

    spark = spark_session(load_settings("sample", lakehouse=out))
    tables = SparkTables(spark, out)

    def write(table: Table, rows: Rows) -> None:
        tables.append(table, local_frame(spark, rows, struct_type(table)))

    return write


def _timed(job: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    job()
    return time.perf_counter() - begun


def _print(told: dict[str, Any]) -> None:
    marks: dict[str, Any] = told["marks"]
    print("data files in use / files there / log files, MB and log KB together, by day")
    for name in next(iter(marks.values()))["tables"]:
        held = [mark["tables"][name] for mark in marks.values()]
        counts = (f"{h['data_files']:>4}/{h['files']:>5}/{h['log_files']:>5}" for h in held)
        sizes = (f"{h['megabytes']:.1f}+{h['log_kilobytes']:.0f}" for h in held)
        print(f"{name:<28}{'  '.join(counts)}   {'  '.join(sizes)}")
    for day, mark in marks.items():
        tables, landing = mark["tables"].values(), mark["landing"]
        print(
            f"day {day}: {sum(h['data_files'] for h in tables)} data files in use, "
            f"{sum(h['files'] for h in tables):,} there, {sum(h['log_files'] for h in tables):,} "
            f"log files with {sum(h['log_entries'] for h in tables):,} entries, "
            f"{sum(h['megabytes'] for h in tables):.0f} MB + "
            f"{sum(h['log_kilobytes'] for h in tables) / 1e3:.1f} MB; landing zone "
            f"{landing['files']:,} files, {landing['megabytes']:.0f} MB; an ingest reads them in "
            f"{mark['take_up_seconds']:.2f} + {mark['understood_seconds']:.2f} s"
        )
    weeks: list[dict[str, float]] = list(told.get("maintain", {}).values())
    for name, part in (("first", weeks[:8]), ("last", weeks[-8:])) if weeks else ():
        seconds = {what: median(w[what] for w in part) for what in ("tables", "landing")}
        print(
            f"maintain, median of the {name} {len(part)} weeks: tables {seconds['tables']:.1f} s, "
            f"landed bodies {seconds['landing']:.1f} s; written anew "
            f"{median(w['rewritten_mb'] for w in part):.1f} MB"
        )


if __name__ == "__main__":
    main()
