"""The pictures of docs/accuracy.md, from the forecasts that `benchmarks.accuracy` left.

    .venv/bin/python -m benchmarks.accuracy_pictures OUTPUT [FOLDER]

OUTPUT: as given to `benchmarks.accuracy`, of its tasks nord_pool and households. FOLDER: where the
pictures go, docs/ unless named: accuracy-hour.svg and accuracy-season.svg (mean absolute errors of
the medians), accuracy-calibration.svg (how far the share of truths below each quantile is from its
promise).
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from lakehouse.settings import PROJECT
from models.quantiles import QUANTILE_COLUMNS, QUANTILES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {
    "naive": "#999999",
    "linear": "#e69f00",
    "lightgbm": "#009e73",
    "lstm": "#0072b2",
    "blend": "#d55e00",
}
"""Of each model; told apart by people who do not see red and green, too (Okabe and Ito 2008)."""
MONTHS = "JFMAMJJASOND"


@dataclass(frozen=True)
class Task:
    """A task of `benchmarks.accuracy`: its folder, how it is called, its unit and clock."""

    folder: str
    title: str
    unit: str
    zone: str


TASKS = (
    Task("nord_pool", "Nord Pool prices", "EUR/MWh", "UTC"),
    Task("households", "Aalborg households, known to the hour", "kWh", "Europe/Copenhagen"),
)


def main() -> None:
    """Draw all three."""
    output = Path(sys.argv[1])
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else PROJECT / "docs"
    mpl.rcParams |= {"svg.hashsalt": "accuracy", "font.size": 9}
    tables = {task: _read(output, task) for task in TASKS}
    pictures: dict[str, Callable[[Axes, Task, pd.DataFrame], None]] = {
        "hour": _by_hour,
        "season": _by_season,
        "calibration": _calibration,
    }
    for name, draw in pictures.items():
        figure = Figure(figsize=(10.0, 3.8), layout="constrained")
        panels = figure.subplots(1, len(TASKS))
        for axes, (task, rows) in zip(panels, tables.items(), strict=True):
            axes.set_title(task.title, fontsize=10)
            axes.spines[["top", "right"]].set_visible(False)
            axes.grid(alpha=0.25)
            draw(axes, task, rows)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
        file = folder / f"accuracy-{name}.svg"
        figure.savefig(file, metadata={"Date": None})
        print(file)


def _read(output: Path, task: Task) -> pd.DataFrame:
    """The rows of a task, with the error of each median and the local hour and month."""
    rows = pd.read_parquet(output / task.folder / "forecasts.parquet")
    local = rows["valid_time"].dt.tz_convert(task.zone)
    error = (rows["y"] - rows["q50"]).abs()
    return rows.assign(error=error, hour=local.dt.hour, month=local.dt.month)


def _by_hour(axes: "Axes", task: Task, rows: pd.DataFrame) -> None:
    _lines(axes, rows, "hour")
    axes.set_xticks(range(0, 24, 3))
    axes.set_xlabel("hour of the day")
    axes.set_ylabel(f"mean absolute error, {task.unit}")


def _by_season(axes: "Axes", task: Task, rows: pd.DataFrame) -> None:
    _lines(axes, rows, "month")
    axes.set_xticks(range(1, 13), list(MONTHS))
    axes.set_xlabel("month")
    axes.set_ylabel(f"mean absolute error, {task.unit}")


def _lines(axes: "Axes", rows: pd.DataFrame, key: str) -> None:
    """The mean error of each model by a key of the time."""
    for name, colour in COLOURS.items():
        means = rows[rows["model_name"] == name].groupby(key)["error"].mean()
        axes.plot(means.index, means, label=name, color=colour, linewidth=1.5, marker=".")
    axes.set_ylim(bottom=0.0)


def _calibration(axes: "Axes", _task: Task, rows: pd.DataFrame) -> None:
    """How far the share of truths at or below each quantile is from what it promises."""
    axes.axhline(0.0, color="black", linewidth=0.8)
    for name, colour in COLOURS.items():
        mine = rows[rows["model_name"] == name]
        off = [
            100.0 * (float((mine["y"] <= mine[column]).mean()) - level)
            for column, level in zip(QUANTILE_COLUMNS, QUANTILES, strict=True)
        ]
        axes.plot(QUANTILES, off, label=name, color=colour, linewidth=1.5, marker=".")
    axes.set_xticks(QUANTILES, ["5 %", "", "25 %", "50 %", "75 %", "", "95 %"])
    axes.set_ylim(-8.0, 8.0)
    axes.set_xlabel("quantile")
    axes.set_ylabel("truths at or below it, beyond its share, %")


if __name__ == "__main__":
    main()
