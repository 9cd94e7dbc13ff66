"""What a run works with: settings, catalogue, clock, the moment it knows, and the tables."""

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from flows.forward import check_clock
from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue
from lakehouse.clock import Clock, SampleClock
from lakehouse.damage import told
from lakehouse.errors import BadInput
from lakehouse.landing import LandingZone
from lakehouse.lanes import lanes
from lakehouse.places import Place
from lakehouse.settings import Settings, load_settings
from lakehouse.spark.session import spark_session
from lakehouse.spark.tables import SparkTables
from lakehouse.tables import TABLES
from lakehouse.tables.gold import RUNS
from lakehouse.time import iso

#: All that `Run.recorded` is asked for; those that contain others first, so that two runs that want
#: several never wait for each other.
STEPS = (
    *("daily", "rebuild", "backfill", "maintain", "train", "ingest", "build", "watch"),
    *("evaluate", "forecast", "alert", "news", "report"),
)
#: In the detail of a row of gold.runs: what the profile's clock said when the run started.
CLOCK = "clock"
#: What the run ids of a build's further batches end in, with a number.
BATCH = "batch"


@dataclass
class Outcome:
    """What a step did, for gold.runs, the artifact and the terminal."""

    rows_in: int = 0
    written: dict[str, int] = field(default_factory=dict)
    quarantined: int = 0
    sentences: list[str] = field(default_factory=list)
    landing_ids: list[str] = field(default_factory=list)
    detail: dict[str, str] = field(default_factory=dict)
    pages: list[Place] = field(default_factory=list)
    mlflow_runs: dict[str, str] = field(default_factory=dict)

    def add(self, other: "Outcome") -> None:
        """What another part of the same step did, too."""
        self.rows_in += other.rows_in
        self.quarantined += other.quarantined
        for name, count in other.written.items():
            self.written[name] = self.written.get(name, 0) + count
        self.sentences += [s for s in other.sentences if s not in self.sentences]
        self.landing_ids += other.landing_ids

    @classmethod
    def told(cls, rows: Iterable[Mapping[str, Any]]) -> "Outcome":
        """What rows of gold.runs tell of a step; of its sentences they keep one text each."""
        total = cls()
        for row in rows:
            said = {name: text for name, text in row["detail"] if name != CLOCK}
            total.add(
                cls(
                    rows_in=row["rows_in"],
                    written={name: int(text) for name, text in said.items() if text.isdigit()},
                    quarantined=row["quarantined"],
                    sentences=[row["reason"]] if row["reason"] else [],
                    landing_ids=row["landing_ids"],
                )
            )
            total.detail |= {name: text for name, text in said.items() if not text.isdigit()}
        return total

    @property
    def rows_out(self) -> int:
        """Rows written to tables; names without a dot are counts of another kind."""
        return sum(count for name, count in self.written.items() if "." in name)


