"""Runs a backtest's tasks piece by piece; what is done lies in files, so a restart goes on."""

import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol

import numpy as np

from lakehouse.errors import BadInput
from lakehouse.places import whole
from models import boosted_trees, linear, lstm, naive
from models.backtest.plan import (
    NAIVE,
    Piece,
    Plan,
    Task,
    forecast_days,
    is_trained_anew,
    lost_series,
    missing_parts,
    part_file,
    pieces,
    tasks,
)
from models.backtest.replay import Replay, Truth, days_until_newest
from models.boosted_trees import TreesConfig
from models.lstm import LstmConfig
from models.samples import Floats, Mask, Samples, Times
from models.trained import LIGHTGBM, LINEAR, LSTM

SHORT_WINDOWS, LONG_WINDOWS = (56, 84), (364, 1456)
LSTM_CONFIG = LstmConfig(members=1, width=64, encoder_step=1, epochs=40, dropout=0.2)
TREES = TreesConfig()
_MORE_EPOCHS, _MORE_RATE = 4, 5e-4
_MANY_SAMPLES = 1_200
_SEEDS_APART = 10_000
_LOOK_SECONDS = 0.3

Told = Callable[[int, int], None]


class Forecaster(Protocol):
    """A fitted model, or one that needs no fit."""

    def predict(self, samples: Samples) -> Floats:
        """(n, T, 7) in the unit of each series, NaN in padding."""


@dataclass
class Door:
    """What a task may learn from and must forecast, by piece."""

    plan: Plan
    task: Task
    folder: Path  # the task's own, beside its parts
    samples: Samples  # of every day that is learnt from or forecast, series innermost
    truth: Truth  # of them
    origins: Times  # of their days
    first: int  # position, in days, of the first forecast day
    n_series: int

    def training(self, piece: Piece, days: int) -> Samples:
        """The newest days whose truth is known at the piece's first origin, with what is known."""
        target = self._known(piece)
        end = days_until_newest(target, self.n_series)
        learnt = slice(max(end - days, 0) * self.n_series, end * self.n_series)
        return replace(self.samples.select(learnt), target=target[learnt])

    def asked(self, piece: Piece) -> Samples:
        """The samples of a piece's days, without their truth."""
        first, end = (self.first + place for place in (piece.first, piece.end))
        asked = self.samples.select(slice(first * self.n_series, end * self.n_series))
        return replace(asked, target=None)

    def _known(self, piece: Piece) -> Floats:
        """The truth of the days before a piece, as known at its first origin."""
        before = self.first + piece.first
        return self.truth.at(self.origins[before])[: before * self.n_series]


class Steps(Protocol):
    """How a model goes from piece to piece."""

    def at(self, door: Door, piece: Piece) -> Forecaster:
        """The model that forecasts a piece; pieces come in order, but may begin anywhere."""


def run(replay: Replay, plan: Plan, folder: Path, jobs: int, told: Told) -> None:
    """Do what is missing in `folder`, in so many processes. `told` hears of parts done, of all."""
    count = len(forecast_days(plan, replay))
    total = sum(len(pieces(plan, task, count)) for task in tasks(plan))

    def left() -> int:
        return sum(len(todo) for _, todo in missing_parts(plan, folder, count))

    todo = [task for task, _ in missing_parts(plan, folder, count)]
    told(total - left(), total)
    if not todo:
        return
    # Each process has one thread: numpy and TensorFlow read this when they are imported.
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
    with ProcessPoolExecutor(min(jobs, len(todo)), mp_context=get_context("spawn")) as pool:
        asked = [pool.submit(run_task, replay, plan, task, folder) for task in todo]
        try:
            pending = set(asked)
            while pending:
                done, pending = wait(pending, _LOOK_SECONDS, FIRST_EXCEPTION)
                for future in done:
                    future.result()
                told(total - left(), total)
        except BaseException:
            for process in list((pool._processes or {}).values()):
                process.terminate()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def run_task(replay: Replay, plan: Plan, task: Task, folder: Path) -> None:
    """Forecast every piece of a task that is not there yet."""
    names = replay.history.series_id
    lost = {} if task.model == NAIVE else lost_series(plan, replay)
    held = np.array([series_id not in lost for series_id in names])
    days = forecast_days(plan, replay)
    door = _door(replay, plan, task, folder, held)
    steps = _STEPS[task.model]()
    for piece in pieces(plan, task, len(days)):
        file = part_file(folder, task, piece)
        if file.exists():
            continue
        begun = time.perf_counter()
        model = steps.at(door, piece)
        fitted = time.perf_counter()
        forecast = model.predict(door.asked(piece))
        seconds = (fitted - begun, time.perf_counter() - fitted)
        _write(file, _with_lost(forecast, held), seconds)


