"""What is possible for the values of each kind: the limits that quality verdicts know."""

from __future__ import annotations

from dataclasses import replace
from math import inf

from monitoring.quality import Kind

ENERGY = Kind()
#: Negative prices are real, and their daily shape follows the wind.
PRICE = Kind(shaped=False, factor=100)
#: Records of the Earth's surface, rounded outwards; rain is per hour, wind in m/s.
_WEATHER = Kind(weekly=False, shaped=False, factor=inf)
WEATHER = {
    "temperature_2m": replace(_WEATHER, low=-90, high=60),
    "precipitation": replace(_WEATHER, low=0, high=400, restless=False),
    "cloud_cover": replace(_WEATHER, low=0, high=100, restless=False),
    "wind_speed_10m": replace(_WEATHER, low=0, high=115, factor=10),
}
