"""A world of two series and two days, in which each flow takes seconds, and its flows one by one.

`python -m tests.faults.two_series FLOW PARAMETERS` lives one flow in the world of the environment,
as the command line does, but with Spark only where the flow asks for it.
"""

import json
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import tomli_w

from lakehouse.settings import PROJECT
from lakehouse.time import parse_utc
from tests.worlds import HISTORY_START, World, origin_of, promote_all

SERIES = ("dk1.consumption.household.851", "dk1.price.day_ahead")
DAYS = ("2024-10-18", "2024-10-19")
_SAMPLE = PROJECT / "deployments" / "catalogues" / "sample.toml"


def new_small_world(folder: Path) -> World:
    """An empty lakehouse of two series of the sample, one of consumption and one of prices."""
    folder.mkdir(parents=True, exist_ok=True)
    told = tomllib.loads(_SAMPLE.read_text())
    told["history_start"] = parse_utc(HISTORY_START)
    told["series"] = {name: told["series"][name] for name in SERIES}
    used = told["series"].values()
    for kind, by in (("groups", "series_group"), ("locations", "location_id")):
        told[kind] = {name: told[kind][name] for name in {series[by] for series in used}}
    del told["tariffs"]
    catalogue = folder / "catalogue.toml"
    catalogue.write_text(tomli_w.dumps(told))
    return World(folder / "lakehouse", {"GRIDCAST_CATALOGUE": str(catalogue)})


@dataclass(frozen=True)
class Step:
    """A flow that lives in the world that the steps before it have left.

    before: what happens to that world first, undisturbed.
    """

    name: str
    flow: str
    parameters: dict[str, Any] = field(default_factory=dict)
    after: str | None = None
    before: Callable[[World], None] | None = None

    @property
    def command(self) -> tuple[str, str, str]:
        """The arguments of Python that live it in a process of its own."""
        return "tests.faults.two_series", self.flow, json.dumps(self.parameters)


def _at_the_origin(world: World) -> None:
    """Everything of the first day but its forecasts."""
    promote_all(world)
    world.clock().move_to(origin_of(DAYS[0]))
    world.live("ingest")
    world.live("build")


def _in_the_evening(world: World) -> None:
    """The auction has told the prices that the first day forecast."""
    world.clock().move_to(parse_utc(f"{DAYS[0]}T20:00Z"))
    world.live("ingest")
    world.live("build")


def _many_small_commits(world: World) -> None:
    """Ingests that find nothing new: each is a file and a commit of gold.runs."""
    for _ in range(10):
        world.live("ingest")


_PAST = {"first": "2024-10-08T00:00:00+00:00", "last": "2024-10-12T00:00:00+00:00"}
_REPLAYED = {"first": "2024-10-15T00:00:00+00:00", "last": "2024-10-17T00:00:00+00:00"}

#: Each flow once, and the days; every one begins where the one that it names has ended.
STEPS = {
    step.name: step
    for step in (
        Step("ingest", "ingest"),
        Step("build", "build", after="ingest"),
        Step("train", "train", after="build"),
        Step("forecast", "forecast", after="train", before=_at_the_origin),
        Step("first-day", "daily", after="train", before=promote_all),
        Step("evaluate", "evaluate", after="first-day", before=_in_the_evening),
        Step("monitor", "monitor", after="evaluate"),
        Step("maintain", "maintain", after="monitor"),
        Step("tidy", "maintain", after="ingest", before=_many_small_commits),
        Step("second-day", "daily", after="monitor"),
        Step("rebuild-silver", "rebuild", {"layer": "silver"}, after="first-day"),
        Step("rebuild-gold", "rebuild", {"layer": "gold"}, after="second-day"),
        Step("backfill", "backfill", _PAST),
        Step("replay", "backfill", _REPLAYED | {"forecast": True}, after="train"),
    )
}


def live(step: Step, world: World) -> None:
    """Run the flow of a step to its end, as an operator does after a kill: a day that was finished
    is not begun again."""
    from flows.flows import finished_days
    from flows.run import new_run

    if step.flow == "daily":
        day = origin_of(DAYS[0] if step.name == "first-day" else DAYS[1])
        with world.entered():
            if day in finished_days(new_run(None, None)):
                return
    world.live(step.flow, **_read(step.parameters))


def _read(parameters: dict[str, Any]) -> dict[str, Any]:
    moments = {
        n: datetime.fromisoformat(parameters[n]) for n in ("first", "last") if n in parameters
    }
    return parameters | moments


def main(flow: str, parameters: str) -> None:
    """One flow, in the world of the environment."""
    from flows.flows import FLOWS, HISTORY, attended

    with attended():
        (FLOWS | HISTORY)[flow](**_read(json.loads(parameters)))


if __name__ == "__main__":
    main(*sys.argv[1:])
