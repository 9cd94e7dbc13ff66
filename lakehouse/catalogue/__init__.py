"""The series catalogue: which series exist, how they are grouped, and when they become known.

One readable TOML file per profile (deployments/catalogues). It is checked when it is read:
unknown keys, groups, data sets, locations, units and time zones are named in the error.
"""

from lakehouse.catalogue.data_sets import DataSet, ResolutionBefore
from lakehouse.catalogue.entries import (
    BEGINNING,
    NEVER,
    UNITS,
    WEATHER_VARIABLES,
    Feed,
    Location,
    Publication,
    Series,
    SeriesGroup,
    Tariff,
    TariffBand,
    Weather,
)
from lakehouse.catalogue.reading import Catalogue, read_catalogue

__all__ = [
    "BEGINNING",
    "NEVER",
    "UNITS",
    "WEATHER_VARIABLES",
    "Catalogue",
    "DataSet",
    "Feed",
    "Location",
    "Publication",
    "ResolutionBefore",
    "Series",
    "SeriesGroup",
    "Tariff",
    "TariffBand",
    "Weather",
    "read_catalogue",
]
