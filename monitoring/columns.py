"""What a profile holds of each column: counts, moments and a sketch that gives quantiles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from lakehouse.errors import BadInput
from monitoring.profiles import EXACT_VALUES, read

Floats = npt.NDArray[np.float64]

QUANTILES = {"q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95}
_DECILES = list(np.linspace(0.1, 0.9, 9))


@dataclass(frozen=True)
class Column:
    """One column of the rows of a day, or of several days together.

    rows: all, missing values included; values: those with a value; total, squares: the sum, and
    the sum of squared distances from the mean; sketch: whylogs' KLL sketch of the values.
    """

    rows: int
    values: int
    total: float
    squares: float
    sketch: Any = field(repr=False, compare=False)

    @property
    def missing_share(self) -> float:
        """0 to 1, NaN without rows."""
        return 1 - self.values / self.rows if self.rows else float("nan")

    @property
    def constant(self) -> bool:
        """One and the same value throughout."""
        return bool(self.values and self.sketch.get_min_value() == self.sketch.get_max_value())

    @cached_property
    def deciles(self) -> Floats:
        """(9,) the 10 % to 90 % quantiles; only of a column with values."""
        return np.asarray(self.sketch.get_quantiles(_DECILES))

    @property
    def location(self) -> float:
        """Mean of the deciles: moved neither by a single broken value nor by a skewed tail."""
        return float(self.deciles.mean())

    @property
    def spread(self) -> float:
        """Mean of the deciles above the median less that of those below; 1.5 for a normal of 1."""
        return float(self.deciles[5:].mean() - self.deciles[:4].mean())

    def readable(self) -> dict[str, float | int | None]:
        """The figures a person reads; None where there is no value to give them."""
        known = self.values > 0
        figures: dict[str, float | int | None] = {
            "count": self.rows,
            "missing": self.rows - self.values,
            "mean": self.total / self.values if known else None,
            "stddev": math.sqrt(self.squares / self.values) if known else None,
            "minimum": float(self.sketch.get_min_value()) if known else None,
        }
        for name, share in QUANTILES.items():
            figures[name] = float(self.sketch.get_quantile(share)) if known else None
        return figures | {"maximum": float(self.sketch.get_max_value()) if known else None}


def columns(payload: bytes) -> dict[str, Column]:
    """The columns of a profile made by `profiles.profile` or `profiles.merge`, by name.

    Raises BadInput for bytes that are no such profile.
    """
    found = {}
    for name, view in read(payload).get_columns().items():
        counts, distribution = view.get_metric("counts"), view.get_metric("distribution")
        if counts is None or distribution is None:
            raise BadInput(
                f"Expected counts and a distribution for {name!r}, got {view.get_metric_names()}. "
                "Make the profile with monitoring.profiles.profile."
            )
        sketch = distribution.kll.value
        values = int(sketch.get_n())
        found[name] = Column(
            rows=int(counts.n.value),
            values=values,
            total=float(distribution.mean.value) * values,
            squares=float(distribution.m2.value),
            sketch=sketch,
        )
    return found


def together(parts: Sequence[Column]) -> Column:
    """One column of the rows of several; of none, an empty one. Order does not matter."""
    from whylogs_sketching import kll_doubles_sketch

    sketch = kll_doubles_sketch(EXACT_VALUES)
    for part in parts:
        sketch.merge(part.sketch)
    values, total = sum(p.values for p in parts), math.fsum(p.total for p in parts)
    mean = total / values if values else 0.0
    between = (p.values * (p.total / p.values - mean) ** 2 for p in parts if p.values)
    return Column(
        rows=sum(p.rows for p in parts),
        values=values,
        total=total,
        squares=math.fsum([*(p.squares for p in parts), *between]),
        sketch=sketch,
    )
