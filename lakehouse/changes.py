"""Kinds of change between two contracts of a table. Each goes up, and down again, row by row.

`up` and `down` take rows and return the same number of rows; nothing else is read. `is_done` tells
from the columns alone whether a change has been made.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import pyarrow as pa

from lakehouse.arrow_types import ARROW_TYPES
from lakehouse.errors import TableError
from lakehouse.tables.contract import Column

Rows: TypeAlias = pa.Table


class Change(Protocol):
    """One change of a table's columns."""

    @property
    def going_up(self) -> str:
        """What `up` does, for a person."""

    @property
    def going_down(self) -> str:
        """What `down` does, for a person."""

    def up(self, rows: Rows) -> Rows:
        """The rows as the newer contract has them."""

    def down(self, rows: Rows) -> Rows:
        """The rows as the older contract has them. Raises TableError where they do not fit it."""

    def is_done(self, columns: pa.Schema) -> bool:
        """Whether columns are those of the newer contract."""


@dataclass(frozen=True)
class Add:
    """A new column; the rows that are there get `value`, or what `backfill` makes of them.

    Down, its values are lost: only older versions of the table have them. Up again, rows get the
    same `value` or backfill.
    """

    column: Column
    value: Any = None
    backfill: Callable[[Rows], Any] | None = None

    @property
    def going_up(self) -> str:
        filled = "made from the other columns" if self.backfill else repr(self.value)
        return f"add {self.column.name} ({self.column.type}); the rows there are get {filled}"

    @property
    def going_down(self) -> str:
        return f"drop {self.column.name} and its values"

    def up(self, rows: Rows) -> Rows:
        kind = ARROW_TYPES[self.column.type]
        field = pa.field(
            self.column.name, kind, self.column.nullable, {"comment": self.column.comment}
        )
        if self.backfill:
            values = pa.chunked_array([self.backfill(rows)]).cast(kind)
        else:
            values = pa.repeat(pa.scalar(self.value, kind), rows.num_rows)
        return rows.append_column(field, values)

    def down(self, rows: Rows) -> Rows:
        return rows.drop_columns([self.column.name])

    def is_done(self, columns: pa.Schema) -> bool:
        return self.column.name in columns.names


@dataclass(frozen=True)
class Drop:
    """A column that goes; down, it is there again with `value` in every row."""

    column: Column
    value: Any = None

    @property
    def _added(self) -> Add:
        return Add(self.column, self.value)

    @property
    def going_up(self) -> str:
        return self._added.going_down

    @property
    def going_down(self) -> str:
        return self._added.going_up

    def up(self, rows: Rows) -> Rows:
        return self._added.down(rows)

    def down(self, rows: Rows) -> Rows:
        return self._added.up(rows)

    def is_done(self, columns: pa.Schema) -> bool:
        return not self._added.is_done(columns)


@dataclass(frozen=True)
class Rename:
    """Another name for a column; its values stay."""

    old: str
    new: str

    @property
    def going_up(self) -> str:
        return f"rename {self.old} to {self.new}"

    @property
    def going_down(self) -> str:
        return f"rename {self.new} to {self.old}"

    def up(self, rows: Rows) -> Rows:
        return _with_field(rows, self.old, lambda field: field.with_name(self.new))

    def down(self, rows: Rows) -> Rows:
        return _with_field(rows, self.new, lambda field: field.with_name(self.old))

    def is_done(self, columns: pa.Schema) -> bool:
        return self.new in columns.names


@dataclass(frozen=True)
class Widen:
    """A type that holds more, such as bigint for int; down only while every value fits."""

    column: str
    old: str
    new: str

    @property
    def going_up(self) -> str:
        return f"make {self.column} {self.new} instead of {self.old}"

    @property
    def going_down(self) -> str:
        return f"make {self.column} {self.old} instead of {self.new}"

    def up(self, rows: Rows) -> Rows:
        return self._cast(rows, self.new)

    def down(self, rows: Rows) -> Rows:
        return self._cast(rows, self.old)

    def _cast(self, rows: Rows, kind: str) -> Rows:
        wanted = rows.schema.field(self.column).with_type(ARROW_TYPES[kind])
        try:
            values = rows.column(self.column).cast(wanted.type)
        except pa.ArrowInvalid as misfit:
            raise TableError(
                f"Expected values of '{self.column}' that fit {kind}: {misfit}. The table is as "
                "it was; it cannot go back while it holds such values."
            ) from None
        return rows.set_column(rows.schema.get_field_index(self.column), wanted, values)

    def is_done(self, columns: pa.Schema) -> bool:
        return self.column in columns.names and columns.field(self.column).type.equals(
            ARROW_TYPES[self.new]
        )


@dataclass(frozen=True)
class Loosen:
    """Columns that may be null from now on; down only while none is."""

    columns: tuple[str, ...]

    @property
    def going_up(self) -> str:
        return f"allow null in {', '.join(self.columns)}"

    @property
    def going_down(self) -> str:
        return f"allow no null in {', '.join(self.columns)}"

    def up(self, rows: Rows) -> Rows:
        return self._set(rows, True)

    def down(self, rows: Rows) -> Rows:
        empty = [name for name in self.columns if rows.column(name).null_count]
        if empty:
            raise TableError(
                f"Expected a value of {empty} in every row; there are rows without. The table is "
                "as it was; it cannot go back while it holds such rows."
            )
        return self._set(rows, False)

    def _set(self, rows: Rows, nullable: bool) -> Rows:
        for name in self.columns:
            rows = _with_field(rows, name, lambda field: field.with_nullable(nullable))
        return rows

    def is_done(self, columns: pa.Schema) -> bool:
        return all(n in columns.names and columns.field(n).nullable for n in self.columns)


def _with_field(rows: Rows, name: str, changed: Callable[[pa.Field], pa.Field]) -> Rows:
    """The same values below another field."""
    place = rows.schema.get_field_index(name)
    return rows.set_column(place, changed(rows.schema.field(place)), rows.column(place))
