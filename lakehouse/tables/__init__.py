"""Every table of the lakehouse, declared once."""

from lakehouse.errors import BadInput
from lakehouse.tables import bronze, gold, silver
from lakehouse.tables.contract import Column, Rule, Table, View

TABLES: tuple[Table, ...] = (*bronze.TABLES, *silver.TABLES, *gold.TABLES)
VIEWS: tuple[View, ...] = gold.VIEWS


def table(name: str) -> Table:
    """The contract of a table by its name. Raises BadInput for an unknown one."""
    for candidate in TABLES:
        if candidate.name == name:
            return candidate
    raise BadInput(f"Unknown table '{name}'. Known: {[t.name for t in TABLES]}.")


__all__ = ["TABLES", "VIEWS", "Column", "Rule", "Table", "View", "table"]
