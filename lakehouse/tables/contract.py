"""What a table is: columns, key, rules. Declared once; everything else is made from it.

Types are Spark SQL type names. A column is *content* when two runs over the same inputs must
agree on it, and *provenance* when it tells which run, machine or version wrote it.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from lakehouse.errors import BadInput

_SAMPLE_VALUES: dict[str, Any] = {
    "string": "x",
    "int": 0,
    "bigint": 0,
    "double": 0.0,
    "boolean": False,
    "timestamp": datetime(2024, 1, 1, tzinfo=UTC),
    "date": date(2024, 1, 1),
    "binary": b"",
    "array<string>": [],
    "map<string,string>": {},
    "map<string,double>": {},
}


@dataclass(frozen=True)
class Column:
    """One column. `unit` is empty where the value has none, or where another column names it."""

    name: str
    type: str
    meaning: str
    unit: str = ""
    nullable: bool = False
    content: bool = True

    @property
    def comment(self) -> str:
        """Meaning and unit in one line, as the catalog shows it."""
        return f"{self.meaning} [{self.unit}]" if self.unit else self.meaning


@dataclass(frozen=True)
class Rule:
    """A named condition that a record must meet to enter a table.

    `condition` is a Spark SQL predicate (null counts as broken); `reason` is a Spark SQL
    expression giving the sentence that a person reads in the quarantine.
    """

    name: str
    condition: str
    reason: str


@dataclass(frozen=True)
class Table:
    """The contract of one Delta table."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    cluster_by: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    retention_days: int = 30

    @property
    def column_names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def content_columns(self) -> list[str]:
        """The columns that 'the same content' is about."""
        return [column.name for column in self.columns if column.content]

    def pick(self, *names: str) -> tuple[Column, ...]:
        """Some of the columns, as a view that passes them on declares them."""
        by_name = {column.name: column for column in self.columns}
        return tuple(by_name[name] for name in names)

    @property
    def folder(self) -> str:
        """Where the table lies below the lakehouse folder."""
        return self.name.replace(".", "/")

    def merge_condition(self, target: str = "t", source: str = "s") -> str:
        """Equality of the key between two aliases, safe for nulls."""
        return " AND ".join(f"{target}.{k} <=> {source}.{k}" for k in self.key)

    def row(self, **values: Any) -> dict[str, Any]:
        """A whole row from the columns that matter: nullable ones are null, others typical.

        Raises BadInput for a column that the table does not have.
        """
        unknown = sorted(set(values) - set(self.column_names))
        if unknown:
            raise BadInput(f"{self.name} has no columns {unknown}; it has {self.column_names}.")
        return {
            c.name: values.get(c.name, None if c.nullable else _SAMPLE_VALUES[c.type])
            for c in self.columns
        }


@dataclass(frozen=True)
class View:
    """A named question over tables, the same for Spark SQL and for programs.

    `columns` are those of `query`, in its order.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    query: str
