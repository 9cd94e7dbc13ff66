"""What a backtest does: which days, which models, in which pieces."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import numpy as np

from lakehouse.errors import BadInput
from models.backtest.replay import Replay, days_until_newest, known_days
from models.scaling import MIN_TRAINING_DAYS
from models.trained import BLEND, LIGHTGBM, LINEAR, LSTM
from models.windows import TWO_YEARS

NAIVE = "naive"
MODELS = (NAIVE, LINEAR, LIGHTGBM, LSTM, BLEND)
_BLENDED = (LINEAR, LIGHTGBM, LSTM)

WARM_UP_DAYS = 91
"""Days before the test that are forecast too, so that the blend's weights and the intervals'
correction have errors to start from."""
LEAST_HISTORY = 56
_LINEAR_DAYS = 7
"""Short linear windows are worth their name only when they are fitted often."""
_GROWTH = 1.5


@dataclass(frozen=True)
class Plan:
    """A backtest of a replay. The test's days are local days, both ends included."""

    test_start: date
    test_end: date
    models: tuple[str, ...] = MODELS
    recalibrate_days: int = 28
    seeds: int = 6
    train_days: int = 1456

    @property
    def blended(self) -> tuple[str, ...]:
        """What the blend is made of."""
        chosen = tuple(name for name in _BLENDED if name in self.models)
        return chosen or (NAIVE,)


@dataclass(frozen=True)
class Task:
    """One model, or one member of an ensemble, through all days, from piece to piece."""

    model: str
    seed: int = 0

    @property
    def name(self) -> str:
        """Names its folder."""
        return f"{self.model}-{self.seed}" if self.model == LSTM else self.model


@dataclass(frozen=True)
class Piece:
    """Days that are forecast by one calibration: positions in the forecast days."""

    number: int
    first: int
    end: int


def checked(plan: Plan, replay: Replay) -> Plan:
    """The plan, if the replay can serve it. Raises BadInput with what is wrong."""
    unknown = [name for name in plan.models if name not in MODELS]
    if unknown or not plan.models:
        raise BadInput(f"Expected models of {list(MODELS)}, got {unknown or 'none'}.")
    if plan.test_end < plan.test_start:
        raise BadInput(
            f"Expected a test that ends after it starts, got {plan.test_start} to {plan.test_end}."
        )
    days = replay.days
    if not days or plan.test_start < days[0] or plan.test_end > days[-1]:
        has = f"has the whole days {days[0]} to {days[-1]}" if days else "has no whole day"
        raise BadInput(
            f"Expected a test within {replay.name}, which {has}; got {plan.test_start} to "
            f"{plan.test_end}."
        )
    before = _known_before(plan, replay)
    if before < LEAST_HISTORY:
        raise BadInput(
            f"Expected at least {LEAST_HISTORY} days known before the test, which starts "
            f"{plan.test_start}; {replay.name} begins {days[0]}: {before}. Start the test later."
        )
    return plan


def forecast_days(plan: Plan, replay: Replay) -> range:
    """Positions of the days that are forecast: the warm-up, as long as history allows, and the
    test."""
    warm_up = min(WARM_UP_DAYS, max(_known_before(plan, replay) - LEAST_HISTORY, 0) // 2)
    first = (plan.test_start - replay.days[0]).days
    return range(first - warm_up, (plan.test_end - replay.days[0]).days + 1)


def _known_before(plan: Plan, replay: Replay) -> int:
    """How many days there are from the first to the newest that is known at the test's first
    origin."""
    n_series = len(replay.history.series_id)
    origin = replay.origins[(plan.test_start - replay.days[0]).days]
    target = replay.truth.at(origin)
    known = known_days(target, n_series)
    return days_until_newest(target, n_series) - int(known.argmax()) if known.any() else 0


def tasks(plan: Plan) -> list[Task]:
    """What is run, the longest first; naive always: it is the reference and the fallback."""
    members = [Task(LSTM, seed) for seed in range(plan.seeds)] if LSTM in plan.models else []
    rest = [Task(name) for name in (LINEAR, LIGHTGBM) if name in plan.models]
    return [*members, *rest, Task(NAIVE)]


def pieces(plan: Plan, task: Task, count: int) -> list[Piece]:
    """The pieces of so many forecast days."""
    length = {NAIVE: count, LINEAR: min(_LINEAR_DAYS, plan.recalibrate_days)}.get(
        task.model, plan.recalibrate_days
    )
    starts = range(0, count, length)
    return [Piece(i, first, min(first + length, count)) for i, first in enumerate(starts)]


def is_trained_anew(plan: Plan, piece: Piece, days_before: int) -> bool:
    """Whether a network is trained anew for a piece, with so many days before the first piece.

    It is where its days have grown by half since it last was, as long as they were fewer than two
    years then: a few more epochs do not make up for seasons that it had not seen.
    """
    now = days_before + piece.first
    trained = days_before
    for days in range(days_before, now + 1, plan.recalibrate_days):
        if trained < TWO_YEARS and days >= _GROWTH * trained:
            trained = days
    return trained == now


def fingerprint(plan: Plan, replay: Replay) -> str:
    """Equal for equal plans of equal replays: parts of one may then serve the other."""
    said = json.dumps(asdict(plan), default=str, sort_keys=True)
    return hashlib.sha256(f"{said}{replay.mark}".encode()).hexdigest()[:16]


def part_file(folder: Path, task: Task, piece: Piece) -> Path:
    """Where the forecasts of a piece lie."""
    return folder / "parts" / task.name / f"{piece.number:04}.npz"


def missing_parts(plan: Plan, folder: Path, count: int) -> Iterator[tuple[Task, list[Piece]]]:
    """The tasks and pieces that are still to be done."""
    for task in tasks(plan):
        todo = [p for p in pieces(plan, task, count) if not part_file(folder, task, p).exists()]
        if todo:
            yield task, todo


def lost_series(plan: Plan, replay: Replay) -> Mapping[str, str]:
    """Series that no model can learn from the first forecast day on, and why: they get the
    fallback."""
    first = forecast_days(plan, replay).start
    names = replay.history.series_id
    target = replay.truth.at(replay.origins[first])[: first * len(names)]
    known = ~np.isnan(target).all(axis=1).reshape(first, len(names))
    return {
        str(series_id): (
            f"{int(count)} of its days are known when {replay.days[first]} is forecast, "
            f"{MIN_TRAINING_DAYS} are needed"
        )
        for series_id, count in zip(names, known[-plan.train_days :].sum(axis=0), strict=True)
        if count < MIN_TRAINING_DAYS
    }
