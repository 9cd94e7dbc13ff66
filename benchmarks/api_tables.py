"""A lakehouse of a thousand hourly series for the API's figures: eight origins, two models."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import deltalake
import numpy as np
import pyarrow as pa

from lakehouse.arrow import ArrowTables, schema
from lakehouse.tables import TABLES
from lakehouse.tables.gold import FORECASTS, QUANTILES
from lakehouse.tables.silver import SERIES
from lakehouse.time import DAY, HOUR, parse_utc

SERIES_IDS = [f"town.load.{i:04}" for i in range(1000)]
LAST_ORIGIN = parse_utc("2024-10-25T07:30Z")
#: The local day after the last origin.
TARGET = LAST_ORIGIN.replace(hour=22, minute=0), LAST_ORIGIN.replace(hour=22, minute=0) + DAY
_ORIGINS = 8
_MODELS = (("lstm", "champion"), ("seasonal_naive", "fallback"))


def fill(folder: Path) -> int:
    """Write the tables, each origin as a commit; returns the rows of gold.forecasts."""
    arrow = ArrowTables(folder)
    arrow.create_missing(TABLES)
    arrow.append(SERIES, [SERIES.row(series_id=name, series_group="load") for name in SERIES_IDS])
    for back in reversed(range(_ORIGINS)):
        batch = _issued(LAST_ORIGIN - back * DAY, seed=back)
        deltalake.write_deltalake(str(arrow.path(FORECASTS)), batch, mode="append")
    return arrow.count(FORECASTS)


def _issued(origin: datetime, seed: int) -> pa.Table:
    """24 hours of every series by every model, as a daily run leaves them."""
    hours = [origin.replace(hour=22, minute=0) + i * HOUR for i in range(24)]
    n = len(SERIES_IDS) * len(hours) * len(_MODELS)
    values = np.sort(np.random.default_rng(seed).normal(100, 30, (n, len(QUANTILES))), axis=1)
    typical = FORECASTS.row(
        forecast_origin=origin, series_group="load", run_kind="live", unit="kWh", model_version="1",
        produced_at=origin + timedelta(minutes=5),
    )  # fmt: skip
    columns: dict[str, Any] = {name: [value] * n for name, value in typical.items()}
    columns |= {
        "series_id": [name for name in SERIES_IDS for _ in range(len(hours) * len(_MODELS))],
        "valid_time": [time for _ in SERIES_IDS for time in hours for _ in _MODELS],
        "model_name": [name for name, _ in _MODELS] * (n // len(_MODELS)),
        "forecast_source": [source for _, source in _MODELS] * (n // len(_MODELS)),
    }
    columns |= {quantile: values[:, place] for place, quantile in enumerate(QUANTILES)}
    return pa.table({name: columns[name] for name in FORECASTS.column_names}, schema(FORECASTS))
