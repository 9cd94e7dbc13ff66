"""The tasks of the flows of history. Each runs one job and records what it did."""

from datetime import datetime
from functools import partial
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from flows import progress
from flows.run import CLOCK, Outcome, Run
from flows.steps import SINCE, door
from flows.tasks import ASKED_AGAIN
from lakehouse.errors import BadInput, SourceError
from lakehouse.tables import TABLES
from lakehouse.tables.bronze import LANDINGS
from lakehouse.tables.gold import RUNS
from lakehouse.time import iso, parse_utc
from spark_jobs import backfill as backfill_job
from spark_jobs import build as build_job
from spark_jobs import maintain as maintain_job
from spark_jobs import rebuild as rebuild_job
from spark_jobs.rebuild import PastRun

told = progress.tell
LAYERS = ("silver", "gold")
_REPEATED = ("watch", "forecast", "evaluate", "monitor")
"""The last one is what `watch` was called before it became a step of its own."""


@task(name="backfill", cache_policy=NO_CACHE, **ASKED_AGAIN)
def ask(run: Run, wanted: backfill_job.Past) -> Outcome:
    """Ask the sources for the windows of a past time that have not landed."""
    with run.recorded("backfill") as outcome:
        tell = partial(told, "backfill")
        with door(run) as sources:
            done = backfill_job.run(
                run.arrow, run.catalogue, sources, wanted, run.clock.now, run.run_id, tell
            )
        outcome.rows_in = done.requests
        outcome.written[LANDINGS.name] = done.landed
        outcome.detail = {"first": iso(wanted.first), "last": iso(wanted.last)}
        outcome.sentences += done.problems
        if done.requests and len(done.problems) == done.requests:
            raise SourceError("No source answered. " + " ".join(done.problems))
    return outcome


@task(name="land", cache_policy=NO_CACHE)
def land_file(run: Run, file: str, data_set: str) -> Outcome:
    """Keep a downloaded file of a data set."""
    with run.recorded("backfill") as outcome:
        row = backfill_job.land_file(
            run.arrow, run.zone, run.catalogue, Path(file), data_set, run.as_of, run.run_id
        )
        outcome.rows_in = 1
        outcome.written[LANDINGS.name] = 1 if row else 0
        window = f"{iso(row['window_start'])} to {iso(row['window_end'])}" if row else ""
        outcome.sentences.append(
            f"{file} landed as {data_set}, {window}, of {', '.join(row['asked']) or 'one series'}."
            if row
            else f"The same bytes landed as {data_set} before; nothing was kept twice."
        )
    return outcome


@task(name="rebuild", cache_policy=NO_CACHE)
def rebuild(run: Run, layer: str) -> Outcome:
    """Make a layer anew in a staging folder, and swap it in."""
    if layer not in LAYERS:
        raise BadInput(f"Expected one of {', '.join(LAYERS)} to rebuild, got '{layer}'.")
    staging = run.settings.lakehouse / f"staging-{layer}"
    with run.recorded("rebuild") as outcome:
        if layer == "silver":
            outcome.written, taken = rebuild_job.silver(
                run.tables, run.arrow, run.zone, run.catalogue, staging
            )
            outcome.rows_in = len(taken)
        else:
            outcome.written, outcome.sentences = rebuild_job.gold(
                run.tables, run.arrow, run.catalogue, run.settings, staging, past_runs(run)
            )
            outcome.sentences.append(
                "Kept as they are: promotions, training runs, backtests, retraining, incidents, "
                "runs and outbox."
            )
            return outcome
    with run.recorded(build_job.STEP) as noted:
        pending = {row["landing_id"] for row in build_job.pending(run.arrow)[0]}
        noted.landing_ids = [landing_id for landing_id in taken if landing_id in pending]
    return outcome


@task(name="maintain", cache_policy=NO_CACHE)
def maintain(run: Run) -> Outcome:
    """Compact, cluster and clean the tables, and check the landed bodies against their sums."""
    with run.recorded("maintain") as outcome:
        for table in maintain_job.run(run.arrow, TABLES):
            outcome.rows_in += table.files_before
            outcome.detail[table.table] = table.sentence
            if table.is_changed:
                outcome.sentences.append(table.sentence)
        outcome.sentences += run.zone.damaged()
    return outcome


def past_runs(run: Run) -> list[PastRun]:
    """The recorded steps that wrote gold, in the order in which they ran."""
    rows = [row for row in run.arrow.rows(RUNS) if row["step"] in _REPEATED]
    wrote = [row for row in rows if row["status"] == "ok"]
    repeated = []
    for row in sorted(wrote, key=lambda row: row["started_at"]):
        detail = dict(row["detail"])
        repeated.append(
            PastRun(
                step=row["step"],
                run_id=row["run_id"],
                run_kind=row["run_kind"],
                as_of=row["as_of"],
                clock=parse_utc(detail[CLOCK]),
                started_at=row["started_at"],
                since=parse_utc(detail[SINCE]) if SINCE in detail else None,
            )
        )
    return repeated


def replayed_origins(run: Run) -> set[datetime]:
    """The past moments that a backfill has both forecast and evaluated."""
    done = [("status", "=", "ok"), ("run_kind", "=", "replay")]
    both = [
        {row["as_of"] for row in run.arrow.rows(RUNS, ["as_of"], [("step", "=", step), *done])}
        for step in ("forecast", "evaluate")
    ]
    return both[0] & both[1]
