"""`gridcast demo --incident NAME`: something goes wrong in the recorded data, and what follows."""

import json
import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict
from rich.console import Console

from gridcast.front import Front
from lakehouse.arrow import ArrowTables
from lakehouse.errors import BadInput
from lakehouse.newest import forecasts_to_use
from lakehouse.settings import PROJECT
from lakehouse.tables.gold import FORECASTS, INCIDENTS, PROMOTIONS, TRAINING_RUNS
from lakehouse.tables.watched import RETRAINING
from lakehouse.time import local_day

if TYPE_CHECKING:
    from flows.run import Run

FOLDER = PROJECT / "deployments" / "incidents"
_OTHER = {"households"}
"""Files of that folder that are catalogues."""


class Incident(BaseModel):
    """What goes wrong: the emulator's faults by rule, the series it is about, and for how many days
    it is lived through. train_on: local days on which somebody starts a training."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    story: str
    catalogue: str
    faults: tuple[str, ...]
    days: int
    train_on: tuple[date, ...] = ()


def read_incident(name: str) -> Incident:
    """An incident by its name. Raises BadInput naming those that there are."""
    known = sorted({file.stem for file in FOLDER.glob("*.toml")} - _OTHER)
    if name not in known:
        raise BadInput(f"Unknown incident '{name}'. Known are {', '.join(known)}.")
    return Incident.model_validate(tomllib.loads((FOLDER / f"{name}.toml").read_text()))


def front_of(front: Front, name: str, incident: Incident) -> Front:
    """The command line with this incident in its sources, in a folder of its own unless one is
    given; the flows hear of it through variables."""
    os.environ["GRIDCAST_CATALOGUE"] = incident.catalogue
    os.environ["GRIDCAST_EMULATOR_FAULTS"] = json.dumps(incident.faults)
    given = front.lakehouse or os.environ.get("GRIDCAST_LAKEHOUSE")
    return replace(front, lakehouse=given or f"lakehouse-data-{name}")


@dataclass
class Chronicle:
    """Tells, day by day, what came of an incident, and starts the trainings that it leads to."""

    incident: Incident
    console: Console
    flows: dict[str, Any]
    told: set[tuple[datetime, str, str]] = field(default_factory=set)
    answering: tuple[str, ...] = ()

    def after_day(self, run: "Run") -> None:
        """What a day brought. `run`: as of that day's origin."""
        from spark_jobs.retraining import ASKED

        self._tell(run)
        asked = sorted(
            row["series_group"]
            for row in run.arrow.rows(RETRAINING)
            if row["verdict"] == ASKED and row["as_of"] == run.as_of
        )
        if asked:
            self._train(run, "Prefect's automation starts this run where 'gridcast up' runs", asked)
        if local_day(run.as_of, run.catalogue.schedule.zone) in self.incident.train_on:
            self._train(run, "Somebody starts a training", None)

    def _train(self, run: "Run", why: str, groups: list[str] | None) -> None:
        self.console.print(f"    [bold]training[/] {why}.", highlight=False)
        self.flows["train"](profile=run.settings.profile, groups=groups)
        for row in run.arrow.rows(TRAINING_RUNS):
            if row["as_of"] == run.as_of:
                self._say("trained", f"{row['model_name']} {row['status']}: {row['reason']}")
        for row in run.arrow.rows(PROMOTIONS):
            if row["decided_at"] == run.as_of and row["decided_by"] == "backtest":
                self._say("decision", row["reason"])
        self._tell_events(run)

    def _tell(self, run: "Run") -> None:
        self._tell_events(run)
        answering = _answering(run.arrow, run.as_of)
        if answering != self.answering:
            self._say("answers", ", ".join(answering))
            self.answering = answering

    def _tell_events(self, run: "Run") -> None:
        for event in sorted(_events(run.arrow)):
            if event not in self.told:
                self.told.add(event)
                self._say(*event[1:])

    def _say(self, kind: str, sentence: str) -> None:
        self.console.print(f"    [bold]{kind}[/] ", end="")
        self.console.print(" ".join(sentence.split()), markup=False, soft_wrap=True)


def _events(arrow: ArrowTables) -> Iterator[tuple[datetime, str, str]]:
    """When, what and a sentence, of everything that a person is told of."""
    for row in arrow.rows(INCIDENTS):
        said = row["reason"] if row["event"] != "ended" else "it is over"
        about = "" if said.startswith(f"{row['about']}:") else f"{row['about']}: "
        yield row["at"], f"mail, {row['kind']} {row['event']}", about + said
    for row in arrow.rows(RETRAINING):
        yield row["as_of"], f"retraining {row['verdict']}", row["reason"]
    for row in arrow.rows(PROMOTIONS):
        if row["decided_by"] == "live days":
            yield row["decided_at"], "decision", row["reason"]


def _answering(arrow: ArrowTables, origin: datetime) -> tuple[str, ...]:
    """Whose forecast is to be used for the day after an origin."""
    filters = [("run_kind", "=", "live"), ("forecast_origin", "=", origin)]
    used = forecasts_to_use(arrow.read(FORECASTS, filters=filters)).to_pylist()
    told = {f"{r['series_id']}: {r['model_name']} ({r['forecast_source']})" for r in used}
    return tuple(sorted(told))
