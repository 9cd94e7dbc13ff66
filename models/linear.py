"""A linear forecast of each time of the day: the Lasso over recent days and what is known ahead.

Several calibration windows are averaged, short ones for what changed lately and long ones for what
lasts. Source of the form, LEAR: Lago, Marcjasz, De Schutter and Weron 2021, Applied Energy
293:116983, section 4.1. Here the newest day's level is taken off, and the penalty is chosen by the
corrected Akaike criterion (Hurvich and Tsai 1989), which also holds where inputs outnumber days.
"""

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models import scaling
from models.local_days import at_target, by_local_day, newest, target_by_clock
from models.quantiles import QUANTILES, around, non_crossing
from models.samples import WEATHER, Floats, Samples
from models.saved import saved_file
from models.scaling import MIN_TRAINING_DAYS, Scaling
from models.windows import mean_known

RECENT_DAYS = 3
_PENALTIES = np.logspace(0.0, -3.5, 36)
"""Shares of the least penalty that leaves nothing."""
_ITERATIONS, _TOLERANCE = 500, 1e-3
_RESIDUAL_DAYS = 182
_ABOUT, _NUMBERS = "linear.json", "linear.npz"
_ARRAYS = ("mean", "spread", "weights", "intercept")
_FAR = 8.0
"""Inputs further than so many spreads from what training saw tell a line nothing sound."""


@dataclass(frozen=True)
class Window:
    """The lines of one calibration window, in scales of its own: levels move over the years.

    They are for inputs less `mean` over `spread`, and give values less the level.
    """

    days: int
    value: Scaling
    ahead: tuple[Scaling | None, ...]  # of each known input; None where none was ever known
    mean: Floats  # (p,)
    spread: Floats  # (p,)
    weights: Floats  # (p, k), k times of the day
    intercept: Floats  # (k,)

    def point(self, samples: Samples) -> Floats:
        """(n, k) in the unit of the series."""
        inputs, level = _inputs(samples, self.value, self.ahead)
        apart = np.clip((inputs - self.mean) / self.spread, -_FAR, _FAR)
        return self.value.invert(apart @ self.weights + self.intercept + level[:, None])


@dataclass(frozen=True)
class SeriesLines:
    """What was fitted of one series."""

    windows: tuple[Window, ...]
    residuals: Floats  # (k, 7) quantiles of what the fit left, in the unit of the series

    def point(self, samples: Samples) -> Floats:
        """(n, k): the windows' mean, in the unit of the series."""
        return np.asarray(np.mean([window.point(samples) for window in self.windows], axis=0))


@dataclass(frozen=True)
class Linear:
    """A fitted linear forecast, by series_id."""

    series: Mapping[str, SeriesLines]

    def predict(self, samples: Samples) -> Floats:
        """Quantiles in the unit of each series, ascending: (n, T, 7), NaN in padding.

        Raises BadInput for a series that was not fitted.
        """
        samples.check_series(self.series)
        quantiles = np.full((*samples.target_mask.shape, len(QUANTILES)), np.nan)
        for series_id, lines in self.series.items():
            rows = np.flatnonzero(samples.series_id == series_id)
            if len(rows):
                quantiles[rows] = _forecast(lines, samples.select(rows))
        return quantiles

    def save(self, folder: Path) -> None:
        """Write linear.json and linear.npz into `folder`, which is made if need be."""
        folder.mkdir(parents=True, exist_ok=True)
        about, arrays = {}, {}
        for number, (series_id, lines) in enumerate(self.series.items()):
            arrays[f"{number}.residuals"] = lines.residuals
            about[series_id] = [
                {
                    "days": window.days,
                    "value": window.value.to_dict(),
                    "ahead": [scale and scale.to_dict() for scale in window.ahead],
                }
                for window in lines.windows
            ]
            for place, window in enumerate(lines.windows):
                arrays |= {f"{number}.{place}.{part}": getattr(window, part) for part in _ARRAYS}
        (folder / _ABOUT).write_text(json.dumps(about, indent=1))
        np.savez(folder / _NUMBERS, **arrays)


def load(folder: Path) -> Linear:
    """Read what `Linear.save` wrote; predictions are equal. Raises BadInput if it is not there."""
    about = json.loads(saved_file(folder, _ABOUT).read_text())
    with np.load(saved_file(folder, _NUMBERS)) as arrays:
        return Linear(
            {
                series_id: SeriesLines(
                    tuple(
                        Window(
                            window["days"],
                            Scaling(**window["value"]),
                            tuple(scale and Scaling(**scale) for scale in window["ahead"]),
                            *(arrays[f"{number}.{place}.{part}"] for part in _ARRAYS),
                        )
                        for place, window in enumerate(windows)
                    ),
                    arrays[f"{number}.residuals"],
                )
                for number, (series_id, windows) in enumerate(about.items())
            }
        )


def fit(train: Samples, windows: Sequence[int], before: Linear | None = None) -> Linear:
    """Fit the newest days of each series, once for each window (a number of days).

    before: an older fit whose windows are kept where `windows` lacks theirs, so that long ones
    need not be fitted as often. Raises what `scaling.check_history` does.
    """
    fitted = {}
    for series_id in sorted(set(train.series_id)):
        older = before.series.get(series_id) if before else None
        fitted[series_id] = _fit_series(train.select(train.series_id == series_id), windows, older)
    return Linear(fitted)


