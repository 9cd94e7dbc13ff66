"""The page of a backtest: tables and pictures in one self-contained file."""

import base64
import io
import math
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, select_autoescape

from lakehouse.places import whole
from models.backtest.outcome import Outcome
from models.backtest.plan import Plan
from models.backtest.replay import Replay
from models.quantiles import QUANTILE_COLUMNS, QUANTILES

_TEMPLATE = "backtest.html.j2"
_SIZE = (9.0, 3.2)
_EXAMPLE_DAYS = 4


def write(
    outcome: Outcome, figures: Mapping[str, Any], replay: Replay, plan: Plan, file: Path
) -> None:
    """Write report.html: figures, error by hour and month, calibration, examples."""
    rows = outcome.rows
    local = rows["valid_time"].dt.tz_convert(str(outcome.samples.timezone[0]))
    rows = rows.assign(
        error=(rows["y"] - rows["q50"]).abs(),
        hour=local.dt.hour,
        month=local.dt.strftime("%Y-%m"),
    )
    pictures = {
        "Error by local hour": _drawn(partial(_by, rows, "hour")),
        "Error by month": _drawn(partial(_by, rows, "month")),
        "Calibration": _drawn(partial(_calibration, rows)),
        **_examples(rows, list(figures["models"])),
    }
    environment = Environment(
        loader=PackageLoader("models"), autoescape=select_autoescape(["html", "j2"])
    )
    environment.filters["figure"] = _figure
    page = environment.get_template(_TEMPLATE).render(
        replay=replay, plan=plan, figures=figures, pictures=pictures, n_series=outcome.n_series
    )
    with whole(file) as draft:
        draft.write_text(page, encoding="utf-8")


def _figure(value: float, form: str) -> str:
    """A number as a person reads it; a dash where there is none."""
    return form.format(value) if math.isfinite(value) else "–"


def _drawn(draw: Callable[[Any], None]) -> str:
    """A picture as the address of its own data."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, layout="constrained")
    draw(figure.add_subplot())
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=110)
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"


def _by(rows: pd.DataFrame, key: str, axes: Any) -> None:
    for name, held in rows.groupby("model_name", sort=False):
        mean = held.groupby(key)["error"].mean()
        axes.plot(range(len(mean)), mean.to_numpy(), label=name, linewidth=1.4, marker=".")
        ticks = range(0, len(mean), max(len(mean) // 12, 1))
        axes.set_xticks(list(ticks), [str(mean.index[i]) for i in ticks])
    axes.set_ylabel("mean absolute error")
    axes.legend(fontsize=8, ncols=5)
    axes.grid(alpha=0.3)


def _calibration(rows: pd.DataFrame, axes: Any) -> None:
    """The share of truths at or below each quantile, beside the share that it promises."""
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    for name, held in rows.groupby("model_name", sort=False):
        shares = [float((held["y"] <= held[column]).mean()) for column in QUANTILE_COLUMNS]
        axes.plot(QUANTILES, shares, marker="o", markersize=3, label=name, linewidth=1.2)
    axes.set_xlabel("quantile")
    axes.set_ylabel("share of truths at or below")
    axes.legend(fontsize=8)
    axes.grid(alpha=0.3)


def _examples(rows: pd.DataFrame, models: list[str]) -> dict[str, str]:
    """Days around the best, the median and the worst of the last model named."""
    chosen = rows[rows["model_name"] == models[-1]]
    series_id = chosen["series_id"].iloc[0]
    mine = chosen[chosen["series_id"] == series_id]
    errors = mine.groupby("forecast_origin")["error"].mean().dropna().sort_values()
    places = {"the best day": 0, "a day like most": len(errors) // 2, "the worst day": -1}
    return {
        f"{models[-1]}, {series_id}: {told}": _drawn(partial(_example, mine, errors.index[place]))
        for told, place in places.items()
        if len(errors)
    }


def _example(rows: pd.DataFrame, origin: pd.Timestamp, axes: Any) -> None:
    half = pd.Timedelta(days=_EXAMPLE_DAYS // 2)
    near = rows[(rows["forecast_origin"] - origin).abs() <= half].sort_values("valid_time")
    times = near["valid_time"].dt.tz_localize(None)
    for low, high, shade in (("q05", "q95", 0.15), ("q10", "q90", 0.2), ("q25", "q75", 0.3)):
        axes.fill_between(times, near[low], near[high], alpha=shade, color="tab:blue", linewidth=0)
    axes.plot(times, near["q50"], color="tab:blue", linewidth=1.2, label="q50")
    axes.plot(times, near["y"], color="black", linewidth=1.0, label="truth")
    axes.tick_params(axis="x", labelsize=7)
    axes.legend(fontsize=8)
    axes.grid(alpha=0.3)
