"""The report's pictures: forecast fans, error by day, and a heat map of drift, as PNG.

matplotlib is imported when a picture is drawn. Its Agg canvas is used directly: no display, no
pyplot, no global state, so pictures can be drawn in any thread.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from monitoring import wording
from monitoring.content import QUANTILES, ReportContent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SERIES_SHOWN = 6
DAYS_SHOWN = 15
DRIFT_DAYS_SHOWN = 14
FEATURES_SHOWN = 24

_WIDTH = 5.6  # inches: text stays readable when a phone shows the picture at 350 pixels
_DPI = 144
MODEL, TRUTH, NAIVE, _QUIET = "#1f5fa8", "#111111", "#b4530a", "#6b7280"
_DRIFT_SIGN, _WATCH_SIGN = "\N{MULTIPLICATION SIGN}", "\N{WHITE CIRCLE}"
_LINES = (MODEL, "#0f7b6c", "#7c3aed", "#be185d")


@dataclass(frozen=True)
class Picture:
    """A PNG, what it shows in words (for who cannot see it), and the caption below it."""

    png: bytes
    alt: str
    caption: str


def pictures(content: ReportContent) -> dict[str, Picture]:
    """The pictures for which there are data, by name: daily_errors, forecasts, drift."""
    order = list(dict.fromkeys(_column(content.accuracy, "series_id")))
    drawn = {}
    if not content.daily_errors.empty:
        units = _units(content.accuracy) | _units(content.forecasts)
        drawn["daily_errors"] = daily_errors(content.daily_errors, units, order)
    if not content.forecasts.empty:
        drawn["forecasts"] = forecast_fan(content.forecasts, content.zone, order)
    if not content.drift.empty and content.drift["strength"].notna().any():
        drawn["drift"] = drift_map(content.drift)
    return drawn


def forecast_fan(forecasts: pd.DataFrame, zone: ZoneInfo, order: list[str]) -> Picture:
    """Quantile bands, median, seasonal naive and truth of each series, on a local time axis.

    forecasts: as in ReportContent, values in each series' unit; order: series to show first.
    """
    forecasts = forecasts.astype(dict.fromkeys((*QUANTILES, "truth", "naive"), float))
    local_day = forecasts["valid_time"].dt.tz_convert(zone).dt.tz_localize(None).dt.normalize()
    newest = sorted(local_day.unique())[-DAYS_SHOWN:]
    shown = forecasts[local_day >= newest[0]]
    series, more = _first_series(shown, order)
    figure, axes = _panels(len(series))
    for name, panel in zip(series, axes, strict=True):
        _fan(panel, shown[shown["series_id"] == name], name)
        panel.grid(visible=True, axis="x", which="major", color="#d1d5db", linewidth=0.8)
    _local_time_axis(axes[-1], shown["valid_time"], zone)
    _legend(figure, axes)
    span = wording.days(newest[0], newest[-1])
    known = int(shown["truth"].notna().sum())
    return Picture(
        png(figure),
        f"Forecast bands, median, seasonal naive and truth of {', '.join(series)}, {span}, "
        f"{zone.key} time. The truth is known for {known} of {len(shown)} values.",
        f"{span}, {zone.key} time. Bands: 5 to 95 %, 10 to 90 % and 25 to 75 % quantiles.{more}",
    )


def daily_errors(errors: pd.DataFrame, units: dict[str, str], order: list[str]) -> Picture:
    """Mean absolute error per local day of each model beside seasonal naive, one panel a series.

    errors: as in ReportContent; units: unit by series_id; order: series to show first.
    """
    series, more = _first_series(errors, order)
    models = sorted(errors["model_name"].unique(), key=lambda name: ("naive" not in name, name))
    figure, axes = _panels(len(series))
    for name, panel in zip(series, axes, strict=True):
        _error_lines(panel, errors[errors["series_id"] == name], models)
        _title(panel, name, f"MAE, {units[name]}" if name in units else "MAE")
        panel.set_ylim(bottom=0)
    target_day = pd.to_datetime(errors["target_day"])
    ticks = _spaced(sorted(target_day.unique()), 7)
    axes[-1].set_xticks(_numbers(pd.Series(ticks)), [f"{at.day} {at:%b}" for at in ticks])
    _legend(figure, axes)
    span = wording.days(target_day.min(), target_day.max())
    return Picture(
        png(figure),
        f"Mean absolute error per day of {', '.join(models)} for {', '.join(series)}, {span}.",
        f"{span}. Lower is better; days without a score are left out.{more}",
    )


def drift_map(drift: pd.DataFrame) -> Picture:
    """Strength by day and feature; what is not stable is marked by signs, not by colour.

    drift: as in ReportContent.
    """
    told = drift.assign(day=pd.to_datetime(drift["day"]), row=drift["feature"].astype(str))
    for part in ("series_group", "data_set"):
        if drift[part].nunique() > 1:
            told["row"] += " · " + told[part]
    told = told[told["verdict"] != "no_reference"]
    days = sorted(told["day"].unique())[-DRIFT_DAYS_SHOWN:]
    told = told[told["day"].isin(days)]
    worst = told.groupby("row")["strength"].max().sort_values(ascending=False, kind="stable")
    rows = list(worst.index[:FEATURES_SHOWN])
    strength = told.pivot(index="row", columns="day", values="strength").reindex(rows, columns=days)
    verdict = told.pivot(index="row", columns="day", values="verdict").reindex(rows, columns=days)
    newest = verdict.iloc[:, -1]
    drifting = ", ".join(newest.index[newest == "drift"]) or "none"
    hidden = len(worst) - len(rows)
    span = wording.days(days[0], days[-1])
    return Picture(
        png(_heat_map(strength, verdict)),
        f"Heat map of {len(rows)} features over {span}. In drift on the newest day: {drifting}.",
        f"{span}. {_DRIFT_SIGN} drift, {_WATCH_SIGN} watched, ? not judged."
        + (f" The {len(rows)} features of greatest strength of {len(worst)}." if hidden else ""),
    )


def _fan(panel: Axes, rows: pd.DataFrame, name: str) -> None:
    rows = _with_breaks(rows.sort_values("valid_time"))
    time = _numbers(rows["valid_time"])
    band: dict[str, Any] = {"color": MODEL, "linewidth": 0}
    panel.fill_between(time, rows["q05"], rows["q95"], alpha=0.14, **band)
    panel.fill_between(time, rows["q10"], rows["q90"], alpha=0.2, **band)
    panel.fill_between(time, rows["q25"], rows["q75"], alpha=0.3, label="forecast", **band)
    panel.plot(time, rows["naive"], color=NAIVE, linewidth=1, linestyle="--", label="naive")
    panel.plot(time, rows["q50"], color=MODEL, linewidth=1.4, label="median")
    dots: dict[str, Any] = {"marker": ".", "markersize": 2.5}
    panel.plot(time, rows["truth"], color=TRUTH, linewidth=1, label="truth", **dots)
    _title(panel, name, next(iter(rows["unit"].dropna()), "unit not known"))


def _local_time_axis(panel: Axes, times: pd.Series[Any], zone: ZoneInfo) -> None:
    """Days and hours as clocks on the wall show them; a day of 23 or 25 hours is that wide."""
    local = times.dt.tz_convert(zone)
    midnights = list(pd.date_range(local.min().normalize(), local.max(), freq="D"))
    clock = (6, 12, 18) if len(midnights) <= 4 else ()
    hours = [at.replace(hour=hour) for at in midnights for hour in clock]
    inside = pd.Series([hour for hour in hours if local.min() <= hour <= local.max()])
    told = _spaced(midnights, 6)
    days = [f"{at:%a} {at.day} {at:%b}" if clock else f"{at.day} {at:%b}" for at in told]
    last_interval_ends = local.max() + pd.Timedelta(hours=1)
    panel.set_xlim(*_numbers(pd.Series([local.min(), last_interval_ends])))
    panel.set_xticks(_numbers(pd.Series(told)), days, ha="left", fontsize=8)
    if len(inside):
        labels = [f"{hour:%H}" for hour in inside]
        panel.set_xticks(_numbers(inside), labels, minor=True, fontsize=7, color=_QUIET)
        panel.tick_params(axis="x", which="major", pad=11)
    panel.set_xlabel(f"local time, {zone.key}", fontsize=8, color=_QUIET, loc="left")


def _error_lines(panel: Axes, errors: pd.DataFrame, models: list[str]) -> None:
    others = [model for model in models if "naive" not in model]
    for model in models:
        own = errors[errors["model_name"] == model]
        if own.empty:
            continue
        own = own.assign(target_day=pd.to_datetime(own["target_day"]), mae=own["mae"].astype(float))
        own = own.set_index("target_day").sort_index().asfreq("D")
        naive = model not in others
        panel.plot(
            _numbers(own.index.to_series()),
            own["mae"],
            color=NAIVE if naive else _LINES[others.index(model) % len(_LINES)],
            linestyle="--" if naive else "-",
            linewidth=1.3,
            marker="o",
            markersize=3,
            label=model,
        )


def _heat_map(strength: pd.DataFrame, verdict: pd.DataFrame) -> Figure:
    from matplotlib.figure import Figure

    above, below = 0.42, 0.3
    height = above + below + 0.21 * len(strength)
    figure = Figure(figsize=(_WIDTH, height), dpi=_DPI)
    left = min(0.6, 0.065 * max(len(row) for row in strength.index) / _WIDTH + 0.03)
    panel = figure.add_axes((left, below / height, 0.97 - left, 1 - (above + below) / height))
    values = strength.to_numpy(dtype=float)
    panel.imshow(values, vmin=0, vmax=2, cmap="Blues", aspect="auto", interpolation="nearest")
    signs = {"drift": _DRIFT_SIGN, "watch": _WATCH_SIGN, "not_judged": "?"}
    for (row, column), found in np.ndenumerate(verdict.to_numpy()):
        if sign := signs.get(found, ""):
            color = "white" if values[row, column] > 1.1 else "#111111"
            place: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 8}
            panel.text(column, row, sign, color=color, fontweight="bold", **place)
    panel.set_yticks(range(len(strength)), list(strength.index), fontsize=7.5)
    columns = list(strength.columns)
    ticks = _spaced(columns, max(2, int(8 * (1 - left))))
    labels = [f"{at.day} {at:%b}" for at in ticks]
    panel.set_xticks([columns.index(at) for at in ticks], labels, fontsize=7.5)
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)
    legend: dict[str, Any] = {"fontsize": 8, "color": _QUIET, "va": "top"}
    figure.text(
        0.02, 1 - 0.12 / height, "Effect over its threshold: white 0, dark blue 2", **legend
    )
    return figure


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    """Panels below each other that share their time axis; the last one labels it."""
    from matplotlib.figure import Figure

    height = 1.05 + 1.5 * count
    figure = Figure(figsize=(_WIDTH, height), dpi=_DPI)
    axes = figure.subplots(count, 1, squeeze=False, sharex=True)[:, 0]
    margins = {"top": 1 - 0.6 / height, "bottom": 0.55 / height, "hspace": 0.34}
    figure.subplots_adjust(left=0.11, right=0.98, **margins)
    for panel in axes:
        panel.spines[["top", "right"]].set_visible(False)
        panel.spines[["left", "bottom"]].set_color("#9ca3af")
        panel.tick_params(labelsize=8, color="#9ca3af")
        panel.grid(visible=True, axis="y", color="#eef0f3", linewidth=0.8)
        panel.set_axisbelow(True)
    return figure, list(axes)


def _title(panel: Axes, name: str, unit: str) -> None:
    title = {"loc": "left", "fontsize": 8.5, "parse_math": False}
    panel.set_title(f"{name}   [{unit}]", **title)  # type: ignore[arg-type]


def _legend(figure: Figure, axes: list[Axes]) -> None:
    known: dict[str, Any] = {}
    for panel in axes:
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
            known.setdefault(label, handle)
    style: dict[str, Any] = {"frameon": False, "fontsize": 8, "loc": "upper left"}
    tight: dict[str, Any] = {"ncols": 5, "columnspacing": 1.2, "handlelength": 1.6}
    figure.legend(known.values(), known.keys(), bbox_to_anchor=(0.0, 1.0), **style, **tight)


def _with_breaks(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows on their own regular time grid, so that a line does not bridge what is not there."""
    times = rows["valid_time"]
    if len(rows) < 2:
        return rows
    grid = pd.date_range(times.iloc[0], times.iloc[-1], freq=times.diff().min())
    return rows.set_index("valid_time").reindex(grid).rename_axis("valid_time").reset_index()