def _fit_series(days: Samples, windows: Sequence[int], before: SeriesLines | None) -> SeriesLines:
    assert days.target is not None
    scaling.check_history(days.series_id[0], days.target)
    days = days.select(~np.isnan(days.target).all(axis=1))
    kept = {w.days: w for w in (before.windows if before else ())}
    fresh = {n: _fit_window(days.select(slice(-n, None)), n) for n in windows}
    lines = SeriesLines(tuple((kept | fresh).values()), np.empty(0))
    newest_days = days.select(slice(-_RESIDUAL_DAYS, None))
    assert newest_days.target is not None
    left = target_by_clock(newest_days, newest_days.target) - lines.point(newest_days)
    asked = ~np.isnan(left).all(axis=0)  # a short horizon leaves times of the day out
    residuals = np.zeros((left.shape[1], len(QUANTILES)))
    residuals[asked] = np.nanquantile(left[:, asked], QUANTILES, axis=0).T
    return replace(lines, residuals=residuals)


def _forecast(lines: SeriesLines, samples: Samples) -> Floats:
    point = at_target(samples, lines.point(samples))
    each = np.broadcast_to(lines.residuals.T, (len(samples), *lines.residuals.T.shape))
    return non_crossing(around(point, np.moveaxis(at_target(samples, each), 1, -1)))


def _ahead_scalings(days: Samples) -> tuple[Scaling | None, ...]:
    return tuple(
        None if np.isnan(values).all() else scaling.fit(values, asinh=True)
        for values in _ahead(days)
    )


def _ahead(samples: Samples) -> list[Floats]:
    """What is known of each target interval: covariates, then weather; each (n, T)."""
    known = [] if samples.target_covariates is None else [*np.moveaxis(
        samples.target_covariates, -1, 0)]  # fmt: skip
    return known + [samples.known_columns(name)[..., 0] for name in WEATHER]


def _inputs(
    samples: Samples, value: Scaling, ahead: Sequence[Scaling | None]
) -> tuple[Floats, Floats]:
    """(n, p) inputs and (n,) level: the mean of the newest known values of each time of the day.

    Unknown inputs are 0, the median. The past enters by the hour at any resolution.
    """
    days = _by_hour(samples, by_local_day(samples, value.apply(samples.past_value)))
    level = np.nan_to_num(mean_known(newest(days, 1)[:, 0], axis=1))
    less = days - level[:, None, None]
    lags = np.concatenate([newest(less, RECENT_DAYS), newest(less[:, 6::7], 1)], axis=1)
    parts = [lags.reshape(len(lags), -1), level[:, None]]
    for place, (values, scale) in enumerate(zip(_ahead(samples), ahead, strict=True)):
        if scale is None:
            continue
        parts.append(_by_hour(samples, target_by_clock(samples, scale.apply(values))))
        if samples.past_covariates is not None and place < len(samples.covariates):
            past = by_local_day(samples, scale.apply(samples.past_covariates[..., place]))
            parts.append(_by_hour(samples, past[:, [0, 6]]).reshape(len(lags), -1))
    weekday, holiday = np.moveaxis(samples.known_columns("weekday", "is_holiday")[:, 0], -1, 0)
    year = samples.known_columns("day_of_year")[:, 0, 0] * (2.0 * np.pi / 365.25)
    parts += [weekday[:, None] == np.arange(7), holiday[:, None]]
    parts += [np.sin(year)[:, None], np.cos(year)[:, None]]
    return np.nan_to_num(np.concatenate(parts, axis=1, dtype=np.float64)), level


def _by_hour(samples: Samples, values: Floats) -> Floats:
    """(..., 24 * steps) -> (..., 24) means of what is known."""
    return mean_known(values.reshape(*values.shape[:-1], 24, samples.steps), axis=-1)


def _fit_window(samples: Samples, days: int) -> Window:
    assert samples.target is not None
    value, ahead = scaling.fit(samples.target, asinh=True), _ahead_scalings(samples)
    inputs, level = _inputs(samples, value, ahead)
    target = target_by_clock(samples, value.apply(samples.target) - level[:, None])
    mean, spread = inputs.mean(axis=0), inputs.std(axis=0)
    spread = np.where(spread > 1e-9, spread, np.inf)  # what never changed tells nothing
    apart = (inputs - mean) / spread
    weights = np.zeros((inputs.shape[1], target.shape[1]))
    intercept = np.zeros(target.shape[1])
    gram = apart.T @ apart
    for place, wanted in enumerate(target.T):
        held = ~np.isnan(wanted)
        if held.sum() < MIN_TRAINING_DAYS:
            continue
        rows = apart[held]
        intercept[place] = wanted[held].mean()
        weights[:, place] = _lasso(
            rows, gram if held.all() else rows.T @ rows, wanted[held] - intercept[place]
        )
    return Window(days, value, ahead, mean, spread, weights, intercept)


def _lasso(rows: Floats, gram: npt.NDArray[np.float64], wanted: Floats) -> npt.NDArray[np.float64]:
    """(p,) coefficients along the path of penalties, chosen by the corrected Akaike criterion."""
    # Here, because forecasting needs neither of them, and they take most of a second.
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import lasso_path

    n = len(wanted)
    along = rows.T @ wanted
    largest = np.abs(along).max() / n
    if largest <= 0.0:
        return np.zeros(rows.shape[1])
    with warnings.catch_warnings():
        # At the weakest penalties, which are rarely chosen, near enough is good enough.
        warnings.simplefilter("ignore", ConvergenceWarning)
        _, path, _ = lasso_path(
            rows, wanted, alphas=largest * _PENALTIES, precompute=gram, Xy=along,
            check_input=False, max_iter=_ITERATIONS, tol=_TOLERANCE,
        )  # fmt: skip
    left = wanted @ wanted - 2.0 * along @ path + np.einsum("ik,ik->k", path, gram @ path)
    used = (path != 0.0).sum(axis=0)
    room = np.maximum(n - used - 1.0, 1e-9)
    score = n * np.log(np.maximum(left, 1e-9) / n) + 2.0 * used * n / room
    score[used >= n - 2] = np.inf
    return np.asarray(path[:, score.argmin()])
