"""Models of thousands of made-up series: of real size, though what they learnt is not.

The first group's are trained in short, and the others take them over under their own names and
scales, for the seconds of a forecast do not depend on what a weight is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.many_series import START, TRAIN_DAYS, World
from lakehouse.arrow import ArrowTables
from lakehouse.places import filled
from lakehouse.tables.gold import PROMOTIONS, TRAINING_RUNS
from models import boosted_trees, linear, lstm, scaling
from models.blend import Blend
from models.boosted_trees import TreesConfig
from models.linear import Linear
from models.lstm import LstmConfig
from models.samples import PAST_DAYS, Floats
from models.trained import BLEND, LIGHTGBM, LINEAR, LSTM, Trained
from spark_jobs.champions import Model

CHALLENGERS = (LINEAR, LIGHTGBM, BLEND)
VERSION = "1"
_WINDOWS = (28, TRAIN_DAYS)
_STEPS = 40  # of the one epoch, whatever the number of series


def train(world: World, folder: Path, arrow: ArrowTables, challengers: Sequence[str]) -> None:
    """Save an LSTM, in charge, and challengers of these kinds, of every group.

    A blend holds all of the others, in equal shares.
    """
    fitted = _learnt(world, challengers)
    decided = START + timedelta(days=PAST_DAYS + TRAIN_DAYS)
    runs, charges = [], []
    for group in sorted(world.catalogue.groups):
        mine = world.members(int(group[1:]))
        names = world.names[mine]
        models = _taken_over(fitted, names, world.values[mine])
        about = {"series_group": group, "model_version": VERSION}
        flat = dict.fromkeys(names, np.ones(3))
        for kind in (LSTM, *challengers):
            with filled(Model(group, kind, VERSION).folder(folder)) as files:
                Trained(kind, models[kind], flat).save(files)
            runs.append(
                TRAINING_RUNS.row(**about, model_name=kind, as_of=decided, status="ok", pinball=0.9)
            )
        charge = {"champion_model": LSTM, "champion_version": VERSION, "promoted": True}
        charges.append(PROMOTIONS.row(series_group=group, decided_at=decided, **charge))
    arrow.append(TRAINING_RUNS, runs)
    arrow.append(PROMOTIONS, charges)


def _learnt(world: World, challengers: Sequence[str]) -> dict[str, Any]:
    """Models of the first group, by kind; of its first series the lines."""
    samples = world.samples(0)
    config = replace(LstmConfig(), epochs=1, batch=len(samples) // _STEPS)
    fitted: dict[str, Any] = {LSTM: lstm.train(samples, None, config, seed=0)}
    if LINEAR in challengers:
        one = samples.select(samples.series_id == world.names[0])
        [fitted[LINEAR]] = linear.fit(one, _WINDOWS).series.values()
    if LIGHTGBM in challengers:
        fitted[LIGHTGBM] = boosted_trees.train(samples, TreesConfig(), seed=0)
    return fitted


def _taken_over(fitted: Mapping[str, Any], names: Sequence[str], values: Floats) -> dict[str, Any]:
    """What was learnt, for other series: under their names, and in their scales."""
    scales = {name: scaling.fit(own, asinh=True) for name, own in zip(names, values, strict=True)}
    models = {
        kind: Linear(dict.fromkeys(names, model))
        if kind == LINEAR
        else replace(model, scalings=scales)
        for kind, model in fitted.items()
    }
    return models | {BLEND: Blend(models, dict.fromkeys(models, 1.0 / len(models)))}
