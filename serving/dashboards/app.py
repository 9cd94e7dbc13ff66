"""The app that Streamlit runs: `streamlit run app.py -- --api URL --mlflow URL`."""

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable

import streamlit as st

from serving.dashboards.asking import Api, Unanswered
from serving.dashboards.forecasts_page import forecasts_page
from serving.dashboards.monitoring_page import monitoring_page

_log = logging.getLogger("gridcast.dashboards")


@st.cache_resource
def _api(address: str, key: str | None) -> Api:
    """One client for all who look, so that all share what it keeps."""
    return Api(address, key)


def _safe(draw: Callable[[], None]) -> Callable[[], None]:
    """A page that says in a sentence what keeps it from being drawn."""

    def page() -> None:
        try:
            draw()
        except Unanswered as fault:
            st.error(str(fault), icon=":material/cloud_off:")
            if st.button("Try again"):
                st.rerun()
        except Exception:
            _log.exception("A page failed")
            st.error("This page could not be drawn. The log of the dashboards tells why.")

    return page


def main() -> None:
    """Draw the page that was chosen."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--api", default="http://127.0.0.1:8000")
    parser.add_argument("--mlflow", default="http://127.0.0.1:5000")
    told = parser.parse_args(sys.argv[1:])
    keys = json.loads(os.environ.get("GRIDCAST_API_KEYS") or "[]")
    api = _api(told.api, keys[0] if keys else None)
    st.set_page_config("Gridcast", "⚡", layout="wide")
    pages = [
        st.Page(
            _safe(lambda: forecasts_page(api)), title="Forecasts", url_path="forecasts",
            icon=":material/show_chart:", default=True,
        ),
        st.Page(
            _safe(lambda: monitoring_page(api, told.mlflow)), title="Monitoring",
            url_path="monitoring", icon=":material/monitor_heart:",
        ),
    ]  # fmt: skip
    st.navigation(pages, position="top").run()


main()
