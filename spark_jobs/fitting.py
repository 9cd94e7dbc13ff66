"""What one Spark task fits: a model of a series group, or one member of its LSTM.

Runs in a Python worker. The fitted part is written to the folder of models; what comes back is one
row that tells how it went. A part that is there is not fitted again.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from lakehouse.places import remove, whole
from models import boosted_trees, linear, lstm
from models.trained import LIGHTGBM, LSTM, Fitted
from spark_jobs.training_plan import OK, Part, Plan, Split, attempt, split_of

FITTED = {
    "series_group": "string",
    "kind": "string",
    "status": "string",
    "reason": "string",
    "seconds": "double",
}
FITTED_SCHEMA = ", ".join(f"{name} {kind}" for name, kind in FITTED.items())
#: Written last: a part without it is fitted again.
_DONE = "done"
LINEAR_WINDOWS = (84, 364)


def make_fitter(
    plan: Plan, parts: Sequence[Part]
) -> Callable[[Iterator[pd.DataFrame]], Iterator[pd.DataFrame]]:
    """The function that mapInPandas runs in each task: places (`id`) in `parts` in, a status row
    for each out."""

    def fit(places: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for frame in places:
            rows = [fit_part(plan, parts[place]) for place in frame["id"]]
            yield pd.DataFrame(rows, columns=list(FITTED))

    return fit


def fit_part(plan: Plan, part: Part) -> dict[str, Any]:
    """Fit a part and write it, unless it is there; returns its status row."""
    about = {"series_group": part.series_group, "kind": part.kind}
    return about | attempt(lambda: _written(plan, part))


def _written(plan: Plan, part: Part) -> dict[str, Any]:
    folder = plan.part_folder(part)
    if (folder / _DONE).exists() or plan.is_whole(part.series_group, part.kind):
        return {"status": OK, "reason": "It was there."}
    plan.check_time()
    fitted = _fit(plan, part, split_of(plan, part.series_group))
    remove(folder)
    with whole(folder) as draft:
        remove(draft)
        fitted.save(draft)
    (folder / _DONE).write_text("")
    return {"status": OK, "reason": ""}


def _fit(plan: Plan, part: Part, split: Split) -> Fitted:
    if part.kind == LSTM:
        return lstm.train(
            split.train,
            split.holdout,
            plan.config_of(part.series_group, split.train),
            plan.seed,
            on_epoch=lambda epoch, figures: plan.check_time(),
            only=part.member,
        )
    if part.kind == LIGHTGBM:
        return boosted_trees.train(split.train, plan.trees, plan.seed)
    days = len(np.unique(split.train.forecast_origin))
    return linear.fit(split.train, sorted({min(window, days) for window in LINEAR_WINDOWS}))
