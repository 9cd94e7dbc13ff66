"""How good the models are on the sample's own series groups, over a year as if live.

    .venv/bin/python -m benchmarks.groups LAKEHOUSE OUTPUT [--seeds N] [--models M,…] [GROUP ...]

LAKEHOUSE: a folder that is made by a backfill of the whole sample where it is empty, on a clock at
which all of its energy values are known. Each group is one `gridcast backtest --group` into a
folder of OUTPUT, 364 days to the last whole one; interrupted and started again it goes on. Then a
table says of each series how each model did beside the naive known then.
"""

import argparse
import os
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.processes import gridcast
from models.comparison import compare
from models.samples import Floats

GROUPS = ("day_ahead_price", "home_tariff_dk", "consumption_household", "consumption_business")
FIRST, LAST = "2023-12-03", "2024-11-30"
CLOCK = "2024-12-11T00:00:00+01:00"  # nine days after the last consumption
NAIVE = "naive"


def main() -> None:
    """Backfill if need be, backtest the groups, and print a table of each."""
    asked = argparse.ArgumentParser()
    asked.add_argument("lakehouse", type=Path)
    asked.add_argument("output", type=Path)
    asked.add_argument("groups", nargs="*", default=GROUPS)
    asked.add_argument("--seeds", default="2")
    asked.add_argument("--models", default="naive,linear,lightgbm,lstm,blend")
    said = asked.parse_args()
    os.environ |= {"GRIDCAST_SAMPLE_START": CLOCK, "GRIDCAST_SPARK_JVM_OPTIONS": ""}
    command = [gridcast(), "--lakehouse", str(said.lakehouse)]
    if not (said.lakehouse / "silver").exists():
        subprocess.run([*command, "backfill", "--from", "2023-01-01"], check=True)
    for group in said.groups:
        folder = said.output / group
        test = ["--group", group, "--from", FIRST, "--to", LAST, "--output", str(folder)]
        how = ["--seeds", said.seeds, "--models", said.models, "--jobs", str(os.cpu_count() or 1)]
        subprocess.run([*command, "backtest", *test, *how], check=True)
        print(f"\n{group}, {FIRST} to {LAST}")
        _print_table(pd.read_parquet(folder / "forecasts.parquet"))


def _print_table(rows: pd.DataFrame) -> None:
    """Of each series: each model's error, its share of the naive's, and whether that is chance."""
    rows = rows.assign(
        error=(rows["y"] - rows["q50"]).abs(),
        inside=(rows["y"] >= rows["q10"]) & (rows["y"] <= rows["q90"]),
    )
    for series_id, of_series in rows[rows["y"].notna()].groupby("series_id"):
        reference = of_series[of_series["model_name"] == NAIVE]
        for name, mine in of_series.groupby("model_name", sort=False):
            mae, tested = mine["error"].mean(), compare(_daily(mine), _daily(reference))
            print(
                f"{series_id:30} {name:9} MAE {mae:10.4f}  of the naive's "
                f"{mae / reference['error'].mean():.3f}  80 % {mine['inside'].mean():.3f}  "
                f"DM {tested.statistic:7.2f}  p {tested.p_value:.2g}  {tested.n_days} days"
            )


def _daily(rows: pd.DataFrame) -> Floats:
    """(d,) the mean error of each day."""
    return np.asarray(rows.groupby("forecast_origin")["error"].mean(), dtype=np.float64)


if __name__ == "__main__":
    main()
