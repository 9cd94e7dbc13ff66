"""A small lakehouse written without Spark, and the API over it, on a port of its own."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from lakehouse.arrow import ArrowTables
from lakehouse.settings import Settings, load_settings
from lakehouse.tables import TABLES
from lakehouse.tables.bronze import QUARANTINE
from lakehouse.tables.gold import (
    FORECAST_ERRORS,
    FORECASTS,
    INCIDENTS,
    PROMOTIONS,
    QUANTILES,
    RUNS,
    TRAINING_RUNS,
)
from lakehouse.tables.silver import (
    OBSERVATIONS,
    SERIES,
    WEATHER_FORECASTS,
    WEATHER_OBSERVATIONS,
)
from lakehouse.tables.watched import DRIFT, QUALITY
from lakehouse.time import DAY, HOUR, parse_utc
from serving.api.app import make_app
from serving.api.server import listening

DK1, DK2, LOAD, STALE = "dk1.price", "dk2.price", "town.load", "town.stale"
SERIES_OF = {"price": (DK1, DK2), "load": (LOAD, STALE)}
FIRST_ORIGIN = parse_utc("2024-10-14T07:30Z")
ORIGINS = [FIRST_ORIGIN + i * DAY for i in range(12)]
LAST = ORIGINS[-1]
REPLAYED = FIRST_ORIGIN - 5 * DAY
#: Known at ten, corrected three days later.
KNOWN, CORRECTED = parse_utc("2024-10-22T10:00Z"), parse_utc("2024-10-25T10:00Z")
EVENTS = [parse_utc("2024-10-20T00:00Z") + i * HOUR for i in range(48)]


def group_of(series_id: str) -> str:
    return "price" if series_id in SERIES_OF["price"] else "load"


def forecast_rows(
    series_id: str, origin: datetime, model: str, source: str, kind: str = "live"
) -> list[dict[str, Any]]:
    """24 hours of the local day after the origin's; the median tells origin, hour and model."""
    begin = origin.replace(hour=22, minute=0)
    rows = []
    for hour in range(24):
        valid = begin + hour * HOUR
        median = origin.day * 100.0 + hour + (0.5 if model == "linear" else 0.0)
        spread = {q: median + place - 3 for place, q in enumerate(QUANTILES)}
        rows.append(
            FORECASTS.row(
                series_id=series_id, forecast_origin=origin, valid_time=valid, model_name=model,
                model_version="1", run_kind=kind, forecast_source=source, unit="EUR/MWh",
                series_group=group_of(series_id), horizon_hours=(valid - origin) / HOUR,
                produced_at=origin + timedelta(seconds=9.25), **spread,
            )
        )  # fmt: skip
    return rows


def _issued(origin: datetime) -> list[dict[str, Any]]:
    """All forecasts of one origin: on the last one, dk2's champion could not answer, and one
    series had only the first three."""
    rows = forecast_rows(STALE, origin, "lstm", "champion") if origin in ORIGINS[:3] else []
    for series_id in (DK1, DK2, LOAD):
        stood_in = series_id == DK2 and origin == LAST
        champion = ("seasonal_naive", "fallback") if stood_in else ("lstm", "champion")
        rows += forecast_rows(series_id, origin, *champion)
        rows += forecast_rows(series_id, origin, "linear", "challenger")
    return rows


def _observed() -> list[dict[str, Any]]:
    """Two days of dk1's prices; the first hour was corrected, and dk2 has only that one."""

    def row(series_id: str, event: datetime, value: float, known: datetime) -> dict[str, Any]:
        return OBSERVATIONS.row(
            series_id=series_id, event_time=event, available_at=known, value=value,
            unit="EUR/MWh", resolution_minutes=60, available_basis="observed", recorded_at=known,
        )  # fmt: skip

    rows = [row(DK1, event, float(i), KNOWN) for i, event in enumerate(EVENTS)]
    return [*rows, row(DK1, EVENTS[0], -5.0, CORRECTED), row(DK2, EVENTS[0], 7.0, KNOWN)]


