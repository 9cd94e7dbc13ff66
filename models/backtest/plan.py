"""What a backtest does: which days, which models, in which pieces."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

import numpy as np

from lakehouse.errors import BadInput
from lakehouse.time import DAY
from models.backtest.days import Daily, days_of
from models.backtest.history import History
from models.trained import LINEAR, LSTM

NAIVE, LIGHTGBM, BLEND = "naive", "lightgbm", "blend"
MODELS = (NAIVE, LINEAR, LIGHTGBM, LSTM, BLEND)
_BLENDED = (LINEAR, LIGHTGBM, LSTM)

WARM_UP_DAYS = 91
"""Days before the test that are forecast too, so that the blend's weights and the intervals'
correction have errors to start from."""
LEAST_HISTORY = 56
_LINEAR_DAYS = 7
"""Short linear windows are worth their name only when they are fitted often."""


@dataclass(frozen=True)
class Plan:
    """A backtest of a history. The test's days are local days, both ends included."""

    test_start: date
    test_end: date
    models: tuple[str, ...] = MODELS
    daily: Daily = field(default_factory=Daily)
    recalibrate_days: int = 28
    seeds: int = 4
    train_days: int = 1456

    @property
    def lag_days(self) -> int:
        """So many days after its own origin, the truth of a whole day is known at an origin."""
        return 1 + -(-self.daily.delay // DAY)

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


def checked(plan: Plan, history: History) -> Plan:
    """The plan, if the history can serve it. Raises BadInput with what is wrong."""
    unknown = [name for name in plan.models if name not in MODELS]
    if unknown or not plan.models:
        raise BadInput(f"Expected models of {list(MODELS)}, got {unknown or 'none'}.")
    if not 1 <= plan.daily.horizon_hours <= 24 or not 0 <= plan.daily.origin_hour <= 23:
        raise BadInput(
            f"Expected a horizon of 1 to 24 hours from an origin at 0 to 23, got "
            f"{plan.daily.horizon_hours} and {plan.daily.origin_hour}."
        )
    if plan.test_end < plan.test_start:
        raise BadInput(
            f"Expected a test that ends after it starts, got {plan.test_start} to {plan.test_end}."
        )
    days = days_of(history, plan.daily)
    if not days or plan.test_start < days[0] or plan.test_end > days[-1]:
        has = f"has the whole days {days[0]} to {days[-1]}" if days else "has no whole day"
        raise BadInput(
            f"Expected a test within the file, which {has}; got {plan.test_start} to "
            f"{plan.test_end}."
        )
    before = _known_days(plan, days)
    if before < LEAST_HISTORY:
        raise BadInput(
            f"Expected at least {LEAST_HISTORY} days known before the test, which starts "
            f"{plan.test_start}; the file begins {days[0]}: {max(before, 0)}. Start the test later."
        )
    return plan


def forecast_days(plan: Plan, history: History) -> list[date]:
    """The days that are forecast: the warm-up, as long as history allows, and the test."""
    before = _known_days(plan, days_of(history, plan.daily))
    warm_up = min(WARM_UP_DAYS, max(before - LEAST_HISTORY, 0) // 2)
    first = plan.test_start - warm_up * DAY
    return [first + i * DAY for i in range((plan.test_end - first).days + 1)]


def _known_days(plan: Plan, days: Sequence[date]) -> int:
    """How many of a history's days are known whole at the test's first origin."""
    return (plan.test_start - days[0]).days - plan.lag_days + 1


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


def fingerprint(plan: Plan, history: History) -> str:
    """Equal for equal plans of equal histories: parts of one may then serve the other."""
    said = json.dumps(asdict(plan), default=str, sort_keys=True)
    about = (history.minutes, history.timezone, history.known_names, str(history.start))
    body = hashlib.sha256(f"{said}{about}{list(history.series_id)}".encode())
    for values in (history.values, history.known):
        body.update(np.ascontiguousarray(values).tobytes())
    return body.hexdigest()[:16]


def part_file(folder: Path, task: Task, piece: Piece) -> Path:
    """Where the forecasts of a piece lie."""
    return folder / "parts" / task.name / f"{piece.number:04}.npz"


def missing_parts(plan: Plan, folder: Path, count: int) -> Iterator[tuple[Task, list[Piece]]]:
    """The tasks and pieces that are still to be done."""
    for task in tasks(plan):
        todo = [p for p in pieces(plan, task, count) if not part_file(folder, task, p).exists()]
        if todo:
            yield task, todo


def lost_series(history: History, plan: Plan) -> Mapping[str, str]:
    """Series that no model can learn before the test, and why: they get the fallback."""
    held = (~np.isnan(history.before(plan.test_start))).sum(axis=1)
    few = LEAST_HISTORY * 24 * history.steps // 2
    return {
        str(series_id): f"{int(count)} known values before the test, {few} are needed"
        for series_id, count in zip(history.series_id, held, strict=True)
        if count < few
    }
