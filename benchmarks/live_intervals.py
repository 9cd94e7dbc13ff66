"""How well live days correct the intervals: the steps of models.calibration.adapted, compared.

    gridcast backtest --input ../shared/data/epf/NP.csv.gz --time-column Date --target Price \
        --timezone none --test-start 2015-12-29 --test-end 2016-12-26 --models naive,linear \
        --output OUT
    python -m benchmarks.live_intervals OUT

A year that no figure of accuracy is told of. The first 56 days are the held-out ones that a model
comes with; each later day is stretched by what the days between had missed, one series by itself.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from models import calibration
from models.backtest.run import read_part
from models.metrics import score
from models.quantiles import MEDIAN, QUANTILE_COLUMNS
from models.samples import Floats

HELD_OUT, JUDGED_FROM = 56, 91
STEPS = (0.02, 0.05, 0.1, 0.2)
DELAYS = (1, 10)


def main() -> None:
    """Coverage and pinball loss of each model, corrected in several ways."""
    folder = Path(sys.argv[1])
    table = pd.read_parquet(folder / "forecasts.parquet").sort_values("valid_time")
    for name in sorted(set(table["model_name"])):
        own = table[table["model_name"] == name]
        truth = own["y"].to_numpy().reshape(-1, 24)
        rolling = own[list(QUANTILE_COLUMNS)].to_numpy().reshape(-1, 24, len(QUANTILE_COLUMNS))
        files = sorted((folder / "parts" / name).glob("*.npz"))
        plain = np.concatenate([read_part(file)[0] for file in files])[-len(truth) :, :24]
        by = calibration.factors(plain[:HELD_OUT], truth[:HELD_OUT])
        static = calibration.stretched(plain, np.broadcast_to(by, (len(plain), MEDIAN)))
        told(name, "as the model gives them", plain, truth)
        told(name, "rolling, as in backtests", rolling, truth)
        told(name, "by the held-out days alone", static, truth)
        for delay in DELAYS:
            for step in STEPS:
                what = f"and by live days, step {step}, known after {delay} d"
                told(name, what, adapted(static, truth, delay, step), truth)


def adapted(static: Floats, truth: Floats, delay: int, step: float) -> Floats:
    """(d, k, 7) as they would have been issued, one day after the other."""
    calibration.STEP = step
    issued, within = static.copy(), np.zeros((len(truth), MEDIAN))
    for day in range(HELD_OUT, len(truth)):
        known = within[HELD_OUT : max(day - delay + 1, HELD_OUT)]
        if len(known):
            by = calibration.adapted(known.mean(axis=0), np.array(float(len(known))))
            issued[day] = calibration.stretched(static[day], by)
        for pair in range(MEDIAN):
            low, high = issued[day, :, pair], issued[day, :, -1 - pair]
            within[day, pair] = np.mean((truth[day] >= low) & (truth[day] <= high))
    return issued


def told(name: str, what: str, forecast: Floats, truth: Floats) -> None:
    """One line of the table."""
    found = score(truth[JUDGED_FROM:], forecast[JUDGED_FROM:])
    figures = f"{found.coverage_80:.3f}  {found.coverage_90:.3f}  {found.pinball:.4f}"
    print(f"{name:8} {what:50} {figures}")


if __name__ == "__main__":
    main()