def errors(day: date, model: str, band: int, sums: float, known: datetime) -> dict[str, Any]:
    source = "fallback" if model == "seasonal_naive" else "champion"
    return FORECAST_ERRORS.row(
        series_id=DK1, series_group="price", model_name=model, model_version="1", run_kind="live",
        target_day=day, horizon_band=band, truth_as_of=known, forecast_source=source, n=6,
        unit="EUR/MWh", sum_abs=sums, sum_error=-sums, sum_squared=sums * sums,
        sum_pinball=sums / 2, sum_truth=60.0, n_in_80=5, n_in_90=6,
    )  # fmt: skip


def _scored() -> list[dict[str, Any]]:
    """Two days, two blocks; one block of the LSTM was scored again by a newer truth."""
    days = (date(2024, 10, 20), date(2024, 10, 21))
    rows = [
        errors(day, model, band, sums, KNOWN)
        for day in days
        for model, sums in (("lstm", 6.0), ("seasonal_naive", 12.0))
        for band in (0, 6)
    ]
    return [*rows, errors(days[0], "lstm", 0, 18.0, CORRECTED)]


#: Two runs of a weather model, public six hours later; their values tell the run's hour.
WEATHER_RUNS = [LAST.replace(hour=0, minute=0), LAST.replace(hour=6, minute=0)]
REPORTS = ["report-20241024T0730Z.html", "report-20241025T0730Z.html"]


def _weather(arrow: ArrowTables) -> None:
    """Temperatures of town: two runs of 48 hours each, and what was observed of the first day."""
    place = {"location_id": "town", "variable": "temperature_2m", "unit": "°C"}
    for run in WEATHER_RUNS:
        arrow.append(
            WEATHER_FORECASTS,
            [
                WEATHER_FORECASTS.row(
                    **place, weather_model="m", issue_time=run, valid_time=run + i * HOUR,
                    available_at=run + 6 * HOUR, value=float(run.hour), issue_basis="run",
                )
                for i in range(48)
            ],
        )  # fmt: skip
    hours = [WEATHER_RUNS[0] + i * HOUR for i in range(24)]
    known = WEATHER_RUNS[0] + 5 * DAY
    seen = {"available_at": known, "recorded_at": known, "available_basis": "observed"}
    rows = [WEATHER_OBSERVATIONS.row(**place, **seen, event_time=h, value=9.5) for h in hours]
    arrow.append(WEATHER_OBSERVATIONS, rows)


def _judged(arrow: ArrowTables) -> None:
    """A broken day that a correction mended, refusals by two rules, an incident still open."""
    day = date(2024, 10, 21)
    judged = {"data_set": "observations", "series_group": "price", "feature": "value", "day": day}
    verdicts = [
        QUALITY.row(**judged, owner=DK1, revision="a", as_of=KNOWN, verdict="fault",
                    faults=["flat"], reason="One value for 9 hours."),
        QUALITY.row(**judged, owner=DK1, revision="b", as_of=CORRECTED, verdict="ok"),
        QUALITY.row(**judged, owner=DK2, revision="a", as_of=KNOWN, verdict="fault",
                    faults=["missing", "stale"], reason="23 of 24 hours have no value."),
    ]  # fmt: skip
    arrow.append(QUALITY, verdicts)
    refused = [("value_is_a_number", KNOWN), ("value_is_a_number", CORRECTED), ("not_empty", KNOWN)]
    rows = [
        QUARANTINE.row(
            table="silver.observations", landing_id=f"{i}", record_index=i, rule=rule,
            reason=f"Refusal {i}", data_set="prices", fetched_at=when,
        )
        for i, (rule, when) in enumerate(refused)
    ]  # fmt: skip
    arrow.append(QUARANTINE, rows)
    told = [
        ("1", "opened", "quality", DK1, KNOWN),
        ("1", "ended", "quality", DK1, CORRECTED),
        ("2", "opened", "quality", DK2, KNOWN),
        ("3", "told", "champion", "price", KNOWN),
    ]
    rows = [
        INCIDENTS.row(incident_id=i, event=event, kind=kind, about=about, at=at, reason="Because.")
        for i, event, kind, about, at in told
    ]
    arrow.append(INCIDENTS, rows)


