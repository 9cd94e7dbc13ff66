"""The correction of intervals in force at an origin: gold.forecast_errors -> gold.calibration.

A model comes with a stretch that its held-out days asked for (`models.trained`); its live days, as
far as their truth is known at the origin, stretch it further.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue
from lakehouse.tables.gold import CALIBRATION, FORECAST_ERRORS
from lakehouse.time import DAY
from models import calibration
from models.samples import Floats
from spark_jobs.champions import Standing, naive_of

_READ_DAYS = 365
"""A version that lives longer is seasonal naive: of it so much counts."""
_PAIRS = ("90", "80", "50")
_MODEL = ["series_id", "model_name", "model_version"]
_BLOCK = [*_MODEL, "target_day", "horizon_band"]

Stretch = Mapping[tuple[str, str, str], Floats]
"""(3,) by series, model name and version: see `calibration.adapted`."""


def in_force(
    arrow: ArrowTables,
    catalogue: Catalogue,
    issued: Sequence[tuple[str, datetime]],
    standings: Mapping[str, Standing],
    run_kind: str,
    run_id: str,
) -> tuple[int, Stretch]:
    """Write the corrections of (group, origin) pairs, before any forecast is, and return how many
    rows are new, and all that hold: what an origin was given once is given to it again."""
    rows = corrections(arrow, catalogue, issued, standings, run_kind)
    written = arrow.insert_new(CALIBRATION, [row | {"run_id": run_id} for row in rows])
    origins = sorted({origin for _, origin in issued})
    wanted = [("forecast_origin", "in", origins), ("run_kind", "=", run_kind)]
    return written, stretch_of(arrow.rows(CALIBRATION, filters=wanted))


def corrections(
    arrow: ArrowTables,
    catalogue: Catalogue,
    issued: Sequence[tuple[str, datetime]],
    standings: Mapping[str, Standing],
    run_kind: str,
) -> list[dict[str, Any]]:
    """Rows of gold.calibration for (group, origin) pairs, without run_id: one for each series and
    model, by the live days whose truth was known at the origin."""
    rows: list[dict[str, Any]] = []
    for group, origin in issued:
        live = _live(arrow, group, origin)
        per_day = 24 * 60 // catalogue.groups[group].resolution_minutes
        models = {naive_of(group), *standings.get(group, Standing()).all}
        names = sorted({(model.model_name, model.model_version) for model in models})
        about = {"series_group": group, "forecast_origin": origin, "run_kind": run_kind}
        for series in catalogue.members(group):
            for name in names:
                who = dict(zip(_MODEL, (series.series_id, *name), strict=True))
                sums = live.get((series.series_id, *name))
                rows.append(about | who | _figures(sums, per_day))
    return rows


def _figures(sums: Mapping[str, float] | None, per_day: int) -> dict[str, float | None]:
    """Days, shares and factors from the sums of live days; None is none yet."""
    if not sums:
        nothing = {f"in_{pair}": None for pair in _PAIRS}
        return nothing | {"n_days": 0.0} | {f"factor_{pair}": 1.0 for pair in _PAIRS}
    days = sums["n"] / per_day
    shares = np.array([sums[f"n_in_{pair}"] / sums["n"] for pair in _PAIRS])
    factors = calibration.adapted(shares, np.array(days))
    told: dict[str, float | None] = {
        f"in_{pair}": float(share) for pair, share in zip(_PAIRS, shares, strict=True)
    }
    by = {f"factor_{pair}": float(factor) for pair, factor in zip(_PAIRS, factors, strict=True)}
    return told | {"n_days": float(days)} | by


def stretch_of(rows: Sequence[Mapping[str, Any]]) -> Stretch:
    """What those rows say, for the scorer."""
    return {
        (row["series_id"], row["model_name"], row["model_version"]): np.array(
            [row[f"factor_{pair}"] for pair in _PAIRS]
        )
        for row in rows
    }


def _live(
    arrow: ArrowTables, group: str, origin: datetime
) -> dict[tuple[str, str, str], dict[str, float]]:
    """Sums of live days known at an origin, by series and model; of a block the newest truth.

    A day that was not lived through counts as it was replayed: so a backfill gives what would have
    been given live.
    """
    sums = ["n", *(f"n_in_{pair}" for pair in _PAIRS)]
    rows = arrow.read(
        FORECAST_ERRORS,
        [*_BLOCK, "run_kind", "truth_as_of", *sums],
        [
            ("series_group", "=", group),
            ("truth_as_of", "<=", origin),
            ("target_day", ">", origin.date() - _READ_DAYS * DAY),
        ],
    ).to_pandas()
    rows = rows.assign(lived=rows["run_kind"] == "live").sort_values(["lived", "truth_as_of"])
    newest = rows.drop_duplicates(_BLOCK, keep="last")
    found = newest.groupby(_MODEL)[sums].sum()
    known = found[found["n"] > 0]
    return dict(zip(known.index, known.to_dict("records"), strict=True))
