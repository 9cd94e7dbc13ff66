"""What a backtest found: all forecasts of the test, calibrated and blended, and their figures."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from lakehouse.places import whole
from lakehouse.plain_values import finite
from models import blend, calibration, metrics
from models.backtest.history import History
from models.backtest.plan import (
    NAIVE,
    Plan,
    Task,
    forecast_days,
    part_file,
    pieces,
    tasks,
)
from models.backtest.replay import Replay, Truth, days_until_newest
from models.backtest.run import read_part
from models.comparison import compare
from models.quantiles import MEDIAN, QUANTILE_COLUMNS, to_rows
from models.samples import Floats, Samples
from models.trained import BLEND, LSTM
from models.windows import DAY_HOURS, mean_known

Seconds = tuple[float, float]
_DAYS_A_WEEK = 7


@dataclass(frozen=True)
class Outcome:
    """Forecasts of all forecast days (n, T, 7) by model, the test's positions among them.

    raw: before the intervals were corrected. members: of the LSTM, by seed. shares: the blend's
    weights, by the day they held from. fallback: by model, intervals that the naive answered.
    """

    samples: Samples
    n_series: int
    is_test: npt.NDArray[np.bool_]  # (n,)
    forecasts: Mapping[str, Floats]
    raw: Mapping[str, Floats]
    members: Mapping[str, Floats]
    seconds: Mapping[str, Seconds]
    shares: Mapping[str, Mapping[str, float]]
    fallback: Mapping[str, int]
    scale: Mapping[str, float]  # by series_id: the weekly naive's MAE before the test

    @cached_property
    def test(self) -> Samples:
        """The samples of the test, with their truth."""
        return self.samples.select(self.is_test)

    @cached_property
    def rows(self) -> pd.DataFrame:
        """Every forecast of the test beside its truth, in long form."""
        return self.rows_of(self.forecasts)

    def rows_of(self, forecasts: Mapping[str, Floats]) -> pd.DataFrame:
        """`rows` of other forecasts of the same days, at least one."""
        assert self.test.target is not None
        truth = self.test.target[self.test.target_mask]
        frames = []
        for name, forecast in forecasts.items():
            rows = to_rows(self.test, forecast[self.is_test])
            rows.insert(3, "model_name", name)
            rows.insert(4, "y", truth)
            frames.append(rows)
        return pd.concat(frames, ignore_index=True)


def gather(replay: Replay, plan: Plan, folder: Path) -> Outcome:
    """Read the parts of a finished backtest, and make of them what the test is judged by."""
    days = forecast_days(plan, replay)
    n_series = len(replay.history.series_id)
    scale = naive_error(replay.history, plan)
    parts: dict[str, Floats] = {}
    seconds: dict[str, Seconds] = {}
    for task in tasks(plan):
        parts[task.name], spent = _task(folder, plan, task, len(days))
        before = seconds.get(task.model, (0.0, 0.0))
        seconds[task.model] = (before[0] + spent[0], before[1] + spent[1])
    members = {name: part for name, part in parts.items() if name.startswith(f"{LSTM}-")}
    raw = {name: part for name, part in parts.items() if name not in members}
    past = _past(replay, days, n_series)
    mixer = _Mixer(past, plan, _weekly_change(replay, days.start))
    if members:
        raw[LSTM], _ = mixer.mix(members)
    reference = raw[NAIVE]
    samples = past.samples
    fallback = {name: _fell_back(samples, part) for name, part in raw.items() if name != NAIVE}
    raw = {name: np.where(np.isnan(part), reference, part) for name, part in raw.items()}
    shares: dict[str, dict[str, float]] = {}
    if BLEND in plan.models:
        raw[BLEND], shares = mixer.mix({name: raw[name] for name in plan.blended})
        seconds[BLEND] = (0.0, 0.0)
    chosen = {name: raw[name] for name in plan.models}
    first = (plan.test_start - replay.days[days.start]).days * n_series
    return Outcome(
        samples=samples,
        n_series=n_series,
        is_test=np.arange(len(samples)) >= first,
        forecasts=past.calibrated(chosen),
        raw=chosen,
        members=members,
        seconds=seconds,
        shares=shares,
        fallback=fallback,
        scale=scale,
    )


def naive_error(history: History, plan: Plan) -> dict[str, float]:
    """By series, the mean error of the value a week before, over all data before the test."""
    week = _DAYS_A_WEEK * DAY_HOURS * history.steps
    before = history.before(plan.test_start)
    errors = np.abs(before[:, week:] - before[:, :-week])
    known = ~np.isnan(errors)
    means = np.nansum(errors, axis=1) / np.maximum(known.sum(axis=1), 1)
    return {
        str(series_id): float(mean)
        for series_id, mean in zip(history.series_id, means, strict=True)
    }


def figures(rows: pd.DataFrame, scale: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Scores by model, from the rows of forecasts.parquet alone and the naive's error."""
    scores = {}
    for name, held in rows.groupby("model_name", sort=False):
        truth = held["y"].to_numpy(dtype=np.float64)
        quantiles = held[list(QUANTILE_COLUMNS)].to_numpy(dtype=np.float64)
        found = asdict(metrics.score(truth, quantiles))
        scaled = [
            np.abs(of["y"] - of["q50"]).mean() / scale[str(series_id)]
            for series_id, of in held.groupby("series_id")
            if scale[str(series_id)] > 0.0
        ]
        scores[str(name)] = {**found, "mase": float(np.mean(scaled)) if scaled else float("nan")}
    return scores


