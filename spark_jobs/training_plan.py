"""What a training does: which candidates, in which parts, in which folders; and what it tells."""

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from lakehouse.errors import GridcastError
from lakehouse.places import Place, at_hand
from models import lstm
from models.boosted_trees import TreesConfig
from models.broken_days import Broken, without
from models.lstm import LstmConfig
from models.samples import Samples, from_rows
from models.trained import BLEND, LIGHTGBM, LINEAR, LSTM
from models.tuning import parameters, with_parameters
from spark_jobs.champions import Model
from spark_jobs.dense import dense_rows

CANDIDATES = (LINEAR, LIGHTGBM, LSTM, BLEND)
"""In the order in which they are judged: each by who is in charge then."""
EXAMPLE = "example.parquet"
"""A sample beside a model's files. It is written last: its being there says the model is whole."""
SKIPPED, FAILED, OK, UNFINISHED = "skipped", "failed", "ok", "unfinished"
_QUICK_TREES = TreesConfig(trees=20, outer_trees=10)


class OutOfTime(GridcastError):
    """The training's time is used up."""


@dataclass(frozen=True)
class Part:
    """What one Spark task fits: a model of a group, or one member of its LSTM."""

    series_group: str
    kind: str
    member: int = 0


@dataclass(frozen=True)
class Plan:
    """How groups are trained.

    blocked: days whose values are broken (`gold.quality`): nothing is learnt from them, nothing is
    judged on them, and no sample sees them. deadline: seconds of the epoch from which no part is
    begun, nor another epoch; None is no limit.
    """

    model_version: str
    folder: Place  # of all models
    as_of_day: date
    train_days: int
    holdout_days: int
    seed: int
    config: LstmConfig
    tuned: tuple[tuple[str, LstmConfig], ...] = ()  # by group, instead of `config`
    trees: TreesConfig = field(default_factory=TreesConfig)
    blocked: Broken = frozenset()
    deadline: float | None = None

    def model(self, series_group: str, kind: str) -> Model:
        """The model of a kind that it trains for a group."""
        return Model(series_group, kind, self.model_version)

    def config_of(self, series_group: str, samples: Samples | None = None) -> LstmConfig:
        """How the LSTM of a group is shaped, and trained on samples: what a search found for it
        wins over what suits them."""
        suits = lstm.suited(self.config, samples) if samples else self.config
        found = dict(self.tuned).get(series_group)
        return with_parameters(suits, parameters(found)) if found else suits

    def parts(self, series_group: str) -> list[Part]:
        """What is fitted for a group, the longest first."""
        members = [Part(series_group, LSTM, number) for number in range(self.config.members)]
        return [*members, Part(series_group, LIGHTGBM), Part(series_group, LINEAR)]

    def part_folder(self, part: Part) -> Place:
        """Where a fitted part lies until the group is judged."""
        whole = self.model(part.series_group, part.kind).folder(self.folder)
        return whole.with_name(f"{whole.name}-part-{part.member}")

    def is_whole(self, series_group: str, kind: str) -> bool:
        """Whether a model is there, and judged."""
        return bool((self.model(series_group, kind).folder(self.folder) / EXAMPLE).exists())

    @property
    def samples_folder(self) -> Place:
        """Where the samples of all groups lie while they are trained."""
        return self.folder.with_name("training") / self.model_version

    def check_time(self) -> None:
        """Raises OutOfTime from the deadline on."""
        if self.deadline is not None and time.time() >= self.deadline:
            raise OutOfTime(
                "The time for this training is used up (train_minutes). Start it again as of the "
                "same moment: it goes on from what is done."
            )


@dataclass(frozen=True)
class Split:
    """Samples in time order: what is trained on, and what is held out.

    lag_days: the truth of a day is known at the origin of the day so many days later. example: the
    first sample's row.
    """

    train: Samples
    holdout: Samples
    lag_days: int
    example: pd.DataFrame


def attempt(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """A status row, whatever comes: one bad model or group never stops the others."""
    started = time.monotonic()
    try:
        row = work()
    except OutOfTime as fault:
        row = {"status": UNFINISHED, "reason": str(fault)}
    except GridcastError as fault:
        row = {"status": SKIPPED, "reason": str(fault)}
    except Exception as fault:
        where = traceback.extract_tb(fault.__traceback__)[-1]
        sentence = f"{type(fault).__name__}: {fault} ({Path(where.filename).name}:{where.lineno})"
        row = {"status": FAILED, "reason": sentence}
    return row | {"seconds": time.monotonic() - started}


@lru_cache(maxsize=1)  # a Python worker fits several parts of a group, one after the other
def split_of(plan: Plan, series_group: str) -> Split:
    """The samples of a group, from where Spark wrote them. Raises GridcastError with the counts
    where too little history remains."""
    with at_hand(plan.samples_folder / f"series_group={series_group}") as folder:
        rows = dense_rows(pd.read_parquet(folder))
    return split_in_time(without(from_rows(rows), plan.blocked), plan, rows.head(1))


def split_in_time(samples: Samples, plan: Plan, example: pd.DataFrame) -> Split:
    """The newest days with truth are held out; what is trained on was known before them.

    Between both lies the publication delay of the group, as it shows at `as_of`: the truth of
    those days was not known at the first held-out origin. Raises GridcastError with the counts
    where too little history remains.
    """
    assert samples.target is not None
    days = target_days(samples)
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
    holdout = samples.select(known & (days >= first_held))
    return Split(train, holdout, 1 + delay, example)


def target_days(samples: Samples) -> npt.NDArray[np.datetime64]:
    """(n,) local target days; a local day is named by its noon."""
    noon = samples.target_time[:, 0].astype("datetime64[h]") + np.timedelta64(12, "h")
    return noon.astype("datetime64[D]")


def quicker(plan: Plan, epochs: int | None) -> Plan:
    """The plan, or a shorter training of one member and few trees for quick tests."""
    if epochs is None:
        return plan

    def quick(config: LstmConfig) -> LstmConfig:
        return replace(config, epochs=epochs, members=1)

    tuned = tuple((name, quick(config)) for name, config in plan.tuned)
    return replace(plan, config=quick(plan.config), tuned=tuned, trees=_QUICK_TREES)
