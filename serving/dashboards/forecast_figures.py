"""Pictures of forecasts. Pure: frames of the API in, Plotly figures out.

Times in frames are UTC; forecasts have valid_time, forecast_origin, q05 to q95; observations have
event_time, available_at, value, resolution_minutes.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from serving.dashboards.local_axis import TimeAxis, moment, moments, placed
from serving.dashboards.look import Look, laid_out, on_time_axis
from serving.dashboards.steps import stepped

#: Outermost first: name, lower and upper quantile, opacity.
_INTERVALS = (
    ("90 %", "q05", "q95", 0.16),
    ("80 %", "q10", "q90", 0.22),
    ("50 %", "q25", "q75", 0.38),
)
#: As Open-Meteo spells them, and as a person reads them.
WEATHER = {
    "temperature_2m": "Temperature",
    "wind_speed_10m": "Wind speed",
    "cloud_cover": "Cloud cover",
    "precipitation": "Precipitation",
}

#: Variables whose axis begins at nothing, and how far it goes at least.
_RANGES = {"cloud_cover": 100.0, "precipitation": 1.0, "wind_speed_10m": 5.0}


@dataclass(frozen=True)
class Seen:
    """A forecast and the truth beside it.

    known: observations known at the origin; later: those that became known since; earlier:
    forecasts of earlier origins; minutes: the interval that is forecast.
    """

    origin: datetime
    minutes: int
    forecast: pd.DataFrame
    known: pd.DataFrame
    later: pd.DataFrame
    earlier: pd.DataFrame

    def within(self, first: datetime, last: datetime) -> "Seen":
        """Only what is about a time."""

        def inside(frame: pd.DataFrame, time: str) -> pd.DataFrame:
            return frame[(frame[time] >= first) & (frame[time] < last)]

        return replace(
            self,
            known=inside(self.known, "event_time"),
            later=inside(self.later, "event_time"),
            earlier=inside(self.earlier, "valid_time"),
        )


def forecast_figure(seen: Seen, axis: TimeAxis, look: Look) -> go.Figure:
    """A forecast with its intervals beside the truth that was known at its origin, the truth that
    became known later, and earlier forecasts as faint lines: what of them lies on the axis."""
    seen = seen.within(axis.first, axis.last)
    forecast, minutes = seen.forecast, seen.minutes
    figure = go.Figure()
    _add_earlier(figure, seen.earlier, minutes, look)
    for name, low, high, alpha in _INTERVALS:
        _add_band(figure, forecast, (low, high), minutes, name, look.band(alpha))
    told = _told(forecast, axis.zone)
    _add_line(figure, forecast["valid_time"], forecast["q50"], minutes, "Median", look.forecast, 2)
    _add_hover(figure, forecast["valid_time"], forecast["q50"], minutes, told, look.forecast)
    for frame, name, colour in (
        (seen.known, "Known at the origin", look.ink),
        (seen.later, "Known since", look.truth),
    ):
        if len(frame):
            _add_truth(figure, frame, axis.zone, name, colour)
    if axis.first < seen.origin < axis.last:
        line = {"color": look.grey, "dash": "dot", "width": 1.5}
        figure.add_vline(placed(seen.origin), line=line)
    unit = forecast["unit"].iloc[0] if len(forecast) else ""
    figure.update_yaxes(title={"text": unit})
    return on_time_axis(laid_out(figure, look, 410), axis)


def _add_truth(
    figure: go.Figure, frame: pd.DataFrame, zone: ZoneInfo, name: str, colour: str
) -> None:
    step = int(frame["resolution_minutes"].max())
    times, values = frame["event_time"], frame["value"]
    _add_line(figure, times, values, step, name, colour, 1.6)
    words = [f"{m}<br>{v:,.4g}" for m, v in zip(moments(times, zone), values, strict=True)]
    _add_hover(figure, times, values, step, words, colour)


def _add_earlier(figure: go.Figure, earlier: pd.DataFrame, minutes: int, look: Look) -> None:
    """Medians of earlier origins: one trace, broken between origins, since each trace costs."""
    x: list[datetime] = []
    y: list[float | None] = []
    for _, one in earlier.groupby("forecast_origin", sort=True):
        times, values = stepped(list(one["valid_time"]), list(one["q50"]), minutes)
        x += [*times, times[-1]]
        y += [*values, None]
    if x:
        _add_points(figure, x, y, "Earlier forecasts", look.band(0.8), 1.2, "dot")


def _add_band(
    figure: go.Figure,
    forecast: pd.DataFrame,
    quantiles: tuple[str, str],
    minutes: int,
    name: str,
    colour: str,
) -> None:
    low, high = (stepped(list(forecast["valid_time"]), list(forecast[q]), minutes)
                 for q in quantiles)  # fmt: skip
    plain = {"mode": "lines", "line": {"width": 0, "shape": "hv"}, "hoverinfo": "skip"}
    figure.add_scatter(x=low[0], y=low[1], showlegend=False, legendgroup=name, **plain)
    figure.add_scatter(
        x=high[0], y=high[1], name=name, legendgroup=name, fill="tonexty", fillcolor=colour, **plain
    )


def _add_line(
    figure: go.Figure,
    times: "pd.Series[pd.Timestamp]",
    values: "pd.Series[float]",
    minutes: int,
    name: str,
    colour: str,
    width: float,
) -> None:
    _add_points(figure, *stepped(list(times), list(values), minutes), name, colour, width)


def _add_points(
    figure: go.Figure,
    x: list[datetime],
    y: list[float | None],
    name: str,
    colour: str,
    width: float,
    dash: str = "solid",
) -> None:
    line = {"color": colour, "width": width, "shape": "hv", "dash": dash}
    figure.add_scatter(x=x, y=y, name=name, mode="lines", line=line, hoverinfo="skip")


def _add_hover(
    figure: go.Figure,
    times: "pd.Series[pd.Timestamp]",
    values: "pd.Series[float]",
    minutes: int,
    words: list[str],
    colour: str,
) -> None:
    """Invisible points amid the intervals that say what a line holds there."""
    middle = [placed(time + pd.Timedelta(minutes=minutes / 2)) for time in times]
    figure.add_scatter(
        x=middle, y=values, mode="markers", marker={"opacity": 0, "size": 8, "color": colour},
        text=words, hovertemplate="%{text}<extra></extra>", showlegend=False,
    )  # fmt: skip


def _told(forecast: pd.DataFrame, zone: ZoneInfo) -> list[str]:
    rows = forecast.to_dict("records")
    return [
        f"{moment(row['valid_time'], zone)}<br><b>{row['q50']:,.4g} {row['unit']}</b><br>"
        f"80 %: {row['q10']:,.4g} to {row['q90']:,.4g}<br>"
        f"90 %: {row['q05']:,.4g} to {row['q95']:,.4g}"
        for row in rows
    ]


def weather_figure(
    forecast: pd.DataFrame, observed: pd.DataFrame, axis: TimeAxis, look: Look
) -> go.Figure:
    """Weather variables one below the other. Both frames: variable, valid_time, value, unit."""
    both = pd.concat([forecast, observed])
    there = set(both["variable"])
    variables = [v for v in WEATHER if v in there] + sorted(there - set(WEATHER))
    units = dict(zip(both["variable"], both["unit"], strict=True))
    titles = [f"{WEATHER.get(v, v)} [{units[v]}]" for v in variables]
    figure = make_subplots(
        rows=len(variables), cols=1, shared_xaxes=True, vertical_spacing=0.09, subplot_titles=titles
    )
    kinds = ((forecast, "As forecast at the origin", look.forecast),
             (observed, "Observed since", look.truth))  # fmt: skip
    for row, variable in enumerate(variables, 1):
        for frame, name, colour in kinds:
            one = frame[frame["variable"] == variable].sort_values("valid_time")
            if len(one):
                figure.add_scatter(
                    x=[placed(t) for t in one["valid_time"]], y=one["value"], name=name,
                    legendgroup=name, showlegend=row == 1, mode="lines",
                    line={"color": colour, "width": 1.6},
                    hovertemplate=f"%{{y:.1f}} {units[variable]}<extra>{name}</extra>",
                    row=row, col=1,
                )  # fmt: skip
        if variable in _RANGES:
            most = max(_RANGES[variable], 1.05 * both[both["variable"] == variable]["value"].max())
            figure.update_yaxes(range=[0, most], row=row, col=1)
    laid_out(figure, look, 90 + 92 * len(variables))
    figure.update_annotations(font={"size": 12, "color": look.ink}, x=0, xanchor="left")
    figure.update_layout(margin={"t": 56}, legend={"y": 1.075 if len(variables) > 2 else 1.2})
    on_time_axis(figure, axis, title=False)
    figure.update_xaxes(title={"text": axis.title}, row=len(variables), col=1)
    return figure


def cheapest_figure(hours: pd.DataFrame, axis: TimeAxis, minutes: int, look: Look) -> go.Figure:
    """A local day's prices as bars, the cheapest quarter and the dearest in colours of their own.

    hours: rows of /v1/cheapest_hours of one day, in any order.
    """
    rows = hours.sort_values("valid_time")
    quarter = max(1, len(rows) // 4)
    kinds = (
        ("Cheapest quarter", rows["rank"] <= quarter, look.good),
        ("Others", rows["rank"].between(quarter + 1, len(rows) - quarter), look.grey),
        ("Dearest quarter", rows["rank"] > len(rows) - quarter, look.warning),
    )
    figure = go.Figure()
    for name, chosen, colour in kinds:
        some = rows[chosen]
        words = [
            f"{row['local_time']}: {row['q50']:,.4g} {row['unit']}<br>rank {row['rank']}"
            for row in some.to_dict("records")
        ]
        figure.add_bar(
            x=[placed(t + pd.Timedelta(minutes=minutes / 2)) for t in some["valid_time"]],
            y=some["q50"], width=minutes * 60_000 * 0.86, name=name, marker={"color": colour},
            hovertext=words, hovertemplate="%{hovertext}<extra></extra>",
        )  # fmt: skip
    unit = rows["unit"].iloc[0] if len(rows) else ""
    figure.update_yaxes(title={"text": unit})
    return on_time_axis(laid_out(figure, look, 300), axis)


def daily_error_figure(days: pd.DataFrame, look: Look) -> go.Figure:
    """Mean absolute error by target day, of who answered, beside seasonal naive's.

    days: target_day, mae, naive_mae, unit, model_name.
    """
    rows = days.sort_values("target_day")
    words = [f"{d:%a} {d.day} {d:%b}" for d in rows["target_day"]]
    figure = go.Figure()
    figure.add_bar(
        x=words, y=rows["mae"], name="Who answered", marker={"color": look.forecast},
        customdata=rows["model_name"],
        hovertemplate="%{x}: %{y:,.4g}<br>%{customdata}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=words, y=rows["naive_mae"], name="Seasonal naive", mode="lines+markers",
        line={"color": look.grey, "width": 1.6, "dash": "dot"}, marker={"size": 5},
        hovertemplate="%{x}: %{y:,.4g}<extra>Seasonal naive</extra>",
    )  # fmt: skip
    unit = rows["unit"].iloc[0] if len(rows) else ""
    figure.update_yaxes(title={"text": f"MAE [{unit}]"}, rangemode="tozero")
    figure.update_xaxes(title={"text": "Target day, local"}, nticks=8)
    return laid_out(figure, look, 280)
