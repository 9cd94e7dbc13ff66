"""Pictures of one trained model for its run in MLflow, as PNG: held-out days, errors, inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from monitoring.pictures import MODEL, NAIVE, TRUTH, png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DAYS, _SERIES = 14, 6
_NAMES = {"past_values": "its own past", "calendar": "calendar"}


def pictures(held_out: pd.DataFrame, rests_on: Mapping[str, float]) -> dict[str, bytes]:
    """By file name: the newest held-out days, errors by place in the day, and importance.

    held_out: series_id, forecast_origin, valid_time (UTC), q05 to q95, naive, y; in the unit of
    each series. rests_on: by input, the rise of the loss without it, a share.
    """
    return {
        "held_out_days.png": png(_days(held_out)),
        "error_by_horizon.png": png(_errors(held_out)),
        "importance.png": png(_importance(rests_on)),
    }


def _days(held_out: pd.DataFrame) -> Figure:
    series = sorted(held_out["series_id"].unique())[:_SERIES]
    figure = _figure(len(series))
    for number, name in enumerate(series):
        rows = held_out[held_out["series_id"] == name].sort_values("valid_time")
        rows = rows[rows["valid_time"] > rows["valid_time"].max() - pd.Timedelta(days=_DAYS)]
        panel = figure.axes[number]
        time = rows["valid_time"].dt.tz_localize(None)
        for low, high, alpha in (("q05", "q95", 0.15), ("q25", "q75", 0.3)):
            panel.fill_between(time, rows[low], rows[high], color=MODEL, alpha=alpha, lw=0)
        panel.plot(time, rows["naive"], color=NAIVE, lw=0.8, ls="--", label="seasonal naive")
        panel.plot(time, rows["q50"], color=MODEL, lw=1.2, label="median; 50 and 90 %")
        panel.plot(time, rows["y"], color=TRUTH, lw=0.9, label="truth")
        panel.set_title(f"{name}: last {_DAYS} held-out days, UTC", loc="left", fontsize=9)
    figure.axes[0].legend(fontsize=8, frameon=False, ncols=3)
    return figure


def _errors(held_out: pd.DataFrame) -> Figure:
    series = sorted(held_out["series_id"].unique())[:_SERIES]
    place = held_out.groupby(["series_id", "forecast_origin"]).cumcount()
    figure = _figure(len(series))
    for number, name in enumerate(series):
        panel = figure.axes[number]
        own = held_out["series_id"] == name
        for label, column, color in (("model", "q50", MODEL), ("seasonal naive", "naive", NAIVE)):
            error = (held_out[column] - held_out["y"]).abs()[own]
            panel.plot(error.groupby(place[own]).mean(), color=color, marker=".", label=label)
        panel.set_ylim(bottom=0)
        panel.set_title(f"{name}: MAE by interval of the local day", loc="left", fontsize=9)
    figure.axes[0].legend(fontsize=8, frameon=False, ncols=2)
    return figure


def _importance(rests_on: Mapping[str, float]) -> Figure:
    ordered = sorted(rests_on.items(), key=lambda pair: pair[1])
    figure = _figure(1)
    panel = figure.axes[0]
    panel.barh([_NAMES.get(name, name) for name, _ in ordered], [100 * v for _, v in ordered])
    panel.axvline(0.0, color=TRUTH, lw=0.8)
    panel.set_title("Rise of the pinball loss without it, %", loc="left", fontsize=9)
    return figure


def _figure(panels: int) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 0.6 + 2.2 * panels), dpi=110, layout="constrained")
    for panel in np.ravel(figure.subplots(panels, 1, squeeze=False)):
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(labelsize=8)
    return figure
