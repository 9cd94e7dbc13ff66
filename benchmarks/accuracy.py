"""Accuracy of the models on public series, beside the naive and what others published.

    .venv/bin/python -m benchmarks.accuracy ../shared/data OUTPUT [TASK ...]

Tasks: nord_pool, households, households_9d; all of them where none is named. Each is one
`gridcast backtest` into a folder of OUTPUT; interrupted and started again it goes on. For Nord
Pool the published forecasts of Lago et al. 2021 are judged on the same hours.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.processes import gridcast
from models.comparison import compare
from models.samples import Floats

HOUSEHOLDS = [
    "--input", "eds/ConsumptionIndustry_851_Privat.csv.gz", "--time-column", "HourUTC",
    "--time-is", "utc", "--timezone", "Europe/Copenhagen", "--target", "ConsumptionkWh",
    "--test-start", "2023-11-01", "--test-end", "2024-10-31",
]  # fmt: skip
TASKS = {
    "nord_pool": [
        "--input", "epf/NP.csv.gz", "--time-column", "Date", "--target", "Price",
        "--known", "Grid load forecast", "--known", "Wind power forecast",
        "--test-start", "2016-12-27", "--test-end", "2018-12-24",
    ],
    "households": HOUSEHOLDS,
    "households_9d": [*HOUSEHOLDS, "--delay", "9d"],
}  # fmt: skip
PUBLISHED = ("LEAR Ensemble", "DNN Ensemble")


def main() -> None:
    """Run the tasks and print their tables."""
    data, output = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    for task in sys.argv[3:] or TASKS:
        folder = output / task
        command = [gridcast(), "backtest", *TASKS[task], "--output", str(folder)]
        command += ["--jobs", str(os.cpu_count() or 1)]
        subprocess.run(command, cwd=data, check=True)
        figures = json.loads((folder / "metrics.json").read_text())
        print(f"\n{task}")
        for name, scores in figures["models"].items():
            print(_row(name, scores))
        for name, scores in figures["members"].items():
            print(f"{name:14} MAE {scores['mae']:10.4f}")
        if task == "nord_pool":
            _beside_the_published(pd.read_parquet(folder / "forecasts.parquet"), data)


def _row(name: str, scores: dict[str, Any]) -> str:
    return (
        f"{name:14} MAE {scores['mae']:10.4f}  RMSE {scores['rmse']:10.4f}  "
        f"MASE {scores['mase']:.4f}  pinball {scores['pinball']:.4f}  "
        f"80 % {scores['coverage_80']:.4f}  90 % {scores['coverage_90']:.4f}  "
        f"train {scores['seconds_train']:.0f} s  score {scores['seconds_score']:.1f} s"
    )


def _beside_the_published(rows: pd.DataFrame, data: Path) -> None:
    """The published forecasts on the same hours, and whether ours are better than they."""
    published = pd.read_csv(data / "epf" / "NP_published_forecasts.csv.gz", index_col=0)
    truth = published["Real price"].to_numpy(dtype=np.float64)
    theirs = {name: _daily((published[name] - truth).abs()) for name in PUBLISHED}
    for name, losses in theirs.items():
        print(f"{name:14} MAE {losses.mean():10.4f}  (published)")
    for model, held in rows.groupby("model_name", sort=False):
        ordered = held.sort_values("valid_time")
        assert np.allclose(ordered["y"], truth, atol=0.01), "other hours than the published ones"
        losses = _daily((ordered["q50"] - ordered["y"]).abs())
        for name, other in theirs.items():
            found = compare(losses, other)
            print(
                f"{model} against {name}: {found.mean_difference:+.4f} EUR/MWh a day, "
                f"DM {found.statistic:.2f}, p {found.p_value:.2g}"
            )


def _daily(errors: "pd.Series[float]") -> Floats:
    return np.asarray(errors.to_numpy(dtype=np.float64).reshape(-1, 24).mean(axis=1))


if __name__ == "__main__":
    main()
