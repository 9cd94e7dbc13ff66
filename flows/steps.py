"""The steps that a day is made of. Each runs one job and records what it did.

Plain functions: `flows.tasks` makes Prefect's tasks of them and says which run on Spark.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count

from flows.events import ask_for_training
from flows.run import BATCH, Outcome, Run
from lakehouse.errors import SourceError
from lakehouse.tables.bronze import LANDINGS, QUARANTINE
from lakehouse.tables.gold import (
    FORECAST_ERRORS,
    INCIDENTS,
    OUTBOX,
    PROMOTIONS,
    RUNS,
    TRAINING_RUNS,
)
from lakehouse.tables.watched import RETRAINING
from lakehouse.time import iso
from sources.addresses import addresses
from sources.http import Pace, new_client
from spark_jobs import build as build_job
from spark_jobs import evaluate as evaluate_job
from spark_jobs import forecast as forecast_job
from spark_jobs import incidents as incidents_job
from spark_jobs import ingest as ingest_job
from spark_jobs import live_days as live_days_job
from spark_jobs import monitor as monitor_job
from spark_jobs import outbox as outbox_job
from spark_jobs import report as report_job
from spark_jobs import retraining as retraining_job
from spark_jobs import train as train_job
from spark_jobs import weekly as weekly_job

#: In the detail of an `evaluate`: from when on it looked for truth that had become known.
SINCE = "since"


def ingest(run: Run) -> Outcome:
    """Ask the sources for what is missing and keep every body."""
    with run.recorded("ingest") as outcome:
        if run.run_kind == "replay":
            outcome.sentences.append("A replay uses what has landed; no source was asked.")
            return outcome
        with door(run) as sources:
            done = ingest_job.run(run.arrow, run.catalogue, sources, run.as_of, run.run_id)
        outcome.rows_in = done.requests
        outcome.written[LANDINGS.name] = done.landed
        outcome.sentences += done.problems
        if done.requests and len(done.problems) == done.requests:
            raise SourceError("No source answered. " + " ".join(done.problems))
    return outcome


@contextmanager
def door(run: Run) -> Iterator[ingest_job.Door]:
    """The way to the sources of a profile, for as long as the context lasts."""
    seconds = {str(name): s for name, s in run.settings.seconds_between_requests.items()}
    with addresses(run.settings, run.clock) as where, new_client() as client:
        yield ingest_job.Door(run.zone, where, client, Pace(seconds))


def build(run: Run) -> Outcome:
    """Landings to bronze and silver, batch by batch; each is noted by itself."""
    total = Outcome()
    for number in count(1):
        part = run if number == 1 else run.part(f"{BATCH}{number}")
        with part.recorded(build_job.STEP) as outcome:
            built = build_job.run(run.tables, run.arrow, run.zone, run.catalogue)
            outcome.rows_in = len(built.landing_ids)
            outcome.landing_ids = built.landing_ids
            outcome.written = built.written
            outcome.quarantined = built.written.get(QUARANTINE.name, 0)
            if outcome.quarantined:
                outcome.sentences.append(
                    f"{outcome.quarantined} records or bodies were refused: see bronze.quarantine."
                )
        total.add(outcome)
        if not build_job.pending(run.arrow)[0]:
            break
    return total


def train(run: Run, groups: list[str] | None = None) -> Outcome:
    """One Spark task per model and member; the driver logs, records and decides."""
    with run.recorded("train") as outcome:
        chosen = groups or list(run.catalogue.groups)
        for group in chosen:
            run.catalogue.members(group)  # an unknown group is named before hours of work
        rows = train_job.run(
            run.tables, run.arrow, run.catalogue, run.settings, chosen, run.as_of, run.run_id
        )
        outcome.rows_in = sum(row["samples"] for row in rows)
        outcome.written = {TRAINING_RUNS.name: len(rows)}
        outcome.mlflow_runs = {
            f"{row['series_group']} {row['model_name']}": row["mlflow_run_id"]
            for row in rows
            if row["mlflow_run_id"]
        }
        decided = {
            (row["series_group"], row["candidate_model"]): row["reason"]
            for row in run.arrow.rows(PROMOTIONS)
            if row["decided_at"] == run.as_of
        }
        outcome.sentences += [
            decided.get(
                (row["series_group"], row["model_name"]),
                f"{row['model_name']} of {row['series_group']} {row['status']}: {row['reason']}",
            )
            for row in rows
        ]
    return outcome


def forecast(run: Run) -> Outcome:
    """Champion, challengers and fallback score every series at its group's origin."""
    with run.recorded("forecast") as outcome:
        outcome.written, problems = forecast_job.run(
            run.tables,
            run.arrow,
            run.catalogue,
            run.settings,
            run.as_of,
            run.run_kind,
            run.run_id,
            datetime.now(UTC),
        )
        outcome.sentences += problems
    return outcome


