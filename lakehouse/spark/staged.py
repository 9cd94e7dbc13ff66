"""Rows that are written and looked at before a table has them: a look at files beats a second run.

Their files lie below the table's folder, where no version of it names them, so nobody reads them.
One commit takes them in. Those of a run that was killed in between are swept away by `maintain`.
"""

from collections.abc import Callable, Sequence
from typing import Any, BinaryIO
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame

from lakehouse.arrow import ArrowTables
from lakehouse.places import Place, remove, spark_uri
from lakehouse.tables import Table


class Staged:
    """Rows of one table, written but not in it."""

    def __init__(self, arrow: ArrowTables, table: Table, rows: DataFrame) -> None:
        self._arrow, self._table = arrow, table
        self._folder = arrow.path(table) / uuid4().hex
        rows.select(*table.column_names).write.option(
            "mapreduce.fileoutputcommitter.marksuccessfuljobs", "false"
        ).parquet(spark_uri(self._folder))

    @property
    def _files(self) -> list[Place]:
        return sorted(self._folder.glob("*.parquet"), key=str)

    def count(self) -> int:
        """How many rows were written."""
        return sum(_read(file, pq.read_metadata).num_rows for file in self._files)

    def distinct(self, columns: Sequence[str]) -> int:
        """How many different values of some columns there are among them."""
        texts = [c.name for c in self._table.columns if c.name in columns and c.type == "string"]

        def those(content: BinaryIO) -> pa.Table:
            return pq.read_table(content, columns=list(columns), read_dictionary=texts)

        read = [_read(file, those) for file in self._files]
        rows = pa.concat_tables(read).unify_dictionaries()
        return int(rows.group_by(list(columns)).aggregate([]).num_rows)

    def commit(self) -> int:
        """Make them rows of the table; returns how many. The caller has seen that they are new."""
        self._arrow.adopt(self._table, self._files)
        return self.count()

    def discard(self) -> None:
        """Remove them."""
        remove(self._folder)


def _read(file: Place, reader: Callable[[BinaryIO], Any]) -> Any:
    with file.open("rb") as content:
        return reader(content)
