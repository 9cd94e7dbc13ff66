"""mlforecast with LightGBM: `train FOLDER`, then `predict FOLDER` in another process.

FOLDER/known.parquet: series_id, time, value and weather of the known hours; learnt.parquet: those
to learn from; ahead.parquet: the weather of the 24 hours to forecast. One model per quantile for
all series; each reads lags of a day or more only, so that no forecast feeds on another.
"""

import json
import os
import sys
import time
from itertools import pairwise
from pathlib import Path

import lightgbm as lgb
import pandas as pd
from mlforecast import MLForecast
from mlforecast.lag_transforms import RollingMean
from mlforecast.target_transforms import LocalStandardScaler

QUANTILES = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
HORIZON = 24
CORES = 2
COLUMNS = {"id_col": "series_id", "time_col": "time", "target_col": "value"}
Seconds = tuple[float, float]
"""Of the clock, and of the processors."""


def train(folder: Path) -> dict[str, Seconds]:
    """Fit on the hours to learn from and save; what the fit took."""
    learnt = pd.read_parquet(folder / "learnt.parquet")
    marks = [_mark()]
    models = {
        f"q{100 * q:02.0f}": lgb.LGBMRegressor(
            objective="quantile", alpha=q, n_jobs=CORES, verbosity=-1
        )
        for q in QUANTILES
    }
    forecaster = MLForecast(
        models=models,
        freq="h",
        lags=[24, 48, 72, 168, 336],
        lag_transforms={24: [RollingMean(24), RollingMean(168)]},
        date_features=["hour", "dayofweek"],
        target_transforms=[LocalStandardScaler()],
        num_threads=CORES,
    )
    forecaster.fit(learnt, **COLUMNS, static_features=[])
    marks.append(_mark())
    forecaster.save(folder / "mlforecast")
    return _between(marks, "training")


def predict(folder: Path) -> dict[str, Seconds]:
    """Forecast the 24 hours from the known ones; what each part took."""
    marks = [_start(), _mark()]
    forecaster = MLForecast.load(folder / "mlforecast")
    known = pd.read_parquet(folder / "known.parquet")
    ahead = pd.read_parquet(folder / "ahead.parquet")
    marks.append(_mark())
    rows = forecaster.predict(HORIZON, new_df=known, X_df=ahead)
    marks.append(_mark())
    rows.to_parquet(folder / "forecasts.parquet")
    marks.append(_mark())
    return _between(marks, "start-up", "reading", "features and scoring", "writing")


def _mark() -> Seconds:
    return time.clock_gettime(time.CLOCK_BOOTTIME), time.process_time()


def _start() -> Seconds:
    """Of this process; Linux tells it in ticks since the machine's."""
    ticks = int(Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19])
    return ticks / os.sysconf("SC_CLK_TCK"), 0.0


def _between(marks: list[Seconds], *names: str) -> dict[str, Seconds]:
    apart = [(end[0] - begun[0], end[1] - begun[1]) for begun, end in pairwise(marks)]
    return dict(zip(names, apart, strict=True))


if __name__ == "__main__":
    step, place = sys.argv[1], Path(sys.argv[2])
    told = {"train": train, "predict": predict}[step](place)
    (place / f"{step}.json").write_text(json.dumps([told]))
