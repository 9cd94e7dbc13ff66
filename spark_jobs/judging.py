"""What one Spark task judges: all candidates of a series group on days that none learnt from.

Runs in a Python worker, once the group's parts are fitted. Models go to their folders, whole and
calibrated; what comes back is one row for each that tells how it went.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lakehouse.errors import GridcastError
from lakehouse.places import filled, remove, whole
from models import blend, calibration, lstm, metrics, naive
from models.blend import Blend
from models.importance import importance
from models.quantiles import to_rows
from models.samples import Floats, Mask, Samples
from models.trained import BLEND, LSTM, Fitted, Trained
from spark_jobs.champions import Model, naive_of
from spark_jobs.stored_models import load, load_fitted
from spark_jobs.training_plan import (
    CANDIDATES,
    EXAMPLE,
    OK,
    UNFINISHED,
    Plan,
    Split,
    attempt,
    split_of,
    target_days,
)

HELD_OUT, IMPORTANCE = "held_out.parquet", "importance.json"
"""Beside a model's files: its forecasts of the held-out days beside their truth, and what they rest
on."""
JUDGED = {
    "series_group": "string",
    "model_name": "string",
    "status": "string",
    "reason": "string",
    "train_from": "date",
    "train_to": "date",
    "holdout_from": "date",
    "holdout_to": "date",
    "samples": "int",
    "backtests": (
        "array<struct<series_id:string,model_name:string,model_version:string,target_day:date,"
        "n:int,sum_abs:double,sum_pinball:double,n_in_80:int,n_in_90:int>>"
    ),
    "seconds": "double",
}
JUDGED_SCHEMA = ", ".join(f"{name} {kind}" for name, kind in JUDGED.items())
Rows = Sequence[Mapping[str, Any]]


def make_judge(
    plan: Plan, groups: Sequence[str], fitted: Rows, champions: Mapping[str, Model]
) -> Callable[[Iterator[pd.DataFrame]], Iterator[pd.DataFrame]]:
    """The function that mapInPandas runs in each task: places (`id`) in `groups` in, a status row
    for each candidate out. fitted: the status rows of all parts; champions: who is in charge, to be
    judged beside the candidates."""

    def judge(places: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for frame in places:
            for group in (groups[place] for place in frame["id"]):
                own = [row for row in fitted if row["series_group"] == group]
                rows = judge_group(plan, group, own, champions.get(group))
                yield pd.DataFrame(rows, columns=list(JUDGED))

    return judge


def judge_group(
    plan: Plan, group: str, fitted: Rows, champion: Model | None
) -> list[dict[str, Any]]:
    """A status row for each candidate; fitted: those of the group's parts.

    The first also carries what is about the group: daily losses of all. Where the days cannot be
    judged, all have failed; where a part is unfinished, all are.
    """
    work = _Held(plan, group)
    unfinished = [row for row in fitted if row["status"] == UNFINISHED]
    rows = []
    for kind in CANDIDATES:
        parts = [row for row in fitted if row["kind"] == kind]
        lacking = unfinished or [row for row in parts if row["status"] != OK]
        row = dict(lacking[0]) if lacking else attempt(partial(work.complete, kind))
        spent = sum(part["seconds"] for part in parts) + (0.0 if lacking else row["seconds"])
        rows.append(row | {"series_group": group, "model_name": kind, "seconds": spent})
    judged = attempt(partial(work.judge, champion)) if work.corrected else {}
    judged.pop("seconds", None)
    if "status" in judged:  # nothing can be decided
        rows = [row | judged for row in rows]
    else:
        rows[0] |= judged
    return [{name: row.get(name) for name in JUDGED} for row in rows]


class _Held:
    """The held-out days of one group, and what its candidates say of them."""

    def __init__(self, plan: Plan, group: str) -> None:
        self._plan, self._group = plan, group
        self._fitted: dict[str, Fitted] = {}
        self._forecasts: dict[str, Floats] = {}  # (n, T, 7) by kind, as the models give them
        self.corrected: dict[str, Floats] = {}  # likewise, as they would have been day by day

    @property
    def _split(self) -> Split:
        return split_of(self._plan, self._group)

    def complete(self, kind: str) -> dict[str, Any]:
        """Make a candidate whole and write it, unless it is there; returns its status row."""
        if kind == BLEND and len(self._fitted) < 2:
            raise GridcastError("A blend needs two models; there are fewer.")
        split, model = self._split, self._plan.model(self._group, kind)
        folder = model.folder(self._plan.folder)
        made = self._plan.is_whole(self._group, kind)
        fitted = load(folder).model if made else self._assembled(kind)
        forecast = self._forecast(kind, fitted)
        self._fitted[kind], self._forecasts[kind] = fitted, forecast
        self.corrected[kind] = self._as_it_was(forecast)
        if not made:
            stretch = _by_series(split.holdout, forecast, calibration.factors)
            with filled(folder) as draft:
                Trained(kind, fitted, stretch).save(draft)
                self._write_evidence(kind, fitted, draft)
            with whole(folder / EXAMPLE) as draft:
                split.example.to_parquet(draft)
            for part in self._plan.parts(self._group):
                if part.kind == kind:
                    remove(self._plan.part_folder(part))
        trained, held = _span(split.train), _span(split.holdout)
        return {
            "status": OK,
            "reason": f"Trained on {len(split.train)} series-days{self._blocked()}.",
            "train_from": trained[0],
            "train_to": trained[1],
            "holdout_from": held[0],
            "holdout_to": held[1],
            "samples": len(split.train),
        }

    def _blocked(self) -> str:
        own = {*self._split.train.series_id, *self._split.holdout.series_id}
        first, last = _span(self._split.train)[0], _span(self._split.holdout)[1]
        count = sum(name in own and first <= day <= last for name, day in self._plan.blocked)
        return f"; {count} were left out, as gold.quality calls them broken" if count else ""

    def judge(self, champion: Model | None) -> dict[str, Any]:
        """Daily losses on the held-out days of the candidates, of who is in charge, and of naive,
        on the same intervals."""
        holdout = self._split.holdout
        assert holdout.target is not None
        forecasts = {naive_of(self._group): naive.seasonal_naive_quantiles(holdout)} | {
            self._plan.model(self._group, kind): part for kind, part in self.corrected.items()
        }
        if champion and not any(champion.is_same(model) for model in forecasts):
            with suppress(Exception):  # one that cannot answer is told of when it is asked to
                forecasts[champion] = load(champion.folder(self._plan.folder)).predict(holdout)
        both = metrics.known_together(holdout.target, *forecasts.values())
        return {
            "backtests": [
                row
                for model, forecast in forecasts.items()
                for row in _daily_losses(model, holdout, forecast, both)
            ],
        }

    def _assembled(self, kind: str) -> Fitted:
        if kind == BLEND:
            return Blend(dict(self._fitted), self._shares())
        parts = [
            load_fitted(kind, self._plan.part_folder(part))
            for part in self._plan.parts(self._group)
            if part.kind == kind
        ]
        return lstm.joined(parts) if kind == LSTM else parts[0]  # type: ignore[arg-type]

    def _forecast(self, kind: str, fitted: Fitted) -> Floats:
        """Of the held-out days. A blend's, which has its weights from all of them, would be too
        good: its own is what it would have been week by week."""
        split = self._split
        if kind != BLEND:
            return fitted.predict(split.holdout)
        scaled, truth, unit = self._in_one_scale
        day = target_days(split.holdout).astype(np.int64)
        return blend.mixed_as_known(scaled, truth, day, split.lag_days) * unit[..., None]

    def _shares(self) -> dict[str, float]:
        scaled, truth, _ = self._in_one_scale
        flat = {name: part.reshape(-1, part.shape[-1]) for name, part in scaled.items()}
        return blend.weights(flat, truth.ravel())

    @cached_property
    def _in_one_scale(self) -> tuple[dict[str, Floats], Floats, Floats]:
        """For the blend, when what it is made of has forecast: that by kind (n, T, 7) and the truth
        of the held-out days (n, T), in the unit of each series (n, 1): the spread of what was
        trained on."""
        train, holdout = self._split.train, self._split.holdout
        assert train.target is not None and holdout.target is not None
        spread = {
            series_id: float(np.nanstd(train.target[train.series_id == series_id])) or 1.0
            for series_id in set(train.series_id)
        }
        unit = np.array([spread.get(series_id, 1.0) for series_id in holdout.series_id])[:, None]
        scaled = {kind: part / unit[..., None] for kind, part in self._forecasts.items()}
        return scaled, holdout.target / unit, unit

    def _as_it_was(self, forecast: Floats) -> Floats:
        def corrected(days: Floats, truth: Floats) -> Floats:
            return calibration.calibrated(days, truth, self._split.lag_days)

        by_series = _by_series(self._split.holdout, forecast, corrected)
        return np.concatenate([by_series[name] for name in by_series])

    def _write_evidence(self, kind: str, fitted: Fitted, folder: Path) -> None:
        holdout = self._split.holdout
        assert holdout.target is not None
        rows = to_rows(holdout, self.corrected[kind])
        rows["naive"] = naive.seasonal_naive(holdout)[holdout.target_mask]
        rows["y"] = holdout.target[holdout.target_mask]
        rows.to_parquet(folder / HELD_OUT, index=False)
        told = importance(fitted.predict, holdout, self._plan.seed)
        (folder / IMPORTANCE).write_text(json.dumps(told, indent=1))


def _by_series(
    samples: Samples, forecast: Floats, make: Callable[[Floats, Floats], Floats]
) -> dict[str, Floats]:
    """What a function makes of each series' forecast and truth; samples lie by series, in time."""
    assert samples.target is not None
    return {
        series_id: make(forecast[rows], samples.target[rows])
        for series_id in dict.fromkeys(samples.series_id)
        for rows in [samples.series_id == series_id]
    }


def _daily_losses(
    model: Model, samples: Samples, forecast: Floats, where: Mask
) -> list[dict[str, Any]]:
    """Rows of gold.backtests, one per series and day that has any interval of `where`."""
    assert samples.target is not None
    losses = metrics.losses(samples.target, forecast)
    sums = {
        name: np.where(where, values, 0).sum(axis=1)
        for name, values in {"n": where.astype(np.int64), **losses}.items()
    }
    days = target_days(samples)
    return [
        {
            "series_id": samples.series_id[i],
            "model_name": model.model_name,
            "model_version": model.model_version,
            "target_day": days[i].item(),
            **{name: values[i].item() for name, values in sums.items()},
        }
        for i in np.flatnonzero(sums["n"])
    ]


def _span(samples: Samples) -> tuple[date, date]:
    """First and last target day."""
    days = target_days(samples)
    return days.min().item(), days.max().item()