def _door(replay: Replay, plan: Plan, task: Task, folder: Path, held: Mask) -> Door:
    """What a task needs of the series that can be learnt, which are `held` (s,)."""
    if not held.any():
        raise BadInput("No series has enough history before the test. Start the test later.")
    days = forecast_days(plan, replay)
    learnt = replay.truth.at(replay.origins[days.start])
    begin = max(days_until_newest(learnt, len(held)) - plan.train_days, 0)
    of_held = np.tile(held, len(replay.days))
    of_held[: begin * len(held)] = of_held[days.stop * len(held) :] = False
    return Door(
        plan=plan,
        task=task,
        folder=folder / "parts" / task.name,
        samples=replay.samples(begin, days.stop).select(np.tile(held, days.stop - begin)),
        truth=replay.truth.select(of_held),
        origins=replay.origins[begin : days.stop],
        first=days.start - begin,
        n_series=int(held.sum()),
    )


def read_part(file: Path) -> tuple[Floats, tuple[float, float]]:
    """The forecasts (n, T, 7) of a piece, and the seconds of training and scoring."""
    with np.load(file) as part:
        return part["forecast"].astype(np.float64), tuple(part["seconds"].tolist())


def _write(file: Path, forecast: Floats, seconds: tuple[float, float]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with whole(file) as draft, draft.open("wb") as out:
        np.savez(out, forecast=forecast.astype(np.float32), seconds=np.array(seconds))


def _with_lost(forecast: Floats, held: Mask) -> Floats:
    """The forecasts of all series, NaN for those that were not learnt."""
    by_day = forecast.reshape(-1, int(held.sum()), *forecast.shape[1:])
    every = np.full((len(by_day), len(held), *forecast.shape[1:]), np.nan)
    every[:, held] = by_day
    return every.reshape(-1, *forecast.shape[1:])


class _Naive:
    def at(self, door: Door, piece: Piece) -> Forecaster:
        return self

    def predict(self, samples: Samples) -> Floats:
        return naive.seasonal_naive_quantiles(samples)


class _Linear:
    """Short windows are fitted at each piece, long ones once in so many."""

    def __init__(self) -> None:
        self._long: tuple[int, linear.Linear] | None = None

    def at(self, door: Door, piece: Piece) -> Forecaster:
        length = pieces(door.plan, door.task, door.plan.recalibrate_days)[0].end
        since = piece.number % max(door.plan.recalibrate_days // length, 1)
        number = piece.number - since
        if self._long is None or self._long[0] != number:
            earlier = replace(piece, first=piece.first - since * length)
            days = door.training(earlier, max(LONG_WINDOWS))
            self._long = (number, linear.fit(days, LONG_WINDOWS))
        days = door.training(piece, max(SHORT_WINDOWS))
        return linear.fit(days, SHORT_WINDOWS, self._long[1])


class _Trees:
    def at(self, door: Door, piece: Piece) -> Forecaster:
        days = door.training(piece, door.plan.train_days)
        return boosted_trees.train(days, TREES, seed=0)


class _Lstm:
    """Trained once, then some more epochs at each piece; anew where there is much more to learn
    from, and where weather begins, for which a network that never saw any has no inputs. Its state
    lies beside its forecasts."""

    def __init__(self) -> None:
        self._model: lstm.TrainedLstm | None = None

    def at(self, door: Door, piece: Piece) -> Forecaster:
        def state(number: int) -> Path:
            return door.folder / f"state-{number}"

        if self._model is None and piece.number:
            self._model = lstm.load(state(piece.number - 1))
        days = door.training(piece, door.plan.train_days)
        is_anew = is_trained_anew(door.plan, piece, door.first)
        if self._model is None or is_anew or self._model.weather < days.has_weather:
            self._model = lstm.train(days, None, _config(door.task, days), door.task.seed)
        else:
            seed = _SEEDS_APART * door.task.seed + piece.number
            self._model = lstm.train_on(self._model, days, _MORE_EPOCHS, _MORE_RATE, seed)
        for old in (state(piece.number), state(piece.number - 2)):
            shutil.rmtree(old, ignore_errors=True)
        with whole(state(piece.number)) as draft:
            self._model.save(draft)
        return self._model


def _config(task: Task, days: Samples) -> LstmConfig:
    """Members take turns between the scales, and past errors weigh them: which one suits a series
    is not known beforehand. Few samples make few steps an epoch, unless a step reads fewer of
    them."""
    return replace(
        lstm.suited(LSTM_CONFIG, days),
        asinh=task.seed % 2 == 0,
        batch=LSTM_CONFIG.batch if len(days) >= _MANY_SAMPLES else LSTM_CONFIG.batch // 2,
    )


_STEPS: dict[str, Callable[[], Steps]] = {
    NAIVE: _Naive,
    LINEAR: _Linear,
    LIGHTGBM: _Trees,
    LSTM: _Lstm,
}
