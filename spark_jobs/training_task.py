"""What one Spark task does to train one series group. Runs in a Python worker.

Results go through storage: the trained model is written to the model folder, and what comes
back is one row that tells how it went.
"""

import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from lakehouse.errors import GridcastError
from lakehouse.whole_files import whole
from models import calibration, linear, lstm, metrics, naive
from models.linear import Linear
from models.lstm import LstmConfig, TrainedLstm
from models.samples import WEATHER, Floats, Mask, Samples, from_rows
from models.trained import LINEAR, LSTM, Trained, load
from monitoring import profiles
from spark_jobs.champions import FALLBACK, FALLBACK_VERSION, Model
from spark_jobs.dense import dense_rows

CANDIDATES = (LINEAR, LSTM)
"""In the order in which they are judged: each by who is in charge then."""
LINEAR_WINDOWS = (84, 364)
EXAMPLE = "example.parquet"
RESULT = {
    "series_group": "string",
    "model_name": "string",
    "status": "string",
    "reason": "string",
    "train_from": "date",
    "train_to": "date",
    "holdout_from": "date",
    "holdout_to": "date",
    "samples": "int",
    "backtests": (
        "array<struct<series_id:string,model_name:string,model_version:string,target_day:date,"
        "n:int,sum_abs:double,sum_pinball:double,n_in_80:int,n_in_90:int>>"
    ),
    "seconds": "double",
    "profiles": "array<struct<day:date,rows:int,profile:binary>>",
}
RESULT_SCHEMA = ", ".join(f"{name} {kind}" for name, kind in RESULT.items())


@dataclass(frozen=True)
class Plan:
    """How a group is trained. `epochs` overrides the configuration's own (for quick tests)."""

    model_version: str
    folder: Path
    as_of_day: date
    train_days: int
    holdout_days: int
    seed: int
    config: LstmConfig
    tuned: Mapping[str, LstmConfig] = field(default_factory=dict)  # by group, instead of `config`

    def model(self, series_group: str, kind: str) -> Model:
        """The model of a kind that it trains for a group."""
        return Model(series_group, kind, self.model_version)


@dataclass(frozen=True)
class Split:
    """Samples in time order: what is trained on, and what is held out. lag_days: the truth of a
    day is known at the origin of the day so many days later."""

    train: Samples
    holdout: Samples
    lag_days: int


def make_trainer(
    plan: Plan, champions: Mapping[str, Model]
) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """The function that applyInPandas runs once per group: samples in, one status row out for each
    candidate. `champions`: who is in charge, to be judged beside them on the held-out days.

    The first row also carries what is about the group: daily losses of all, and profiles.
    """

    def train_group(frame: pd.DataFrame) -> pd.DataFrame:
        group = str(frame["series_group"].iloc[0])
        work = _Group(plan, group, frame)
        rows = [
            _attempt(partial(work.train, kind)) | {"series_group": group, "model_name": kind}
            for kind in CANDIDATES
        ]
        judged = _attempt(partial(work.judge, champions.get(group))) if work.held_out else {}
        judged.pop("seconds", None)
        if "status" in judged:  # nothing can be decided: all of them failed
            rows = [row | judged for row in rows]
        else:
            rows[0] |= judged
        return pd.DataFrame([{name: row.get(name) for name in RESULT} for row in rows])

    return train_group