def evaluate(run: Run, since: datetime | None = None) -> Outcome:
    """Truth that became known meets the forecasts of it.

    `since`: look for what became known after that moment; None is the evaluation before this one.
    """
    with run.recorded("evaluate") as outcome:
        since = since or _evaluated_before(run)
        outcome.detail = {SINCE: iso(since)} if since else {}
        scored = evaluate_job.run(run.tables, run.as_of, since, run.run_id)
        outcome.written = {FORECAST_ERRORS.name: scored}
        if run.run_kind == "live":
            outcome.sentences += live_days_job.run(run.arrow, run.settings, run.as_of, run.run_id)
    return outcome


def _evaluated_before(run: Run) -> datetime | None:
    done = run.arrow.rows(
        RUNS,
        ["as_of"],
        [("step", "=", "evaluate"), ("status", "=", "ok"), ("as_of", "<", run.as_of)],
    )
    return max((row["as_of"] for row in done), default=None)


def watch(run: Run) -> Outcome:
    """Judge what arrived before anything is made of it: profiles, drift and quality."""
    with run.recorded("watch") as outcome:
        if run.run_kind == "replay":
            outcome.sentences.append("A replay profiles nothing.")
            return outcome
        outcome.written = monitor_job.run(
            run.tables, run.arrow, run.catalogue, run.as_of, run.run_id
        )
    return outcome


def alert(run: Run) -> Outcome:
    """Tell at once what needs a person, and ask for trainings that cannot wait."""
    with run.recorded("alert") as outcome:
        if run.run_kind == "replay":
            outcome.sentences.append("A replay mails nobody.")
            return outcome
        mails = run.arrow.count(OUTBOX)
        told = incidents_job.run(run.arrow, run.catalogue, run.settings, run.as_of, run.run_id)
        outcome.written = {INCIDENTS.name: told, OUTBOX.name: run.arrow.count(OUTBOX) - mails}
        rows = retraining_job.run(run.arrow, run.catalogue, run.settings, run.as_of, run.run_id)
        outcome.written[RETRAINING.name] = len(rows)
        outcome.sentences += [row["reason"] for row in rows]
        for row in rows:
            if row["verdict"] == retraining_job.ASKED:
                ask_for_training(run.settings.profile, row)
        outcome.sentences += outbox_job.run(run.arrow, run.settings, run.as_of, run.run_id)
    return outcome


def news(run: Run) -> Outcome:
    """Tell of what a training decided."""
    with run.recorded("news") as outcome:
        if run.run_kind == "live":
            mails = run.arrow.count(OUTBOX)
            told = incidents_job.tell_news(
                run.arrow, run.catalogue, run.settings, run.as_of, run.run_id
            )
            outcome.written = {INCIDENTS.name: told, OUTBOX.name: run.arrow.count(OUTBOX) - mails}
            outcome.sentences += outbox_job.run(run.arrow, run.settings, run.as_of, run.run_id)
    return outcome


def report(run: Run, weekly: bool = False) -> Outcome:
    """Build the report and mail it; once a week, or when asked, that of the week, too."""
    with run.recorded("report") as outcome:
        if run.run_kind == "replay":
            outcome.sentences.append("A replay mails nobody.")
            return outcome
        delivered = report_job.run(
            run.tables, run.arrow, run.catalogue, run.settings, run.as_of, run.run_id
        )
        outcome.written[OUTBOX.name] = delivered.rows
        outcome.pages.append(delivered.page)
        outcome.sentences.append(f"Report: {delivered.page}")
        week = weekly_job.run(
            run.tables, run.arrow, run.catalogue, run.settings, run.as_of, run.run_id, asked=weekly
        )
        if week:
            outcome.written[OUTBOX.name] += week.rows
            outcome.pages.append(week.page)
            outcome.sentences.append(f"Weekly report: {week.page}")
        outcome.sentences += outbox_job.run(run.arrow, run.settings, run.as_of, run.run_id)
    return outcome
