"""A weighted average of forecasts, quantile by quantile; weights from past errors alone."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from models.quantiles import non_crossing, pinball_loss
from models.samples import Floats, Samples
from models.saved import saved_file

MIN_INTERVALS = 14 * 24
_WEEK_DAYS = 7
_POWER = 6
_SHARES = "blend.json"


class Part(Protocol):
    """A fitted model."""

    def predict(self, samples: Samples) -> Floats:
        """Quantiles in the unit of each series, ascending: (n, T, 7), NaN in padding."""

    def save(self, folder: Path) -> None:
        """Write all of it into `folder`, which is made if need be."""


@dataclass(frozen=True)
class Blend:
    """Fitted models by kind, and the share of each."""

    parts: Mapping[str, Part]
    shares: Mapping[str, float]

    def predict(self, samples: Samples) -> Floats:
        """Quantiles in the unit of each series, ascending: (n, T, 7), NaN in padding."""
        return mixed(
            {name: part.predict(samples) for name, part in self.parts.items()}, self.shares
        )

    def save(self, folder: Path) -> None:
        """Write blend.json, and each model into a folder of its own, into `folder`."""
        for name, part in self.parts.items():
            part.save(folder / name)
        (folder / _SHARES).write_text(json.dumps(dict(self.shares), indent=1))


def load(folder: Path, load_part: Callable[[str, Path], Part]) -> Blend:
    """Read what `Blend.save` wrote. load_part: makes a model of its kind and folder. Raises
    BadInput if it is not there."""
    shares = read_shares(folder)
    return Blend({name: load_part(name, folder / name) for name in shares}, shares)


def read_shares(folder: Path) -> dict[str, float]:
    """The shares of a saved blend, by kind of model. Raises BadInput if it is not there."""
    shares: dict[str, float] = json.loads(saved_file(folder, _SHARES).read_text())
    return shares


def mixed_as_known(
    forecasts: Mapping[str, Floats], truth: Floats, day: npt.NDArray[np.int64], lag_days: int
) -> Floats:
    """The blend as it would have been: each week of days by weights from the days known at its
    first origin.

    forecasts: by model (n, k, 7), and truth: (n, k), in one scale; day: (n,) number of each row's
    day. lag_days: the truth of a day is known at the origin of the day so many days later.
    """
    result = np.full_like(next(iter(forecasts.values())), np.nan)
    for first in range(int(day.min()), int(day.max()) + 1, _WEEK_DAYS):
        rows = (day >= first) & (day < first + _WEEK_DAYS)
        known = day <= first - lag_days
        past = {name: part[known].reshape(-1, part.shape[-1]) for name, part in forecasts.items()}
        share = weights(past, truth[known].ravel())
        result[rows] = mixed({name: part[rows] for name, part in forecasts.items()}, share)
    return result


def weights(forecasts: Mapping[str, Floats], truth: Floats) -> dict[str, float]:
    """Weights of sum 1, each as the inverse sixth power of a forecast's pinball loss on the past.

    forecasts: by model (n, 7), and truth: (n,), in one scale; NaN is not known. Equal weights
    where fewer than MIN_INTERVALS intervals are known of all. Source: Bates and Granger 1969,
    Operational Research Quarterly 20(4), whose weights, inverse mean squares of error, are best
    where errors have nothing to do with each other. Models that read the same data err alike, and
    then the better one deserves more. Weights that minimise the past loss of the mixture do worse:
    few errors tell little of how those of two models go together.
    """
    names = list(forecasts)
    stacked = np.stack([forecasts[name] for name in names])
    held = ~np.isnan(truth) & ~np.isnan(stacked).any(axis=(0, 2))
    worth = np.ones(len(names))
    if held.sum() >= MIN_INTERVALS:
        losses = np.array([pinball_loss(truth[held], part[held]).mean() for part in stacked])
        best = losses.min()
        worth = (best / losses) ** _POWER if best > 0.0 else (losses == 0.0).astype(np.float64)
    return dict(zip(names, (worth / worth.sum()).tolist(), strict=True))


def mixed(forecasts: Mapping[str, Floats], shares: Mapping[str, float]) -> Floats:
    """The weighted average of forecasts (..., 7), over those that have an answer; NaN where none.

    The weights of those that have none go to the others.
    """
    stacked = np.stack([forecasts[name] for name in shares])
    share = np.array(list(shares.values())).reshape(-1, *(1,) * (stacked.ndim - 1))
    held = ~np.isnan(stacked)
    total = (share * held).sum(axis=0)
    average = (share * np.nan_to_num(stacked)).sum(axis=0) / np.where(total > 0.0, total, np.nan)
    return non_crossing(average)