def daily_losses(outcome: Outcome, forecast: Floats) -> Floats:
    """(d,) mean absolute error of each test day, each series' by the naive's error."""
    test = outcome.test
    assert test.target is not None
    scale = np.array([outcome.scale[s] or 1.0 for s in test.series_id])
    error = np.abs(forecast[outcome.is_test][..., MEDIAN] - test.target) / scale[:, None]
    by_day = error.reshape(-1, outcome.n_series * error.shape[1])
    known = ~np.isnan(by_day)
    total = np.where(known, by_day, 0.0).sum(axis=1)
    return np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), np.nan)


def comparisons(outcome: Outcome) -> list[dict[str, Any]]:
    """Diebold-Mariano tests between all pairs of models."""
    losses = {name: daily_losses(outcome, part) for name, part in outcome.forecasts.items()}
    return [
        {"first": a, "second": b, **asdict(compare(losses[a], losses[b]))}
        for a, b in combinations(losses, 2)
    ]


def report_figures(outcome: Outcome) -> dict[str, Any]:
    """All that metrics.json says."""
    models = figures(outcome.rows, outcome.scale)
    for name, scores in models.items():
        scores["seconds_train"], scores["seconds_score"] = outcome.seconds[name]
        scores["n_fallback"] = outcome.fallback.get(name, 0)
    members = outcome.members and figures(outcome.rows_of(outcome.members), outcome.scale)
    return {
        "models": models,
        "uncorrected": figures(outcome.rows_of(outcome.raw), outcome.scale),
        "members": members,
        "comparisons": comparisons(outcome),
        "blend_weights": outcome.shares,
        "weekly_naive_mae_before_test": outcome.scale,
    }


def write(outcome: Outcome, folder: Path) -> dict[str, Any]:
    """Write forecasts.parquet and metrics.json; returns the figures."""
    found = report_figures(outcome)
    with whole(folder / "forecasts.parquet") as draft:
        outcome.rows.to_parquet(draft, index=False)
    with whole(folder / "metrics.json") as draft:
        draft.write_text(json.dumps(_told(found), indent=1) + "\n")
    return found


