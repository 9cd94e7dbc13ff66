"""The correction of intervals in force at an origin: gold.forecast_errors -> gold.calibration.

A model comes with a stretch that its held-out days asked for (`models.trained`); its live days, as
far as their truth is known at the origin, stretch it further.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue
from lakehouse.tables.gold import FORECAST_ERRORS
from lakehouse.time import DAY
from models import calibration
from models.samples import Floats

_READ_DAYS = 365
"""A version that lives longer is seasonal naive: of it so much counts."""
_PAIRS = ("90", "80", "50")
_MODEL = ["series_id", "model_name", "model_version"]
_BLOCK = [*_MODEL, "target_day", "horizon_band"]

Stretch = Mapping[tuple[str, str, str], Floats]
"""(3,) by series, model name and version: see `calibration.adapted`."""


def corrections(
    arrow: ArrowTables, catalogue: Catalogue, issued: Sequence[tuple[str, datetime]], run_kind: str
) -> list[dict[str, Any]]:
    """Rows of gold.calibration for (group, origin) pairs, without run_id: one for each series and
    model with live days whose truth was known at the origin."""
    rows: list[dict[str, Any]] = []
    for group, origin in issued:
        told = _live(arrow, group, origin)
        per_day = 24 * 60 // catalogue.groups[group].resolution_minutes
        days = told["n"].to_numpy() / per_day
        shares = np.stack([told[f"n_in_{pair}"] / told["n"] for pair in _PAIRS], axis=-1)
        factors = calibration.adapted(shares, days)
        about = {"series_group": group, "forecast_origin": origin, "run_kind": run_kind}
        for place, names in enumerate(told.index):
            figures = {f"in_{pair}": shares[place, i] for i, pair in enumerate(_PAIRS)}
            figures |= {f"factor_{pair}": factors[place, i] for i, pair in enumerate(_PAIRS)}
            who = dict(zip(_MODEL, names, strict=True))
            rows.append(about | who | figures | {"n_days": days[place]})
    return rows


def stretch_of(rows: Sequence[Mapping[str, Any]]) -> Stretch:
    """What those rows say, for the scorer."""
    return {
        (row["series_id"], row["model_name"], row["model_version"]): np.array(
            [row[f"factor_{pair}"] for pair in _PAIRS]
        )
        for row in rows
    }


def _live(arrow: ArrowTables, group: str, origin: datetime) -> pd.DataFrame:
    """Sums of live days known at an origin, by series and model; of a block the newest truth."""
    sums = ["n", *(f"n_in_{pair}" for pair in _PAIRS)]
    rows = arrow.read(
        FORECAST_ERRORS,
        [*_BLOCK, "truth_as_of", *sums],
        [
            ("series_group", "=", group),
            ("run_kind", "=", "live"),
            ("truth_as_of", "<=", origin),
            ("target_day", ">", origin.date() - _READ_DAYS * DAY),
        ],
    ).to_pandas()
    newest = rows.sort_values("truth_as_of").drop_duplicates(_BLOCK, keep="last")
    found: pd.DataFrame = newest.groupby(_MODEL)[sums].sum()
    return found[found["n"] > 0]
