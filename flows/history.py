"""The flows of history: fill a past time, make tables anew, keep them small and quick."""

from datetime import datetime, timedelta
from typing import Literal

from prefect import flow

from flows import history_steps, tasks
from flows.forms import described
from flows.page import publish
from flows.run import Outcome, Run, new_run
from lakehouse.errors import BadInput
from spark_jobs.backfill import Past, checked

_HOURS = 3600


@flow(name="backfill", timeout_seconds=48 * _HOURS)
@described(
    first="Where the past time begins, with its offset, such as 2024-09-01T00:00:00Z.",
    last="Where it ends; that moment is not in it. Empty: now, by the profile's clock.",
    sources="Sources to ask: energi_data_service, open_meteo, octopus. Empty: all.",
    data_sets="Data sets to ask for, such as Elspotprices or archive. Empty: all.",
    forecast="Then live through its days as if live: forecast and evaluate at each origin.",
)
def backfill(
    first: datetime,
    last: datetime | None = None,
    profile: str | None = None,
    sources: list[str] | None = None,
    data_sets: list[str] | None = None,
    forecast: bool = False,
) -> dict[str, Outcome]:
    """Ask for past windows and build them; with `forecast`, live through their days as if live."""
    run = new_run(profile, None)
    wanted = Past(first, last or run.as_of, tuple(sources or ()), tuple(data_sets or ()))
    checked(wanted, run.catalogue, run.as_of)
    done = {"backfill": history_steps.ask(run, wanted), "build": tasks.build(run)}
    if forecast:
        done |= replayed(run, origins(run, wanted.first, wanted.last))
    publish(run, "backfill", done)
    return done


def origins(run: Run, first: datetime, last: datetime) -> list[datetime]:
    """The scheduled origins of [first, last) that have passed: the one of now is for `daily`."""
    schedule = run.catalogue.schedule
    found = [schedule.next_origin(first - timedelta(microseconds=1))]
    while found[-1] < min(last, run.as_of):
        found.append(schedule.next_origin(found[-1]))
    return found[:-1]


def replayed(run: Run, moments: list[datetime]) -> dict[str, Outcome]:
    """Forecast and evaluate at each origin what was known then, by who was champion then.

    Days that were replayed before are left alone. Truth of the last days becomes known later: it
    is met at the end, by what is known now.
    """
    total = {"forecast": Outcome(), "evaluate": Outcome()}
    finished = history_steps.replayed_origins(run)
    previous: datetime | None = None
    for number, origin in enumerate(moments):
        if origin not in finished:
            part = run.part(f"{origin:%Y%m%dT%H%M}", origin)
            history_steps.told("forecast", number, len(moments), f"{origin:%Y-%m-%d}")
            total["evaluate"].add(tasks.evaluate(part, previous))
            total["forecast"].add(tasks.forecast(part))
        previous = origin
    history_steps.told("forecast", len(moments), len(moments), "")
    if previous:
        total["evaluate"].add(tasks.evaluate(run, previous))
    return total


@flow(name="land", timeout_seconds=_HOURS)
@described(
    file="The downloaded file; the worker must be able to read it.",
    data_set="What it holds, such as Elspotprices.",
)
def land(file: str, data_set: str, profile: str | None = None) -> dict[str, Outcome]:
    """Keep a downloaded file of a data set as it is, and build it."""
    run = new_run(profile, None)
    done = {"backfill": history_steps.land_file(run, file, data_set), "build": tasks.build(run)}
    publish(run, "land", done)
    return done


@flow(name="rebuild", timeout_seconds=24 * _HOURS)
@described(layer="silver: from the landing zone's files; gold: from silver.")
def rebuild(layer: Literal["silver", "gold"], profile: str | None = None) -> Outcome:
    """Make silver anew from the landing zone's files, or gold from silver."""
    run = new_run(profile, None)
    outcome = history_steps.rebuild(run, layer)
    publish(run, "rebuild", {"rebuild": outcome})
    return outcome


@flow(name="maintain", timeout_seconds=4 * _HOURS)
@described()
def maintain(profile: str | None = None, as_of: datetime | None = None) -> Outcome:
    """Compact and cluster the tables, and remove what is older than their retention."""
    run = new_run(profile, as_of)
    if run.run_kind == "replay":
        raise BadInput("Maintenance is of the tables as they are now. Leave --as-of out.")
    outcome = history_steps.maintain(run)
    publish(run, "maintain", {"maintain": outcome})
    return outcome
