"""neuralforecast's LSTM: train on FOLDER/known.parquet, then forecast each day of asked.parquet.

    python neuralforecast_lstm.py FOLDER STEPS WIDTH

Both files: series_id, time, value and what is known in advance in the other columns. One thread.
Writes neural.parquet (time, seven quantiles) and neural.json (processor seconds).
"""

import json
import logging
import os
import sys
import time
import warnings
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import pandas as pd
import torch
from neuralforecast import NeuralForecast
from neuralforecast.losses.pytorch import MQLoss
from neuralforecast.models import LSTM

HORIZON, PAST = 24, 168
QUANTILES = [0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95]
COLUMNS = {"id_col": "series_id", "time_col": "time", "target_col": "value"}


def main(folder: Path, steps: int, width: int) -> None:
    """Train and forecast; the state of the network stays as it was trained."""
    torch.set_num_threads(1)
    known, asked = (pd.read_parquet(folder / f"{name}.parquet") for name in ("known", "asked"))
    ahead = [name for name in known if name not in COLUMNS.values()]
    model = LSTM(
        h=HORIZON,
        input_size=PAST,
        encoder_hidden_size=width,
        decoder_hidden_size=width,
        futr_exog_list=ahead,
        loss=MQLoss(quantiles=QUANTILES),
        max_steps=steps,
        windows_batch_size=32,
        step_size=HORIZON,
        random_seed=1,
        alias="lstm",
        accelerator="cpu",
        devices=1,
        logger=False,
        enable_progress_bar=False,
        enable_checkpointing=False,
        enable_model_summary=False,
    )
    forecaster = NeuralForecast(models=[model], freq="h")
    begun = time.process_time()
    forecaster.fit(known, **COLUMNS)
    trained = time.process_time()
    every = pd.concat([known, asked], ignore_index=True)
    days = []
    for start in range(len(known), len(every), HORIZON):
        rows = every.iloc[start : start + HORIZON].drop(columns="value")
        days.append(forecaster.predict(df=every.iloc[start - PAST : start], futr_df=rows))
    seconds = {"training": trained - begun, "forecasting": time.process_time() - trained}
    found = pd.concat(days, ignore_index=True).drop(columns="series_id")
    found.columns = ["time", *(f"q{100 * q:02.0f}" for q in QUANTILES)]
    found.to_parquet(folder / "neural.parquet")
    (folder / "neural.json").write_text(json.dumps(seconds))


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
