"""The dashboards on a port: Streamlit, which phones nobody and loads nothing from the web."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

#: No telemetry, no watching of files, no button that deploys, no trace on a page.
_SETTINGS = {
    "browser.gatherUsageStats": "false",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": "false",
    "client.toolbarMode": "minimal",
    "logger.level": "warning",
    "runner.magicEnabled": "false",
    "server.fileWatcherType": "none",
    "server.headless": "true",
    "theme.headingFontSizes": '["1.9rem", "1.5rem", "1.2rem"]',
    "theme.metricValueFontSize": "1.45rem",
    "theme.paddingTop": "1rem",
    "theme.light.primaryColor": "#0072b2",
    "theme.dark.primaryColor": "#56b4e9",
}


def serve(host: str, port: int, api: str, mlflow: str, keys: Sequence[str] = ()) -> NoReturn:
    """Become Streamlit's server, until Ctrl-C."""
    environment = os.environ | ({"GRIDCAST_API_KEYS": json.dumps(list(keys))} if keys else {})
    sys.stderr.flush()
    os.execve(sys.executable, _command(host, port, api, mlflow), environment)


def _command(host: str, port: int, api: str, mlflow: str) -> list[str]:
    settings = _SETTINGS | {"server.address": host, "server.port": str(port)}
    flags = [f"--{name}={value}" for name, value in settings.items()]
    app = str(Path(__file__).with_name("app.py"))
    told = ["--", "--api", api, "--mlflow", mlflow]
    return [sys.executable, "-m", __name__, "run", app, *flags, *told]


def main() -> None:
    """Streamlit's own command, with everything imported that the first page will want."""
    import plotly.graph_objects as go
    from streamlit.web import cli

    import serving.dashboards.forecasts_page
    import serving.dashboards.monitoring_page  # noqa: F401

    go.Figure().add_scatter(x=[0], y=[0]).to_json()
    cli.main(prog_name="streamlit")


if __name__ == "__main__":
    main()
