"""Robust scaling of one series: median and MAD, optionally asinh.

Prices spike and go negative, so no logarithm and no mean; asinh is linear near the median and
logarithmic far out. Source: Uniejewski, Weron and Ziel 2018, doi:10.1109/TPWRS.2017.2734563.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from lakehouse.errors import BadInput
from models.samples import Floats, Samples

_MAD_TO_SIGMA = 0.6745
"""The MAD of a standard normal distribution."""
_SMALLEST_SHARE = 1e-9
MIN_TRAINING_DAYS = 28


@dataclass(frozen=True)
class Scaling:
    """centre and spread in the unit of the series."""

    centre: float
    spread: float
    asinh: bool

    def apply(self, values: Floats) -> Floats:
        """Unit of the series -> scaled, any shape; NaN stays NaN."""
        scaled = (values - self.centre) / self.spread
        return np.asarray(np.arcsinh(scaled) if self.asinh else scaled)

    def invert(self, scaled: Floats) -> Floats:
        """Scaled -> unit of the series, any shape; the inverse of `apply`."""
        values = np.sinh(scaled) if self.asinh else scaled
        return np.asarray(values * self.spread + self.centre)

    def to_dict(self) -> dict[str, Any]:
        """JSON-serialisable; `Scaling(**that)` is equal to this one."""
        return asdict(self)


def fit(values: Floats, *, asinh: bool) -> Scaling:
    """Median and MAD/0.6745 of the known `values` (any shape) of one series.

    More than half of the values equal: the standard deviation; all equal: 1, in the series' unit.
    Raises BadInput when no value is known.
    """
    known = values[~np.isnan(values)]
    if not len(known):
        raise BadInput(
            f"expected known values to fit a scale; all {values.size} are null. "
            "Leave the series out of this training, or extend its window."
        )
    centre = float(np.median(known))
    floor = _SMALLEST_SHARE * max(1.0, abs(centre))
    candidates = (float(np.median(np.abs(known - centre))) / _MAD_TO_SIGMA, float(known.std()))
    spread = next((s for s in candidates if s > floor), 1.0)
    return Scaling(centre, spread, asinh)


def to_dicts(scalings: Mapping[str, Scaling]) -> dict[str, dict[str, Any]]:
    """JSON-serialisable; `from_dicts` reads it."""
    return {name: one.to_dict() for name, one in scalings.items()}


def from_dicts(dicts: Mapping[str, dict[str, Any]]) -> dict[str, Scaling]:
    """The inverse of `to_dicts`."""
    return {name: Scaling(**values) for name, values in dicts.items()}


def check_history(series_id: str, target: Floats) -> None:
    """Raises BadInput when under MIN_TRAINING_DAYS days of `target` (days, T) have a known one."""
    days = int((~np.isnan(target)).any(axis=1).sum())
    if days < MIN_TRAINING_DAYS:
        raise BadInput(
            f"not enough history for {series_id}: {days} of {len(target)} training days have a "
            f"known value, {MIN_TRAINING_DAYS} are needed. "
            "Extend the training window, or leave the series out until it has more."
        )


def by_series(samples: Samples, target: Floats, *, asinh: bool) -> dict[str, Scaling]:
    """The scale of each series, of its known targets (n, T); in the order of their names.

    Raises what `check_history` does.
    """
    scalings = {}
    for series_id in sorted(set(samples.series_id)):
        known = target[samples.series_id == series_id]
        check_history(series_id, known)
        scalings[series_id] = fit(known, asinh=asinh)
    return scalings


def of_covariates(samples: Samples) -> dict[str, dict[str, Scaling]]:
    """The scale of each covariate of each series, of all that the samples know of it."""
    if samples.past_covariates is None or samples.target_covariates is None:
        return {}
    both = np.concatenate([samples.past_covariates, samples.target_covariates], axis=1)
    fitted: dict[str, dict[str, Scaling]] = {}
    for series_id in sorted(set(samples.series_id)):
        values = both[samples.series_id == series_id]
        fitted[series_id] = {
            name: fit(values[:, :, place], asinh=True)
            for place, name in enumerate(samples.covariates)
            if not np.isnan(values[:, :, place]).all()
        }
    return fitted
