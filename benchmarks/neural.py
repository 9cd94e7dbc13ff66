"""The LSTM of the backtest beside neuralforecast's, on Nord Pool prices, one thread each.

    .venv/bin/python -m benchmarks.neural DATA

Both are trained once, on the 1,456 days before the test of Lago et al. 2021, and forecast its
first 91 days without learning any more: 168 hours in, 24 out, width 64, 32 windows a step and as
many steps, pinball loss of seven quantiles. Both know the published load and wind forecasts of
the target day; neuralforecast's is also given the calendar, as ours has it, in a second run.
All else of it is as it comes. Seconds are the processor's, start-up apart: other work on the
machine does not count, though it slows the processor's caches.
"""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.peers.environment import python_of, script
from lakehouse.time import DAY
from models import lstm
from models.backtest.days import Daily, samples_at
from models.backtest.history import Columns, History, read
from models.backtest.run import LSTM_CONFIG
from models.quantiles import MEDIAN, QUANTILE_COLUMNS, pinball_loss
from models.samples import Floats

TEST_START, TEST_DAYS, TRAIN_DAYS = date(2016, 12, 27), 91, 1456
KNOWN = ("Grid load forecast", "Wind power forecast")
_DAYS = [TEST_START + i * DAY for i in range(-TRAIN_DAYS, TEST_DAYS)]


def main() -> None:
    """Train and forecast on each side in turn, and print one table."""
    file = Path(sys.argv[1]) / "epf" / "NP.csv.gz"
    history = read(file, Columns("Date", "Price", KNOWN))
    truth = _truth(history)
    for seed, scale in ((0, "asinh scale"), (1, "linear scale")):
        _print(f"ours, {scale}", truth, *_ours(history, seed))
    steps = LSTM_CONFIG.epochs * (TRAIN_DAYS // LSTM_CONFIG.batch)
    for calendar in (False, True):
        label = "neuralforecast" + (", with the calendar" if calendar else "")
        _print(label, truth, *_theirs(history, steps, calendar))


def _ours(history: History, seed: int) -> tuple[Floats, dict[str, float]]:
    """Quantiles (days, 24, 7), and processor seconds of training and of forecasting."""
    learnt = samples_at(history, _DAYS[:TRAIN_DAYS], Daily())
    asked = replace(samples_at(history, _DAYS[TRAIN_DAYS:], Daily()), target=None)
    config = replace(lstm.suited(LSTM_CONFIG, learnt), asinh=seed % 2 == 0)
    begun = time.process_time()
    model = lstm.train(learnt, None, config, seed)
    trained = time.process_time()
    found = model.predict(asked)[:, :24]
    return found, {"training": trained - begun, "forecasting": time.process_time() - trained}


def _theirs(history: History, steps: int, calendar: bool) -> tuple[Floats, dict[str, float]]:
    rows = pd.DataFrame({"series_id": "NP", "time": history.times.tz_localize(None)})
    rows["value"] = history.values[0]
    for number, name in enumerate(KNOWN):
        rows[name] = history.known[0, :, number]
    if calendar:
        for name, angle in (
            ("hour", rows["time"].dt.hour / 24),
            ("year", rows["time"].dt.dayofyear / 365.25),
        ):
            rows[f"sine of the {name}"] = np.sin(2 * np.pi * angle)
            rows[f"cosine of the {name}"] = np.cos(2 * np.pi * angle)
        for number in range(7):
            rows[f"weekday {number}"] = (rows["time"].dt.weekday == number).astype(float)
    first, test = (pd.Timestamp(_DAYS[i]) for i in (0, TRAIN_DAYS))
    end = test + pd.Timedelta(days=TEST_DAYS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows[(rows["time"] >= first) & (rows["time"] < test)].to_parquet(folder / "known.parquet")
        rows[(rows["time"] >= test) & (rows["time"] < end)].to_parquet(folder / "asked.parquet")
        program = [script("neuralforecast_lstm"), name, str(steps), str(LSTM_CONFIG.width)]
        subprocess.run([python_of("neuralforecast"), *program], check=True)
        found = pd.read_parquet(folder / "neural.parquet").sort_values("time")
        seconds = json.loads((folder / "neural.json").read_text())
    quantiles = np.sort(found[list(QUANTILE_COLUMNS)].to_numpy(dtype=np.float64), axis=-1)
    return quantiles.reshape(TEST_DAYS, 24, -1), seconds


def _truth(history: History) -> Floats:
    target = samples_at(history, _DAYS[TRAIN_DAYS:], Daily()).target
    assert target is not None
    return target[:, :24]


def _print(label: str, truth: Floats, found: Floats, seconds: dict[str, float]) -> None:
    mae = np.abs(truth - found[..., MEDIAN]).mean()
    pinball = pinball_loss(truth, found).mean()
    print(
        f"{label:40} MAE {mae:.3f}  pinball {pinball:.3f}  "
        + "  ".join(f"{what} {busy:.0f} s" for what, busy in seconds.items()),
        flush=True,
    )


if __name__ == "__main__":
    main()
