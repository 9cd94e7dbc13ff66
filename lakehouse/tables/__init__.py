"""Every table of the lakehouse, declared once."""

from lakehouse.errors import BadInput
from lakehouse.tables import bronze, forecast_views, gold, lineage, performance, silver, views
from lakehouse.tables.contract import Column, Rule, Table, View
from lakehouse.tables.views import Function

TABLES: tuple[Table, ...] = (*bronze.TABLES, *silver.TABLES, *gold.TABLES)
VIEWS: tuple[View, ...] = (
    *forecast_views.VIEWS,
    *performance.VIEWS,
    *views.VIEWS,
    *lineage.VIEWS,
)
FUNCTIONS: tuple[Function, ...] = (*views.FUNCTIONS, *performance.FUNCTIONS)


def table(name: str) -> Table:
    """The contract of a table by its name. Raises BadInput for an unknown one."""
    for candidate in TABLES:
        if candidate.name == name:
            return candidate
    raise BadInput(f"Unknown table '{name}'. Known: {[t.name for t in TABLES]}.")


__all__ = ["FUNCTIONS", "TABLES", "VIEWS", "Column", "Function", "Rule", "Table", "View", "table"]
