"""Seconds of an LSTM's epoch with and without XLA, one thread, in one run.

    .venv/bin/python -m benchmarks.xla [EPOCHS]

The networks of the backtest and of the lakehouse, on four made-up years of one series with two
known columns. XLA compiles Keras' own layer, else the fused one is taken. The first epoch, which
traces and compiles, is told by itself.
"""

import sys
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from models import lstm
from models.backtest.days import Daily, days_of, samples_at
from models.backtest.history import Columns, read
from models.backtest.run import LSTM_CONFIG
from models.lstm import LstmConfig
from models.samples import Samples

DAYS = 1456 + 42


def main() -> None:
    """Train each network both ways, in turn, and print its seconds."""
    epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    samples = _samples()
    for name, config in (("backtest", LSTM_CONFIG), ("lakehouse", LstmConfig(members=1))):
        for xla in (False, True):
            marks = [time.perf_counter()]
            lstm.train(
                samples, None, replace(lstm.suited(config, samples), epochs=epochs, xla=xla), 0,
                partial(_mark, marks),
            )  # fmt: skip
            first, *rest = np.diff(marks)
            told = f"first epoch {first:.1f} s, then {np.median(rest):.2f} s an epoch"
            print(f"{name} network, XLA {'on ' if xla else 'off'}: {told}")


def _mark(marks: list[float], epoch: int, figures: dict[str, float]) -> None:
    marks.append(time.perf_counter())


def _samples() -> Samples:
    hours = np.arange(DAYS * 24)
    random = np.random.default_rng(0)
    wind, load = (5.0 + random.normal(size=len(hours)) for _ in range(2))
    value = 10.0 * np.sin(hours * 2.0 * np.pi / 24.0) - wind + load
    times = pd.date_range("2020-01-01", periods=len(hours), freq="h").astype(str)
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "made_up.csv"
        frame = pd.DataFrame({"time": times, "value": value, "wind": wind, "load": load})
        frame.to_csv(file, index=False)
        history = read(file, Columns("time", "value", ("wind", "load")))
    return samples_at(history, days_of(history, Daily())[42:], Daily())


if __name__ == "__main__":
    main()
