"""A town of one series: the least catalogue that an intake needs."""

from typing import Any

from lakehouse.catalogue import Catalogue
from tests.small_lakehouse import utc

FETCHED = utc("2024-12-01 00:00")
LATE = {"rule": "after_interval", "delay_hours": 24, "basis": "assumed"}
TARIFF = {
    "tariff_id": "home",
    "description": "x",
    "unit": "DKK/kWh",
    "rate": 7.46,
    "tax_per_kwh": 0.7,
    "vat": 0.25,
    "timezone": "Europe/Copenhagen",
    "bands": [
        {"from_hour": 0, "to_hour": 17, "per_kwh": 0.2},
        {"from_hour": 17, "to_hour": 21, "per_kwh": 0.6, "months": [10, 11, 12, 1, 2, 3]},
        {"from_hour": 17, "to_hour": 21, "per_kwh": 0.3, "months": [4, 5, 6, 7, 8, 9]},
        {"from_hour": 21, "to_hour": 24, "per_kwh": 0.2},
    ],
}


def one_series(series: dict[str, Any], **data_sets: dict[str, Any]) -> Catalogue:
    """A catalogue of one series and its data sets."""
    group = {"kind": "energy", "origin": "09:30", "timezone": "Europe/Copenhagen"}
    return Catalogue.model_validate(
        {
            "history_start": utc("2024-01-01 00:00"),
            "groups": {"town": group | {"group_id": "town"}},
            "data_sets": {name: d | {"name": name} for name, d in data_sets.items()},
            "locations": {},
            "tariffs": {"home": TARIFF},
            "weather": {"weather_model": "any", "issue_basis": "fetched", "actual": LATE},
            "series": {
                "town.load": {
                    "series_id": "town.load",
                    "series_group": "town",
                    "description": "x",
                    **series,
                }
            },
        }
    )
