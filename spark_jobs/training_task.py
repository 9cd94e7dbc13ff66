"""What one Spark task does to train one series group. Runs in a Python worker.

Results go through storage: the trained model is written to the model folder, and what comes
back is one row that tells how it went.
"""

import json
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lakehouse.errors import GridcastError
from lakehouse.whole_files import whole
from models import lstm, metrics, naive
from models.lstm import LstmConfig
from models.promotion import Evidence, SeriesEvidence
from models.samples import WEATHER, Floats, Samples, from_rows
from monitoring import profiles
from spark_jobs.dense import dense_rows

MODEL_NAME = "lstm"
EXAMPLE = "example.parquet"
RESULT = {
    "series_group": "string",
    "status": "string",
    "reason": "string",
    "train_from": "date",
    "train_to": "date",
    "holdout_from": "date",
    "holdout_to": "date",
    "samples": "int",
    "evidence": "string",
    "seconds": "double",
    "profiles": "array<struct<day:date,rows:int,profile:binary>>",
}
RESULT_SCHEMA = ", ".join(f"{name} {kind}" for name, kind in RESULT.items())


@dataclass(frozen=True)
class Plan:
    """How a group is trained. `epochs` overrides the configuration's own (for quick tests)."""

    model_version: str
    folder: Path
    as_of_day: date
    train_days: int
    holdout_days: int
    seed: int
    config: LstmConfig

    def model_folder(self, series_group: str) -> Path:
        """Where the trained model of a group lies."""
        return self.folder / series_group / self.model_version


@dataclass(frozen=True)
class Split:
    """Samples in time order: what is trained on, and what is held out."""

    train: Samples
    holdout: Samples


def make_trainer(plan: Plan) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """The function that applyInPandas runs once per group: samples in, one status row out."""

    def train_group(frame: pd.DataFrame) -> pd.DataFrame:
        started = time.monotonic()
        group = str(frame["series_group"].iloc[0])
        try:
            row = _train(plan, group, frame)
        except GridcastError as fault:
            row = {"status": "skipped", "reason": str(fault)}
        except Exception as fault:  # one bad group never stops the others
            where = traceback.extract_tb(fault.__traceback__)[-1]
            sentence = (
                f"{type(fault).__name__}: {fault} ({Path(where.filename).name}:{where.lineno})"
            )
            row = {"status": "failed", "reason": sentence}
        row |= {"series_group": group, "seconds": time.monotonic() - started}
        return pd.DataFrame([{name: row.get(name) for name in RESULT}])

    return train_group


def split_in_time(samples: Samples, plan: Plan) -> Split:
    """The newest days with truth are held out; what is trained on was known before them.

    Between both lies the publication delay of the group, as it shows at `as_of`: the truth of
    those days was not known at the first held-out origin. Raises GridcastError with the counts
    where too little history remains.
    """
    assert samples.target is not None
    days = samples.target_time[:, 0].astype("datetime64[h]") + np.timedelta64(12, "h")
    days = days.astype("datetime64[D]")
    known = ~np.isnan(samples.target).all(axis=1)
    if not known.any():
        raise GridcastError("No target day has a known truth; ingest and build more history.")
    last = days[known].max()
    delay = max(int((np.datetime64(plan.as_of_day, "D") - last).astype(int)), 0)
    first_held = last - np.timedelta64(plan.holdout_days - 1, "D")
    last_trained = first_held - np.timedelta64(1 + delay, "D")
    first_trained = last_trained - np.timedelta64(plan.train_days - 1, "D")
    train = samples.select(known & (days <= last_trained) & (days >= first_trained))
    if not len(train):
        raise GridcastError(
            f"Expected target days before {last_trained} to train on; the oldest known is "
            f"{days[known].min()}. Ingest more history, or hold out fewer than "
            f"{plan.holdout_days} days."
        )
    return Split(train, samples.select(known & (days >= first_held)))


def _train(plan: Plan, group: str, frame: pd.DataFrame) -> dict[str, Any]:
    rows = dense_rows(frame)
    split = split_in_time(from_rows(rows), plan)
    folder = plan.model_folder(group)
    if (folder / EXAMPLE).exists():
        model = lstm.load(folder)
    else:
        model = lstm.train(split.train, split.holdout, plan.config, plan.seed)
        model.save(folder)
        with whole(folder / EXAMPLE) as draft:  # last: its being there says the model is
            rows.head(1).to_parquet(draft)
    trained, held = _days(split.train), _days(split.holdout)
    evidence = _evidence(plan, group, split.holdout, model.predict(split.holdout))
    return {
        "status": "ok",
        "reason": f"Trained on {len(split.train)} series-days.",
        "train_from": trained[0],
        "train_to": trained[1],
        "holdout_from": held[0],
        "holdout_to": held[1],
        "samples": len(split.train),
        "evidence": json.dumps(asdict(evidence), default=str),
        "profiles": monthly_profiles(from_rows(rows)),
    }


def _evidence(plan: Plan, group: str, holdout: Samples, predicted: Floats) -> Evidence:
    reference = naive.seasonal_naive_quantiles(holdout)
    assert holdout.target is not None
    both = metrics.known_together(holdout.target, predicted, reference)
    model = metrics.score_by_series(holdout, predicted, both)
    naively = metrics.score_by_series(holdout, reference, both)
    first, last = _days(holdout)
    return Evidence(
        series_group=group,
        model_name=MODEL_NAME,
        model_version=plan.model_version,
        n_days=(last - first).days + 1,
        held_out_from=first,
        held_out_to=last,
        series={
            name: SeriesEvidence(
                mae=scores.mae,
                pinball=scores.pinball,
                naive_mae=naively[name].mae,
                naive_pinball=naively[name].pinball,
            )
            for name, scores in model.items()
        },
    )


def evidence_from_json(text: str) -> Evidence:
    """The evidence of a status row."""
    raw = json.loads(text)
    raw["series"] = {name: SeriesEvidence(**scores) for name, scores in raw["series"].items()}
    raw["held_out_from"] = date.fromisoformat(raw["held_out_from"])
    raw["held_out_to"] = date.fromisoformat(raw["held_out_to"])
    return Evidence(**raw)


def monthly_profiles(samples: Samples) -> list[dict[str, Any]]:
    """whylogs profiles of forecast weather and truth by calendar month: drift's reference."""
    there = samples.target_mask
    frame = pd.DataFrame(samples.known_columns(*WEATHER)[there], columns=list(WEATHER))
    if samples.target is not None:
        frame["value"] = samples.target[there]
    month = pd.DatetimeIndex(samples.target_time[there]).to_period("M")
    return [
        {"day": key.start_time.date(), "rows": len(part), "profile": profiles.profile(part)}
        for key, part in frame.groupby(month)
    ]


def _days(samples: Samples) -> tuple[date, date]:
    """First and last target day; a local day is named by its noon."""
    noon = pd.DatetimeIndex(samples.target_time[:, 0]) + timedelta(hours=12)
    return noon.min().date(), noon.max().date()


def with_epochs(config: LstmConfig, epochs: int | None) -> LstmConfig:
    """The configuration, or a shorter training of one member for quick tests."""
    return config if epochs is None else replace(config, epochs=epochs, members=1)
