"""One forecast of a small lakehouse, and the bodies in its landing zone that it was made from."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from lakehouse.arrow import ArrowTables
from lakehouse.landing import LandingZone, Request, Response
from lakehouse.tables import TABLES
from lakehouse.tables.bronze import LANDINGS
from lakehouse.tables.gold import FEATURES, FORECASTS, PROMOTIONS, TRAINING_RUNS
from lakehouse.tables.silver import OBSERVATIONS, SERIES, WEATHER_FORECASTS, WEATHER_OBSERVATIONS
from lakehouse.time import DAY, HOUR, parse_utc

SERIES_ID = "dk1.price"
ORIGIN = parse_utc("2024-10-25T07:30Z")
VALID = parse_utc("2024-10-26T12:00Z")
#: Where the target's local day begins.
TARGET = parse_utc("2024-10-25T22:00Z")
_ISSUED = {"series_id": SERIES_ID, "valid_time": VALID, "series_group": "price"}


def land(folder: Path, arrow: ArrowTables, data_set: str, fetched_at: datetime) -> str:
    """Keep a body; its landing_id."""
    request = Request(
        source="source", data_set=data_set, path=f"/{data_set}", params=(), asked=("x",),
        window_start=fetched_at - DAY, window_end=fetched_at,
    )  # fmt: skip
    body = json.dumps({"data_set": data_set, "at": str(fetched_at)}).encode()
    row = LandingZone(folder / "landing").write(
        Response(request, fetched_at, 200, "application/json", body)
    )
    arrow.append(LANDINGS, [row])
    return str(row["landing_id"])


def forecast(origin: datetime = ORIGIN, **more: Any) -> dict[str, Any]:
    """A row of the LSTM that was in charge."""
    said = {
        "run_kind": "live", "forecast_source": "champion", "model_name": "lstm",
        "model_version": "v1", "feature_version": "1", "unit": "EUR/MWh",
        "q10": 40.0, "q50": 50.0, "q90": 60.0, "mlflow_run_id": "run-of-v1",
    }  # fmt: skip
    return FORECASTS.row(**_ISSUED, forecast_origin=origin, **said | more)


def _known(body: str, known: datetime) -> dict[str, Any]:
    return {"landing_id": body, "available_at": known, "recorded_at": known}


def make(folder: Path) -> dict[str, str]:
    """Write the lakehouse; the landing_id of each body by what it is."""
    arrow = ArrowTables(folder)
    arrow.create_missing(TABLES)
    when = {
        "values": ORIGIN - DAY, "corrected": ORIGIN - HOUR, "too late": ORIGIN + HOUR,
        "too old": ORIGIN - 60 * DAY, "run": ORIGIN - HOUR, "old run": ORIGIN - 7 * HOUR,
        "next run": ORIGIN + 5 * HOUR, "actual": ORIGIN - 2 * HOUR,
    }  # fmt: skip
    bodies = {name: land(folder, arrow, name.replace(" ", "-"), at) for name, at in when.items()}
    about = {"timezone": "Europe/Copenhagen", "resolution_minutes": 60, "location_id": "x"}
    arrow.append(SERIES, [SERIES.row(series_id=SERIES_ID, series_group="price", **about)])
    hours = [(TARGET - i * HOUR, "values") for i in (1, 2, 3)]
    hours += [(TARGET - 3 * HOUR, "corrected"), (TARGET - 3 * HOUR, "too late")]
    hours += [(TARGET - 42 * DAY - HOUR, "too old")]
    arrow.append(
        OBSERVATIONS,
        [
            OBSERVATIONS.row(
                series_id=SERIES_ID, event_time=event, resolution_minutes=60,
                **_known(bodies[name], when[name]),
            )
            for event, name in hours
        ],
    )  # fmt: skip
    place = {"location_id": "x", "variable": "temperature_2m"}
    arrow.append(
        WEATHER_FORECASTS,
        [
            WEATHER_FORECASTS.row(
                valid_time=VALID, issue_time=when[name] - 6 * HOUR, value=float(i), unit="°C",
                **place, **_known(bodies[name], when[name]),
            )
            for i, name in enumerate(["old run", "run", "next run"])
        ],
    )  # fmt: skip
    arrow.append(
        WEATHER_OBSERVATIONS,
        [
            WEATHER_OBSERVATIONS.row(
                event_time=TARGET - 9 * DAY, **place, **_known(bodies["actual"], when["actual"])
            )
        ],
    )
    _judge(arrow)
    stretch = {"kind": "lstm", "stretch": {SERIES_ID: [1.5, 1.25, 1.0]}}
    model = folder / "models" / "price" / "lstm" / "v1"
    model.mkdir(parents=True)
    (model / "trained.json").write_text(json.dumps(stretch))
    return bodies


def _judge(arrow: ArrowTables) -> None:
    """What was said, by whom, and why it was in charge."""
    naive = {"model_name": "seasonal_naive", "model_version": "1", "mlflow_run_id": None}
    rows = [
        forecast(),
        forecast(forecast_source="fallback", q50=45.0, **naive),
        forecast(forecast_source="challenger", model_name="linear", q50=48.0),
        forecast(ORIGIN - DAY, q50=44.0),
        forecast(ORIGIN + timedelta(hours=1), run_kind="replay", q50=1.0),
    ]
    arrow.append(FORECASTS, rows)
    learnt = {"series_group": "price", "model_name": "lstm", "model_version": "v1"}
    arrow.append(
        TRAINING_RUNS,
        [
            TRAINING_RUNS.row(
                **learnt, as_of=ORIGIN - 9 * DAY, samples=321, mlflow_run_id="run-of-v1"
            )
        ],
    )
    champion = {"champion_model": "lstm", "champion_version": "v1", "promoted": True}
    arrow.append(
        PROMOTIONS,
        [
            PROMOTIONS.row(
                series_group="price", decided_at=at, reason=reason, decided_by="backtest",
                **champion,
            )
            for at, reason in ((ORIGIN - 9 * DAY, "It was better."), (ORIGIN + DAY, "Later."))
        ],
    )  # fmt: skip
    features = {**_ISSUED, "forecast_origin": ORIGIN, "feature_version": "1", "local_hour": 14.0}
    arrow.append(FEATURES, [FEATURES.row(**features)])
