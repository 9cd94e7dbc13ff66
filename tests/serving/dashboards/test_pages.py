"""What pages say, run by Streamlit without a browser, over an API in every state."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lakehouse.arrow import ArrowTables
from lakehouse.settings import PROJECT
from lakehouse.tables import TABLES
from lakehouse.tables.silver import SERIES
from tests.serving.api.world import DK1, LOAD, STALE, serving, settings_of
from tests.serving.dashboards.stage import broken, served
from tests.worlds import NOBODY

APP = str(PROJECT / "serving" / "dashboards" / "app.py")


def monitoring(address: str) -> None:
    """The second page by itself; Streamlit runs the text of this function."""
    from contextlib import closing

    from serving.dashboards.asking import Api
    from serving.dashboards.monitoring_page import monitoring_page

    with closing(Api(address)) as api:
        monitoring_page(api, "http://mlflow")


@contextmanager
def over(folder: Path) -> Iterator[str]:
    with serving(settings_of(folder)) as client:
        yield str(client.base_url).rstrip("/")


def opened(address: str, monkeypatch: pytest.MonkeyPatch, **query: str) -> AppTest:
    """The whole app, at its first page."""
    monkeypatch.setattr("sys.argv", ["app.py", "--api", address])
    app = AppTest.from_file(APP, default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def said(app: AppTest) -> str:
    """All that a page says in words."""
    assert not app.exception
    parts: list[Any] = [*app.title, *app.subheader, *app.caption, *app.markdown, *app.info]
    return "\n".join(str(part.value) for part in [*parts, *app.warning, *app.error, *app.success])


def test_nobody_at_the_api_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(NOBODY, monkeypatch)
    [fault] = app.error
    assert "Nothing answers at" in fault.value and "`gridcast serve api`" in fault.value
    assert app.button[0].label == "Try again"


def test_something_else_at_the_address_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with served(broken) as client:
        app = opened(str(client.base_url), monkeypatch)
    [fault] = app.error
    assert "answered 500. Is it Gridcast's API?" in fault.value


def test_the_first_key_of_the_api_is_used(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(settings_of(filled, api_keys=("secret", "other"))) as client:
        address = str(client.base_url)
        [fault] = opened(address, monkeypatch).error
        monkeypatch.setenv("GRIDCAST_API_KEYS", '["secret"]')
        app = opened(address, monkeypatch)
    assert "The API wants a key." in fault.value
    assert not app.error and app.metric


def test_a_series_without_forecasts_says_what_makes_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrow = ArrowTables(tmp_path)
    arrow.create_missing(TABLES)
    arrow.append(SERIES, [SERIES.row(series_id=DK1, timezone="Europe/Copenhagen")])
    with over(tmp_path) as address:
        told = said(opened(address, monkeypatch))
        watched = said(AppTest.from_function(monitoring, kwargs={"address": address}).run())
    assert "has been made yet. Run `gridcast run daily`" in told
    assert "Run `gridcast run ingest`" in told
    for command in ("run daily", "run train", "run monitor", "monitor"):
        assert f"Run `gridcast {command}`" in watched
    assert "gold.forecasts is empty" in watched
    assert "None is open." in watched and "Nothing has been refused." in watched


def test_a_day_is_told_in_figures(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with over(filled) as address:
        app = opened(address, monkeypatch, series=DK1)
    told = {metric.label: (metric.value, metric.delta) for metric in app.metric}
    assert told["Mean of the day"] == ("2,512 EUR/MWh", "")
    assert told["Highest"] == ("2,523 EUR/MWh", "Sat 26 Oct 23:00 (UTC+2)")
    assert told["Answered by"] == ("lstm", "champion")


def test_a_series_without_scores_or_truth_is_no_fault(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with over(filled) as address:
        app = opened(address, monkeypatch, series=LOAD)
    assert "No forecast of this series has met its truth yet." in said(app)
    assert not app.error


def test_a_series_whose_forecasts_ended_long_ago_is_shown_at_its_last(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with over(filled) as address:
        app = opened(address, monkeypatch, series=STALE)
    told = said(app)
    assert "Thursday 17 October 2024, 24 hours" in told
    assert re.search(r"forecast of this series is \d+ hours old. Run `gridcast run daily`", told)
    assert not app.error


def test_a_name_in_the_address_that_is_none_is_no_fault(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with over(filled) as address:
        app = opened(address, monkeypatch, series="nothing")
    assert "October 2024" in said(app)
    assert app.query_params["series"] == LOAD


def test_monitoring_tables_hold_what_the_api_answers(filled: Path) -> None:
    with over(filled) as address:
        app = AppTest.from_function(monitoring, kwargs={"address": address}, default_timeout=60)
        app.query_params["watched"] = "price"
        app.run()
    assert "**quality** `dk2.price` since Tue 22 Oct 12:00 (UTC+2): Because." in said(app)
    tables = {next(iter(frame.value.columns)): frame.value for frame in app.dataframe}
    assert tables["step"]["step"].tolist() == ["ingest", "daily"]
    assert tables["data_set"]["n"].tolist() == [2, 1]
    assert tables["decided_at"]["decided_at"].tolist() == ["2024-10-14 09:30"]
    trained = [frame.value for frame in app.dataframe if "run" in frame.value.columns]
    assert trained[0]["run"].tolist() == ["http://mlflow/#/runs/5eed", None]
    pages = [frame.value for frame in app.dataframe if "page" in frame.value.columns]
    assert pages[0]["page"].iloc[0] == f"{address}/v1/reports/report-20241025T0730Z.html"
