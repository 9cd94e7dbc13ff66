"""Colours that tell apart in light, in dark and to colour-blind eyes, and the common layout.

Colours: Okabe and Ito, Color Universal Design, 2008.
"""

from dataclasses import dataclass

import plotly.graph_objects as go

from serving.dashboards.local_axis import TimeAxis, placed

#: No zooming by accident on a phone, no logo, and no button that would send data elsewhere.
PLOT_OPTIONS = {"displaylogo": False, "displayModeBar": False, "scrollZoom": False}


@dataclass(frozen=True)
class Look:
    """Colours of one theme."""

    ink: str
    grey: str
    grid: str
    forecast: str
    forecast_rgb: str
    truth: str
    good: str
    warning: str
    bad: str
    models: tuple[str, ...]

    def band(self, alpha: float) -> str:
        """The colour of an interval."""
        return f"rgba({self.forecast_rgb},{alpha})"


LIGHT = Look(
    ink="#262b33",
    grey="#7a8391",
    grid="rgba(120,130,145,0.22)",
    forecast="#0072b2",
    forecast_rgb="0,114,178",
    truth="#d55e00",
    good="#009e73",
    warning="#e69f00",
    bad="#c4391d",
    models=("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#7a8391"),
)
DARK = Look(
    ink="#e8eaee",
    grey="#9aa3b0",
    grid="rgba(160,170,185,0.22)",
    forecast="#56b4e9",
    forecast_rgb="86,180,233",
    truth="#ff8c42",
    good="#2fc79a",
    warning="#f0b429",
    bad="#ff6b57",
    models=("#56b4e9", "#f0b429", "#2fc79a", "#e39bc4", "#9aa3b0"),
)


def laid_out(figure: go.Figure, look: Look, height: int, legend: bool = True) -> go.Figure:
    """The common layout: no frame, a legend above that wraps, room for long labels."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 34 if legend else 10, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": look.ink, "size": 12},
        showlegend=legend,
        legend={"orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom", "xanchor": "left"},
        hoverlabel={"font": {"size": 12}},
        dragmode=False,
    )
    words = {"color": look.ink, "size": 12}
    both = {"gridcolor": look.grid, "automargin": True, "title_font": words, "tickfont": words}
    figure.update_xaxes(linecolor=look.grid, zeroline=False, **both)
    figure.update_yaxes(zerolinecolor=look.grid, **both)
    return figure


def on_time_axis(figure: go.Figure, axis: TimeAxis, title: bool = True) -> go.Figure:
    """Put a time axis under a figure. The nearest value is told from afar: fingers are wide. (Other
    ways of hovering also tell the axis's own time, which is in UTC.)"""
    figure.update_layout(hovermode="closest", hoverdistance=200)
    figure.update_xaxes(
        range=[placed(axis.first), placed(axis.last)],
        tickmode="array",
        tickvals=[placed(tick) for tick in axis.ticks],
        ticktext=axis.words,
        tickangle=0,
    )
    if title:
        figure.update_xaxes(title={"text": axis.title})
    return figure
