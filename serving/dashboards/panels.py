"""Panels of a page. What one lacks it says, with the command that brings it; never a trace."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import plotly.graph_objects as go
import streamlit as st

from serving.dashboards.asking import Unanswered
from serving.dashboards.look import DARK, LIGHT, PLOT_OPTIONS, Look

_log = logging.getLogger("gridcast.dashboards")


#: One origin a day: after so many hours one has been missed.
_STALE_HOURS = 30


@contextmanager
def panel(title: str, about: str = "") -> Iterator[None]:
    """A framed part of a page, as high as the one beside it. What goes wrong in it is told in it,
    and the page goes on."""
    with st.container(border=True, height="stretch"):
        st.subheader(title, anchor=False)
        if about:
            st.caption(about)
        try:
            yield
        except Unanswered as fault:
            st.warning(str(fault))
        except Exception:
            _log.exception("The panel '%s' failed", title)
            st.error("This part could not be drawn. The log of the dashboards tells why.")


def missing(what: str, command: str) -> None:
    """Say what is not there yet and which command brings it."""
    st.info(f"{what} Run `{command}`.")


def stale(what: str, hours: float) -> None:
    """Say so where what should be made every day is older than that."""
    if hours > _STALE_HOURS:
        st.warning(f"{what} is {hours:,.0f} hours old. Run `gridcast run daily`.")


def figures(told: Sequence[tuple[str, str, str | None]]) -> None:
    """Figures in a row that wraps: what, how much, and a word beside it."""
    with st.container(horizontal=True):
        for name, value, beside in told:
            st.metric(
                name, value, beside, delta_color="off", delta_arrow="off", border=True,
                height="stretch",
            )  # fmt: skip


def current_look() -> Look:
    """Colours for the theme that the browser shows."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def draw(figure: go.Figure, key: str, alt: str) -> None:
    """Show a figure. alt: what it shows, for those who do not see it."""
    st.plotly_chart(figure, config=PLOT_OPTIONS, key=key, alt=alt)
