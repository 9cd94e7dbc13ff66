"""The flows that people run and schedule. Each reads as the list of its steps."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from prefect import flow, runtime
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

from flows import tasks
from flows.forms import described
from flows.history import backfill, land, maintain, rebuild
from flows.page import publish
from flows.run import Outcome, Run, new_run
from lakehouse.tables.gold import RUNS

INGEST_BEFORE_ORIGIN = timedelta(minutes=15)


def _run_name() -> str:
    """Flow, profile and moment: what a person looks for in Prefect's list of runs."""
    parameters: dict[str, Any] = runtime.flow_run.parameters
    name = str(runtime.flow_run.flow_name)
    run = new_run(parameters.get("profile"), None)
    moment = parameters.get("as_of")
    if moment is None:
        moment = next_day(run) if name == "daily" and run.clock.simulated else run.as_of
    told = f"{moment:%Y-%m-%d %H:%M}" if isinstance(moment, datetime) else str(moment)
    return f"{name} {run.settings.profile} {told}"


def _single(step: Callable[[Run], Outcome], profile: str | None, as_of: datetime | None) -> Outcome:
    run = new_run(profile, as_of)
    name = str(getattr(step, "name", "step"))
    outcome = step(run)
    publish(run, name, {name: outcome})
    return outcome


@flow(name="ingest", flow_run_name=_run_name, timeout_seconds=3600)
@described()
def ingest(profile: str | None = None, as_of: datetime | None = None) -> Outcome:
    """Ask the sources for what is missing."""
    return _single(tasks.ingest, profile, as_of)


@flow(name="build", flow_run_name=_run_name, timeout_seconds=3600)
@described()
def build(profile: str | None = None, as_of: datetime | None = None) -> Outcome:
    """Bring new landings into bronze and silver."""
    return _single(tasks.build, profile, as_of)


@flow(name="train", flow_run_name=_run_name, timeout_seconds=4 * 3600)
@described(
    groups="Series groups to train, such as consumption_household or day_ahead_price: names of the "
    "profile's catalogue. Empty: all of them."
)
def train(
    profile: str | None = None, as_of: datetime | None = None, groups: list[str] | None = None
) -> dict[str, Outcome]:
    """Train the four models of each series group, decide who is champion, and tell of it."""
    run = new_run(profile, as_of)
    done = {"train": tasks.train(run, groups), "news": tasks.news(run)}
    publish(run, "train", done)
    return done


@flow(name="forecast", flow_run_name=_run_name, timeout_seconds=3600)
@described()
def forecast(profile: str | None = None, as_of: datetime | None = None) -> Outcome:
    """Forecast the next local day of every series."""
    return _single(tasks.forecast, profile, as_of)


@flow(name="evaluate", flow_run_name=_run_name, timeout_seconds=3600)
@described()
def evaluate(profile: str | None = None, as_of: datetime | None = None) -> Outcome:
    """Score what became known."""
    return _single(tasks.evaluate, profile, as_of)


@flow(name="monitor", flow_run_name=_run_name, timeout_seconds=3600)
@described(
    weekly="Also mail the report of the week before today; a week to Sunday needs no asking."
)
def monitor(
    profile: str | None = None, as_of: datetime | None = None, weekly: bool = False
) -> dict[str, Outcome]:
    """Profile, judge drift and quality, tell what needs a person, and mail the report."""
    run = new_run(profile, as_of)
    done = {"watch": tasks.watch(run), "alert": tasks.alert(run)}
    done["report"] = tasks.report(run, weekly)
    publish(run, "monitor", done)
    return done


@flow(name="alert", flow_run_name=_run_name, timeout_seconds=3600)
@described(
    broke_off="A run that ended without a word of its own, because its worker died or its time was "
    'over, as "FLOW: WHAT". It is noted in gold.runs. Empty: only look for what needs a person.'
)
def alert(
    profile: str | None = None, as_of: datetime | None = None, broke_off: str | None = None
) -> Outcome:
    """Tell at once what needs a person."""
    if broke_off:
        name, _, told = broke_off.partition(": ")
        new_run(profile, as_of).note_failure(name, told)
    return _single(tasks.alert, profile, as_of)


@flow(name="daily", flow_run_name=_run_name, timeout_seconds=2 * 3600)
@described(report="Build the report and mail it at the end of the day.")
def daily(
    profile: str | None = None, as_of: datetime | None = None, report: bool = True
) -> dict[str, Outcome]:
    """Ingest, build, judge what came, evaluate, forecast, and tell what needs a person.

    On a sample clock without `as_of` the clock moves to the next origin; a day that was
    interrupted is completed first.
    """
    run = new_run(profile, as_of)
    done: dict[str, Outcome] = {}
    with run.recorded("daily") as whole:
        if as_of is None and run.clock.simulated:
            origin = next_day(run)
            run.move_clock(origin - INGEST_BEFORE_ORIGIN)
            if run.as_of < origin:
                done["ingest"] = tasks.ingest(run)
            run.move_clock(origin)
        else:
            done["ingest"] = tasks.ingest(run)
        done["build"] = tasks.build(run)
        done["watch"] = _without_stopping(tasks.watch, run)
        # Before the forecast: who answers, and how wide its intervals are, follow from live days.
        done["evaluate"] = _without_stopping(tasks.evaluate, run)
        done["forecast"] = tasks.forecast(run)
        done["alert"] = _without_stopping(tasks.alert, run)
        if report:
            done["report"] = tasks.report(run)
        whole.sentences += [s for outcome in done.values() for s in outcome.sentences]
    publish(run, "daily", done)
    return done


def _without_stopping(step: Callable[[Run], Outcome], run: Run) -> Outcome:
    """A step that the day does not wait for: where it fails, gold.runs and an incident say so."""
    try:
        return step(run)
    except Exception as fault:
        return Outcome(sentences=[f"{getattr(step, 'name', 'A step')} failed: {fault}"])


def next_day(run: Run) -> datetime:
    """The origin that a `daily` on a sample clock serves: an interrupted one, else the next."""
    now, schedule = run.clock.now(), run.catalogue.schedule
    begun = schedule.last_origin(now + INGEST_BEFORE_ORIGIN)
    if begun - INGEST_BEFORE_ORIGIN <= now <= begun and begun not in finished_days(run):
        return begun
    return schedule.next_origin(now)


def finished_days(run: Run) -> set[datetime]:
    """The origins whose live `daily` finished."""
    rows = run.arrow.rows(
        RUNS,
        ["as_of"],
        [("step", "=", "daily"), ("status", "=", "ok"), ("run_kind", "=", "live")],
    )
    return {row["as_of"] for row in rows}


def attended() -> AbstractContextManager[Any]:
    """For flows that a person runs and watches: no heartbeats.

    They tell a server that an unattended worker died, and every flow ends by waiting for them.
    """
    return temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None})


FLOWS: dict[str, Any] = {
    f.name: f for f in (ingest, build, train, forecast, evaluate, monitor, alert, daily, maintain)
}
#: Flows with commands of their own.
HISTORY: dict[str, Any] = {f.name: f for f in (backfill, land, rebuild)}