def _trained(arrow: ArrowTables) -> None:
    """Two models trained for prices, one failed; the LSTM was put in charge."""
    rows = [
        TRAINING_RUNS.row(
            series_group="price", model_name=model, model_version="1", as_of=FIRST_ORIGIN,
            status=status, reason=reason, mae=mae, pinball=mae, mlflow_run_id=run,
        )
        for model, status, reason, mae, run in (
            ("lstm", "ok", "", 0.5, "5eed"),
            ("linear", "failed", "Too few days.", None, None),
        )
    ]  # fmt: skip
    arrow.append(TRAINING_RUNS, rows)
    decision = PROMOTIONS.row(
        series_group="price", decided_at=FIRST_ORIGIN, champion_model="lstm", promoted=True,
        candidate_model="lstm", incumbent_model="seasonal_naive", pinball_ratio=0.5,
        decided_by="backtest", reason="Half the loss of seasonal naive on 56 days.",
    )  # fmt: skip
    arrow.append(PROMOTIONS, [decision])


def _reported(folder: Path) -> None:
    (folder / "reports").mkdir()
    for name in REPORTS:
        page = f"<!doctype html><title>{name}</title><p>All well"
        (folder / "reports" / name).write_text(page)


def fill(arrow: ArrowTables) -> None:
    """Write the world; every origin is a file of its own, as a daily run leaves it."""
    arrow.create_missing(TABLES)
    kinds = {"price": ("price", "EUR/MWh"), "load": ("energy", "kWh")}
    rows = [
        SERIES.row(
            series_id=name, series_group=group, kind=kinds[group][0], unit=kinds[group][1],
            timezone="Europe/Copenhagen", resolution_minutes=60, location_id="town",
            description=f"Series {name}",
        )
        for group, names in SERIES_OF.items()
        for name in names
    ]  # fmt: skip
    arrow.append(SERIES, rows)
    arrow.append(OBSERVATIONS, _observed())
    arrow.append(FORECASTS, forecast_rows(DK1, REPLAYED, "lstm", "champion", "replay"))
    for origin in ORIGINS:
        arrow.append(FORECASTS, _issued(origin))
    arrow.append(FORECAST_ERRORS, _scored())
    for write in (_weather, _judged, _trained):
        write(arrow)
    verdicts = enumerate(("stable", "watch", "drift"))
    drift = {"series_group": "price", "feature": "value", "data_set": "observations"}
    rows = [DRIFT.row(day=date(2024, 10, 20 + i), verdict=verdict, **drift)
            for i, verdict in verdicts]  # fmt: skip
    arrow.append(DRIFT, rows)
    arrow.append(
        RUNS,
        [
            RUNS.row(run_id=f"{i}", step=step, status="ok", started_at=LAST + i * HOUR)
            for i, step in enumerate(["ingest", "daily", "ingest"])
        ],
    )


def filled_folder(folder: Path) -> Path:
    """A lakehouse folder with the world and its reports."""
    fill(ArrowTables(folder))
    _reported(folder)
    return folder


def settings_of(folder: Path, **changes: Any) -> Settings:
    return load_settings("sample", lakehouse=folder, **changes)


def serving(settings: Settings) -> AbstractContextManager[httpx.Client]:
    """The API over a lakehouse, and a client of it."""
    return served(make_app(settings))


@contextmanager
def served(app: Any) -> Iterator[httpx.Client]:
    """A real server of an ASGI app in a thread, and a client of it."""
    with listening("127.0.0.1", 0) as bound:
        config = uvicorn.Config(app, log_config=None, access_log=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{bound.getsockname()[1]}"
        try:
            with httpx.Client(base_url=address, timeout=30) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()