def _attempt(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """A status row, whatever comes: one bad model or group never stops the others."""
    started = time.monotonic()
    try:
        row = work()
    except GridcastError as fault:
        row = {"status": "skipped", "reason": str(fault)}
    except Exception as fault:
        where = traceback.extract_tb(fault.__traceback__)[-1]
        sentence = f"{type(fault).__name__}: {fault} ({Path(where.filename).name}:{where.lineno})"
        row = {"status": "failed", "reason": sentence}
    return row | {"seconds": time.monotonic() - started}


def split_in_time(samples: Samples, plan: Plan) -> Split:
    """The newest days with truth are held out; what is trained on was known before them.

    Between both lies the publication delay of the group, as it shows at `as_of`: the truth of
    those days was not known at the first held-out origin. Raises GridcastError with the counts
    where too little history remains.
    """
    assert samples.target is not None
    days = _target_days(samples)
    known = ~np.isnan(samples.target).all(axis=1)
    if not known.any():
        raise GridcastError("No target day has a known truth; ingest and build more history.")
    last = days[known].max()
    delay = max(int((np.datetime64(plan.as_of_day, "D") - last).astype(int)), 0)
    first_held = last - np.timedelta64(plan.holdout_days - 1, "D")
    last_trained = first_held - np.timedelta64(1 + delay, "D")
    first_trained = last_trained - np.timedelta64(plan.train_days - 1, "D")
    train = samples.select(known & (days <= last_trained) & (days >= first_trained))
    if not len(train):
        raise GridcastError(
            f"Expected target days before {last_trained} to train on; the oldest known is "
            f"{days[known].min()}. Ingest more history, or hold out fewer than "
            f"{plan.holdout_days} days."
        )
    return Split(train, samples.select(known & (days >= first_held)), 1 + delay)


class _Group:
    """The work on one group. held_out: the candidates' forecasts of the held-out days (n, T, 7),
    corrected as they would have been day by day."""

    def __init__(self, plan: Plan, group: str, frame: pd.DataFrame) -> None:
        self._plan, self._group, self._frame = plan, group, frame
        self.held_out: dict[Model, Floats] = {}

    @cached_property
    def _rows(self) -> pd.DataFrame:
        return dense_rows(self._frame)

    @cached_property
    def _samples(self) -> Samples:
        return from_rows(self._rows)

    @cached_property
    def _split(self) -> Split:
        return split_in_time(self._samples, self._plan)

    def train(self, kind: str) -> dict[str, Any]:
        """Train a candidate, or load what an earlier attempt trained; returns its status row."""
        split, model = self._split, self._plan.model(self._group, kind)
        folder = model.folder(self._plan.folder)
        if (folder / EXAMPLE).exists():
            fitted = load(folder).model
            forecast = fitted.predict(split.holdout)
        else:
            fitted = _fit(kind, split, self._plan, self._group)
            forecast = fitted.predict(split.holdout)
            Trained(fitted, _by_series(split.holdout, forecast, calibration.factors)).save(folder)
            with whole(folder / EXAMPLE) as draft:  # last: its being there says the model is
                self._rows.head(1).to_parquet(draft)

        def as_it_was(days: Floats, truth: Floats) -> Floats:
            return calibration.calibrated(days, truth, split.lag_days)

        corrected = _by_series(split.holdout, forecast, as_it_was)
        self.held_out[model] = np.concatenate([corrected[name] for name in corrected])
        trained, held = _span(split.train), _span(split.holdout)
        return {
            "status": "ok",
            "reason": f"Trained on {len(split.train)} series-days.",
            "train_from": trained[0],
            "train_to": trained[1],
            "holdout_from": held[0],
            "holdout_to": held[1],
            "samples": len(split.train),
        }

    def judge(self, champion: Model | None) -> dict[str, Any]:
        """Daily losses on the held-out days of the candidates, of who is in charge, and of naive,
        on the same intervals; and what the days looked like."""
        holdout = self._split.holdout
        assert holdout.target is not None
        forecasts = {
            Model(self._group, FALLBACK, FALLBACK_VERSION): naive.seasonal_naive_quantiles(holdout)
        } | self.held_out
        if champion and not any(champion.is_same(model) for model in forecasts):
            with suppress(Exception):  # one that cannot answer is told of when it is asked to
                forecasts[champion] = load(champion.folder(self._plan.folder)).predict(holdout)
        both = metrics.known_together(holdout.target, *forecasts.values())
        return {
            "backtests": [
                row
                for model, forecast in forecasts.items()
                for row in _daily_losses(model, holdout, forecast, both)
            ],
            "profiles": monthly_profiles(self._samples),
        }


def _fit(kind: str, split: Split, plan: Plan, group: str) -> TrainedLstm | Linear:
    if kind == LSTM:
        config = plan.tuned.get(group, plan.config)
        return lstm.train(split.train, split.holdout, config, plan.seed)
    days = len(np.unique(split.train.forecast_origin))
    return linear.fit(split.train, sorted({min(window, days) for window in LINEAR_WINDOWS}))


def _by_series(
    samples: Samples, forecast: Floats, make: Callable[[Floats, Floats], Floats]
) -> dict[str, Floats]:
    """What a function makes of each series' forecast and truth; samples lie by series, in time."""
    assert samples.target is not None
    return {
        series_id: make(forecast[rows], samples.target[rows])
        for series_id in dict.fromkeys(samples.series_id)
        for rows in [samples.series_id == series_id]
    }


def _daily_losses(
    model: Model, samples: Samples, forecast: Floats, where: Mask
) -> list[dict[str, Any]]:
    """Rows of gold.backtests, one per series and day that has any interval of `where`."""
    assert samples.target is not None
    losses = metrics.losses(samples.target, forecast)
    sums = {
        name: np.where(where, values, 0).sum(axis=1)
        for name, values in {"n": where.astype(np.int64), **losses}.items()
    }
    days = _target_days(samples)
    return [
        {
            "series_id": samples.series_id[i],
            "model_name": model.model_name,
            "model_version": model.model_version,
            "target_day": days[i].item(),
            **{name: values[i].item() for name, values in sums.items()},
        }
        for i in np.flatnonzero(sums["n"])
    ]


def monthly_profiles(samples: Samples) -> list[dict[str, Any]]:
    """whylogs profiles of forecast weather and truth by calendar month: drift's reference."""
    there = samples.target_mask
    frame = pd.DataFrame(samples.known_columns(*WEATHER)[there], columns=list(WEATHER))
    if samples.target is not None:
        frame["value"] = samples.target[there]
    month = pd.DatetimeIndex(samples.target_time[there]).to_period("M")
    return [
        {"day": key.start_time.date(), "rows": len(part), "profile": profiles.profile(part)}
        for key, part in frame.groupby(month)
    ]


def _target_days(samples: Samples) -> npt.NDArray[np.datetime64]:
    """(n,) local target days; a local day is named by its noon."""
    noon = samples.target_time[:, 0].astype("datetime64[h]") + np.timedelta64(12, "h")
    return noon.astype("datetime64[D]")


def _span(samples: Samples) -> tuple[date, date]:
    """First and last target day."""
    days = _target_days(samples)
    return days.min().item(), days.max().item()


def with_epochs(config: LstmConfig, epochs: int | None) -> LstmConfig:
    """The configuration, or a shorter training of one member for quick tests."""
    return config if epochs is None else replace(config, epochs=epochs, members=1)