@dataclass(frozen=True)
class _Past:
    """The forecast days, and what was known of them at each of their origins."""

    samples: Samples
    truth: Truth
    n_series: int

    @property
    def n_days(self) -> int:
        return len(self.samples) // self.n_series

    def known(self, day: int) -> Floats:
        """The truth of the samples before a day, as known at its origin: (day * n_series, T)."""
        before = day * self.n_series
        return self.truth.at(self.samples.forecast_origin[before])[:before]

    def calibrated(self, forecasts: Mapping[str, Floats]) -> dict[str, Floats]:
        """Forecasts (n, T, 7) by model whose intervals are stretched, day by day and series by
        series, by what the newest known days missed."""
        corrected = {name: part.copy() for name, part in forecasts.items()}
        for day in range(self.n_days):
            target = self.known(day)
            end = days_until_newest(target, self.n_series)
            first = max(end - calibration.WINDOW_DAYS, 0)
            for series in range(self.n_series):
                rows = slice(first * self.n_series + series, end * self.n_series, self.n_series)
                place = day * self.n_series + series
                for name, part in forecasts.items():
                    factors = calibration.factors(part[rows], target[rows])
                    corrected[name][place] = calibration.stretched(part[place], factors)
        return corrected


@dataclass(frozen=True)
class _Mixer:
    """Averages forecasts by weights that are fitted anew for each piece, on what was known."""

    past: _Past
    plan: Plan
    unit: Floats  # (s,) in which the errors of each series count

    def mix(self, forecasts: Mapping[str, Floats]) -> tuple[Floats, dict[str, dict[str, float]]]:
        """The mixture of all days, and the weights by the day from which they held."""
        samples, each = self.past.samples, self.past.n_series
        unit = np.tile(self.unit, self.past.n_days)[:, None]
        result = np.full_like(next(iter(forecasts.values())), np.nan)
        shares = {}
        for piece in pieces(self.plan, Task(BLEND), self.past.n_days):
            rows = slice(piece.first * each, piece.end * each)
            before = slice(0, rows.start)
            past = {
                name: (part[before] / unit[before][..., None]).reshape(-1, part.shape[-1])
                for name, part in forecasts.items()
            }
            known = self.past.known(piece.first)
            share = blend.weights(past, (known / unit[before]).ravel())
            result[rows] = blend.mixed({n: part[rows] for n, part in forecasts.items()}, share)
            day = pd.Timestamp(samples.target_time[rows.start, 0]).tz_localize("UTC")
            zone = str(samples.timezone[rows.start])
            shares[str(day.tz_convert(zone).date())] = share
        return result, shares


def _weekly_change(replay: Replay, day: int) -> Floats:
    """(s,) mean change of each series within a week, of what was known at a day's origin; 1 where
    there is none."""
    n_series = len(replay.history.series_id)
    target = replay.truth.at(replay.origins[day])
    by_day = target.reshape(-1, n_series, target.shape[1])
    change = np.abs(by_day[_DAYS_A_WEEK:] - by_day[:-_DAYS_A_WEEK])
    mean = mean_known(change.swapaxes(0, 1).reshape(n_series, -1), axis=1)
    return np.where(mean > 0.0, mean, 1.0)


def _past(replay: Replay, days: range, n_series: int) -> _Past:
    """What was known of the days at some positions."""
    among = np.zeros(len(replay.days) * n_series, dtype=bool)
    among[days.start * n_series : days.stop * n_series] = True
    return _Past(replay.samples(days.start, days.stop), replay.truth.select(among), n_series)


def _task(folder: Path, plan: Plan, task: Task, count: int) -> tuple[Floats, Seconds]:
    read = [read_part(part_file(folder, task, piece)) for piece in pieces(plan, task, count)]
    spent = np.array([seconds for _, seconds in read]).sum(axis=0)
    return np.concatenate([forecast for forecast, _ in read]), (float(spent[0]), float(spent[1]))


def _fell_back(samples: Samples, forecast: Floats) -> int:
    return int((np.isnan(forecast).any(axis=-1) & samples.target_mask).sum())


def _told(value: Any) -> Any:
    """What JSON can say: see `finite`."""
    if isinstance(value, Mapping):
        return {name: _told(one) for name, one in value.items()}
    return [_told(one) for one in value] if isinstance(value, list) else finite(value)
