"""A report's frames as a day in production could give them."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from monitoring.report import ReportContent

QUANTILE_OFFSETS = {
    "q05": -1.65,
    "q10": -1.28,
    "q25": -0.67,
    "q50": 0.0,
    "q75": 0.67,
    "q90": 1.28,
    "q95": 1.65,
}
SERIES = [
    ("dk1.consumption.household.851", "consumption_household", "kWh", 420.0),
    ("dk2.consumption.household.101", "consumption_household", "kWh", 910.0),
    ("dk1.price.day_ahead", "day_ahead_price", "EUR/MWh", 74.0),
    ("gb.tariff.agile.c", "home_tariff", "GBP/kWh", 0.21),
]


@pytest.fixture(scope="session")
def content() -> ReportContent:
    """Four series, two days of forecasts across a clock change, one feature in drift."""
    rng = np.random.default_rng(7)
    return ReportContent(
        title="Gridcast: the day in review",
        profile="sample",
        as_of=datetime(2024, 10, 28, 8, 30, tzinfo=UTC),
        timezone="Europe/Copenhagen",
        simulated=("Publication times are simulated: consumption 9 days after the hour.",),
        accuracy=_accuracy(),
        daily_errors=_daily_errors(rng),
        forecasts=_forecasts(rng),
        drift=_drift(rng),
        quality=_quality(),
        incidents=pd.DataFrame(
            {
                "kind": ["quality"],
                "about": [SERIES[0][0]],
                "at": pd.Timestamp("2024-10-27T08:30Z"),
                "reason": ["2024-10-18: one value for 9 hours."],
            }
        ),
        quarantine=pd.DataFrame(
            {
                "rule": ["value_is_finite", "unit_is_known"],
                "table": ["silver.observations", "silver.observations"],
                "data_set": ["ConsumptionIndustry", "Elspotprices"],
                "records": [3, 1],
                "example_reason": ["value is NaN at 2024-10-20T03:00Z", "unit 'MW' is not MWh"],
            }
        ),
        gaps=pd.DataFrame({"series_id": [SERIES[0][0]], "gaps": [4]}),
        freshness=pd.DataFrame(
            {
                "series_id": [name for name, *_ in SERIES],
                "newest_event_time": pd.Timestamp("2024-10-18T22:00Z"),
                "newest_available_at": pd.Timestamp("2024-10-27T22:00Z"),
            }
        ),
        tables=pd.DataFrame(
            {"table": ["bronze.energy_records", "gold.forecasts"], "rows": [128_440, 1_920]}
        ),
        champions=pd.DataFrame(
            {
                "series_group": ["consumption_household"],
                "model_name": ["lstm"],
                "model_version": ["3"],
                "decided_at": [pd.Timestamp("2024-10-01T06:00Z")],
                "reason": ["Pinball 11 % below seasonal naive on 28 held-out days."],
            }
        ),
    )


def _accuracy() -> pd.DataFrame:
    rows = []
    for (name, group, unit, level), skill in zip(SERIES, [0.18, 0.07, -0.04, 0.31], strict=True):
        naive = level * 0.12
        rows.append(
            {
                "series_id": name,
                "series_group": group,
                "unit": unit,
                "model_name": "lstm",
                "forecast_source": "champion",
                "days": 14,
                "n": 336,
                "mae": naive * (1 - skill),
                "pinball": naive * 0.4 * (1 - skill),
                "coverage_80": 0.77,
                "skill": skill,
                "naive_mae": naive,
                "naive_pinball": naive * 0.45,
            }
        )
    return pd.DataFrame(rows)


def _daily_errors(rng: np.random.Generator) -> pd.DataFrame:
    days = pd.date_range("2024-10-05", "2024-10-18").date
    return pd.DataFrame(
        [
            {
                "series_id": name,
                "model_name": model,
                "target_day": day,
                "mae": level * share * rng.lognormal(0, 0.3),
            }
            for name, _, _, level in SERIES
            for model, share in (("lstm", 0.1), ("seasonal_naive", 0.12))
            for day in days
        ]
    )


def _forecasts(rng: np.random.Generator) -> pd.DataFrame:
    times = pd.date_range("2024-10-25T22:00Z", "2024-10-28T22:00Z", freq="h")
    frames = []
    for name, _, unit, level in SERIES:
        shape = level * (1 + 0.35 * np.sin((times.hour - 7) / 24 * 2 * np.pi))
        spread = level * 0.08
        frame = pd.DataFrame({"series_id": name, "unit": unit, "valid_time": times})
        for quantile, offset in QUANTILE_OFFSETS.items():
            frame[quantile] = shape + offset * spread
        truth = shape + spread * rng.normal(size=len(times))
        frame["truth"] = np.where(np.arange(len(times)) < 49, truth, np.nan)
        frame["naive"] = shape * 1.08
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _drift(rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for feature in ("lag_336h", "temperature_2m_celsius", "wind_speed_100m", "hour_of_week"):
        for at, day in enumerate(pd.date_range("2024-10-19", "2024-10-28").date):
            moved = feature.startswith("temperature") and at > 6
            unclear = feature == "wind_speed_100m" and at == 9
            verdict = "drift" if moved else "not_judged" if unclear else "stable"
            rows.append(
                {
                    "data_set": "gold.features",
                    "series_group": "consumption_household",
                    "day": day,
                    "feature": feature,
                    "strength": np.nan if unclear else 1.6 if moved else 0.7 * rng.random(),
                    "verdict": verdict,
                    "reason": "location" if moved else "no_values" if unclear else "same",
                    "persistence": at - 6 if moved else 0,
                }
            )
    return pd.DataFrame(rows)


def _quality() -> pd.DataFrame:
    days = pd.date_range("2024-10-12", "2024-10-18").date
    return pd.DataFrame(
        [
            {
                "data_set": "observations",
                "owner": name,
                "feature": "value",
                "day": day,
                "verdict": "fault" if broken else "ok",
                "faults": ["unit"] if broken else [],
                "reason": "The level is 1e+03 times the usual one." if broken else "",
            }
            for name, *_ in SERIES
            for day in days
            for broken in [name == SERIES[1][0] and day == days[-1]]
        ]
    )