def _numbers(times: pd.Series[Any]) -> Any:
    """matplotlib's day numbers; aware times by their UTC, naive ones are days."""
    import matplotlib.dates as mdates

    utc = pd.to_datetime(times, utc=True).dt.tz_localize(None)
    return mdates.date2num(utc.to_numpy())  # type: ignore[no-untyped-call]


def _spaced(values: list[Any], most: int) -> list[Any]:
    """At most so many of the values, evenly spaced, the last among them."""
    every = -(-len(values) // most)
    return values[::-every][::-1]


def _first_series(frame: pd.DataFrame, order: list[str]) -> tuple[list[str], str]:
    present = set(frame["series_id"])
    ranked = [name for name in order if name in present] + sorted(present - set(order))
    more = f" {SERIES_SHOWN} of {len(ranked)} series." if len(ranked) > SERIES_SHOWN else ""
    return ranked[:SERIES_SHOWN], more


def _units(frame: pd.DataFrame) -> dict[str, str]:
    return dict(zip(_column(frame, "series_id"), _column(frame, "unit"), strict=True))


def _column(frame: pd.DataFrame, name: str) -> list[str]:
    return [] if frame.empty else list(frame[name])


def png(figure: Figure) -> bytes:
    """A figure as a PNG file of 256 colours, a third of the bytes, without a trace of what drew
    it."""
    from PIL import Image

    drawn, target = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png")
    Image.open(drawn).convert("RGB").quantize(256).save(target, format="PNG", optimize=True)
    return target.getvalue()