@dataclass
class Run:
    """One run of a flow. `as_of` is fixed when it starts; its retries reuse it."""

    settings: Settings
    catalogue: Catalogue
    clock: Clock
    as_of: datetime
    run_id: str

    @property
    def run_kind(self) -> str:
        """`replay` of a past moment, else `live`."""
        return "replay" if self.as_of < self.started_at else "live"

    @cached_property
    def started_at(self) -> datetime:
        """What the profile's clock said when the run started."""
        return self.clock.now()

    @cached_property
    def arrow(self) -> ArrowTables:
        arrow = ArrowTables(self.settings.lakehouse)
        arrow.create_missing(TABLES)
        return arrow

    @cached_property
    def tables(self) -> SparkTables:
        assert self.arrow
        return SparkTables(spark_session(self.settings), self.settings.lakehouse)

    @cached_property
    def zone(self) -> LandingZone:
        return LandingZone(self.settings.lakehouse / "landing")

    def part(self, name: str, as_of: datetime | None = None) -> "Run":
        """A run within this one, with a row of its own in gold.runs; of another moment if given."""
        part = replace(self, run_id=f"{self.run_id}-{name}", as_of=as_of or self.as_of)
        part.__dict__ |= {"started_at": self.started_at, "arrow": self.arrow, "zone": self.zone}
        return part

    def move_clock(self, instant: datetime) -> None:
        """Move a sample clock forward, and the run with it; a system clock moves by itself."""
        if isinstance(self.clock, SampleClock) and instant > self.clock.now():
            self.clock.move_to(instant)
        self.as_of = self.clock.now()
        self.__dict__["started_at"] = self.as_of

    @contextmanager
    def recorded(self, step: str) -> Iterator[Outcome]:
        """Write what a step did to gold.runs, also when it fails.

        Of each step one is under way at a time in a lakehouse folder; another run's waits for it.
        Raises SetupError, and writes nothing, where the clock was put back behind earlier runs.
        """
        check_clock(self.arrow, self.clock)
        wanted = STEPS if step == "rebuild" else [step]
        with lanes(self.settings.lakehouse, wanted), self._noted(step) as outcome:
            yield outcome

    def noted(self, step: str) -> list[dict[str, Any]]:
        """The rows that a step of this run left in gold.runs, a row for each batch, in order."""
        rows = self.arrow.rows(RUNS, filters=[("step", "=", step), ("as_of", "=", self.as_of)])
        own = re.compile(rf"{self.run_id}(-{BATCH}\d+)?")
        found = [row for row in rows if own.fullmatch(row["run_id"])]
        return sorted(found, key=lambda row: row["started_at"])

    def note_failure(self, step: str, reason: str) -> None:
        """Write to gold.runs that a step ended without a word of its own."""
        self._record(step, Outcome(), datetime.now(UTC), "failed", reason)

    @contextmanager
    def _noted(self, step: str) -> Iterator[Outcome]:
        outcome, started = Outcome(), datetime.now(UTC)
        try:
            yield outcome
        except Exception as fault:
            known = told(fault)
            reason = f"{type(known or fault).__name__}: {known or fault}"
            self._record(step, outcome, started, "failed", reason)
            if known:
                raise known from fault
            raise
        said = self.without_folder(" ".join(outcome.sentences))
        self._record(step, outcome, started, "ok", said)

    def without_folder(self, said: str) -> str:
        """Who reads it may sit at another machine: files are named from the lakehouse on."""
        return said.replace(f"{self.settings.lakehouse}/", "")

    def _record(
        self, step: str, outcome: Outcome, started: datetime, status: str, reason: str
    ) -> None:
        row: dict[str, Any] = {
            "run_id": self.run_id,
            "step": step,
            "profile": self.settings.profile,
            "as_of": self.as_of,
            "run_kind": self.run_kind,
            "status": status,
            "reason": reason[:2000],
            "started_at": started,
            "seconds": (datetime.now(UTC) - started).total_seconds(),
            "rows_in": outcome.rows_in,
            "rows_out": outcome.rows_out,
            "quarantined": outcome.quarantined,
            "detail": {name: str(count) for name, count in outcome.written.items()}
            | outcome.detail
            | {CLOCK: iso(self.started_at)},
            "landing_ids": outcome.landing_ids,
        }
        self.arrow.append(RUNS, [row])


def begun_run(profile: str, as_of: datetime, run_id: str, started_at: datetime) -> Run:
    """A run that another process began, to do a step of it here."""
    settings = load_settings(profile)
    moment = as_of.astimezone(UTC)
    run = Run(settings, settings.read_catalogue(), settings.make_clock(), moment, run_id)
    run.__dict__["started_at"] = started_at.astimezone(UTC)
    return run


def new_run(profile: str | None, as_of: datetime | None) -> Run:
    """A run of a profile at a moment; None is now.

    Raises BadInput for a moment without a zone or after the profile's clock.
    """
    settings = load_settings(profile)
    clock = settings.make_clock()
    now = clock.now()
    if as_of is not None and as_of.tzinfo is None:
        raise BadInput(
            f"Expected as_of with an offset, got {as_of.isoformat()}. "
            f"Write {as_of.isoformat()}Z if it is UTC."
        )
    if as_of is not None and as_of > now:
        raise BadInput(
            f"as_of {iso(as_of)} lies after the clock of profile '{settings.profile}', "
            f"{iso(now)}. Ask for a moment up to then."
        )
    moment = as_of.astimezone(UTC) if as_of else now
    return Run(settings, settings.read_catalogue(), clock, moment, uuid.uuid4().hex[:16])
