"""The catalogue as tables: what Spark SQL joins names, units and publication times from."""

from typing import Any

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue
from lakehouse.tables.silver import DATA_SETS, LOCATIONS, SERIES


def mirror(arrow: ArrowTables, catalogue: Catalogue) -> dict[str, int]:
    """Make silver.series, data_sets and locations what the catalogue says.

    Returns the rows that changed or came, by table.
    """
    return {
        table.name: arrow.mirror(table, rows)
        for table, rows in (
            (SERIES, series_rows(catalogue)),
            (DATA_SETS, data_set_rows(catalogue)),
            (LOCATIONS, location_rows(catalogue)),
        )
    }


def series_rows(catalogue: Catalogue) -> list[dict[str, Any]]:
    """silver.series, from the catalogue."""
    about = {"series_id", "series_group", "description", "unit", "data_set", "tariff"}
    rows = []
    for series in catalogue.series.values():
        group = catalogue.groups[series.series_group]
        rows.append(
            SERIES.row(
                **series.model_dump(include=about | {"location_id"}),
                **group.model_dump(include={"kind", "timezone", "resolution_minutes"}),
                source_key="|".join(series.source_key),
            )
        )
    return rows


def data_set_rows(catalogue: Catalogue) -> list[dict[str, Any]]:
    """silver.data_sets, from the catalogue: one row per version of the publication time."""
    return [
        DATA_SETS.row(
            data_set=data_set.name,
            since=version.since,
            **data_set.model_dump(include={"source", "unit", "resolution_minutes"}),
            publication=version.told,
            basis=version.basis,
            delay_hours=version.delay_hours if version.rule == "after_interval" else None,
        )
        for data_set in catalogue.data_sets.values()
        for version in data_set.publication
    ]


def location_rows(catalogue: Catalogue) -> list[dict[str, Any]]:
    """silver.locations, from the catalogue."""
    return [LOCATIONS.row(**location.model_dump()) for location in catalogue.locations.values()]
