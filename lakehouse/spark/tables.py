"""Delta tables through Spark: create from the contract, read, and the few ways to write."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime
from typing import Any

from delta.tables import DeltaTable
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lakehouse.arrow import FENCE, ArrowTables
from lakehouse.errors import TableError
from lakehouse.places import Place, spark_uri
from lakehouse.spark.staged import Staged
from lakehouse.tables import FUNCTIONS, TABLES, VIEWS, Function, Table, View
from lakehouse.time import as_utc

_FENCED_MERGE = threading.Lock()
SCHEMAS = tuple(sorted({table.name.split(".")[0] for table in TABLES}))


def struct_type(table: Table) -> StructType:
    """The Spark schema of a contract."""
    columns = (f"`{c.name}` {c.type}{'' if c.nullable else ' NOT NULL'}" for c in table.columns)
    schema = StructType.fromDDL(", ".join(columns))
    assert isinstance(schema, StructType)
    return schema


def literal(instant: datetime) -> str:
    """An instant as Spark SQL writes it."""
    return f"TIMESTAMP '{as_utc(instant).isoformat()}'"


def quoted(text: str) -> str:
    """A text as Spark SQL writes it."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


class SparkTables:
    """The tables of one lakehouse folder, through Spark. `ArrowTables` creates them."""

    def __init__(self, spark: SparkSession, lakehouse: Place | ArrowTables) -> None:
        self.spark = spark
        self._arrow = lakehouse if isinstance(lakehouse, ArrowTables) else ArrowTables(lakehouse)
        self._checked: set[str] = set()

    def path(self, table: Table) -> str:
        """The folder of a table."""
        return spark_uri(self._arrow.path(table))

    def register(self) -> None:
        """Make the tables, views and table functions known to this session by name.

        Raises TableError where one is of another contract.
        """
        for table in TABLES:
            self._check(table)
        for schema in SCHEMAS:
            self.spark.sql(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        for table in TABLES:
            self.spark.sql(
                f"CREATE TABLE IF NOT EXISTS {table.name} USING delta LOCATION '{self.path(table)}'"
            )
        self._name_views()
        for function in FUNCTIONS:
            self._name_function(function, "TEMPORARY FUNCTION", function.name)

    def register_for_readers(self) -> None:
        """Make all known to every session of this process, tables as views: no statement about a
        view changes a row. Functions are in each schema, so the one in use has them."""
        for schema in SCHEMAS:
            self.spark.sql(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        for table in TABLES:
            self._check(table)
            names = ", ".join(f"`{name}`" for name in table.column_names)
            rows = f"SELECT {names} FROM delta.`{self.path(table)}`"
            self._name_view(View(table.name, table.meaning, table.columns, rows))
        self._name_views()
        for function in FUNCTIONS:
            for schema in ("default", *SCHEMAS):
                self._name_function(function, "FUNCTION", f"{schema}.{function.name}")

    def _name_views(self) -> None:
        for view in VIEWS:
            self._name_view(view)

    def _name_view(self, view: View) -> None:
        columns = ", ".join(f"`{c.name}` COMMENT {quoted(c.comment)}" for c in view.columns)
        self.spark.sql(
            f"CREATE OR REPLACE VIEW {view.name} ({columns}) COMMENT {quoted(view.meaning)} "
            f"AS {view.query}"
        )

    def _name_function(self, function: Function, kind: str, name: str) -> None:
        self.spark.sql(
            f"CREATE OR REPLACE {kind} {name}({function.signature}) "
            f"RETURNS TABLE COMMENT {quoted(function.meaning)} RETURN {function.query}"
        )

    def in_bulk(self) -> AbstractContextManager[None]:
        """For a batch that is large beside Spark's own overhead: compile, and use every core.

        Profiles for small machines switch both off, because daily batches are tiny.
        """
        cores = self.spark.sparkContext.defaultParallelism
        partitions = max(int(self.spark.conf.get("spark.sql.shuffle.partitions") or 1), cores)
        return self.with_options(
            {
                "spark.sql.codegen.wholeStage": "true",
                "spark.sql.codegen.factoryMode": "FALLBACK",
                "spark.sql.leafNodeDefaultParallelism": str(cores),
                "spark.sql.shuffle.partitions": str(partitions),
            }
        )

    @contextmanager
    def with_options(self, wanted: Mapping[str, str]) -> Iterator[None]:
        """Run with other options of the session."""
        conf = self.spark.conf
        before = {key: conf.get(key, None) for key in wanted}
        try:
            for key, value in wanted.items():
                conf.set(key, value)
            yield
        finally:
            for key, kept in before.items():
                if kept is None:
                    conf.unset(key)
                else:
                    conf.set(key, kept)

    def read(self, table: Table) -> DataFrame:
        """The newest version. Raises TableError where it is of another contract, or lacks columns
        of this one."""
        self._check(table)
        frame = self.spark.read.format("delta").load(self.path(table))
        lacking = [name for name in table.column_names if name not in frame.columns]
        if lacking:
            raise TableError(
                f"{table.name} lacks columns {lacking}; it has {frame.columns}. "
                "It was written by another version: use that one, or start a new lakehouse folder."
            )
        by = self._arrow.recorded_by
        if by is not None and "recorded_at" in table.column_names:
            frame = frame.where(f"recorded_at <= {literal(by)}")
        return frame.select(*table.column_names)

    def _check(self, table: Table) -> None:
        """Its contract is looked at once: a look takes as long as a small read."""
        if table.name not in self._checked:
            self._arrow.open(table)
            self._checked.add(table.name)

    @contextmanager
    def _lane(self, table: Table) -> Iterator[dict[str, str]]:
        """Be alone with a table for one commit, whose writer takes these options. Under a lease (on
        S3) Delta itself refuses the commit of a writer whose lease is over and whose successor has
        written; raises BusyError."""
        with self._arrow.lane(table) as lease:
            if lease is None:
                yield {}
                return
            try:
                yield {"txnAppId": FENCE, "txnVersion": str(lease.fence())}
            except PySparkException as fault:
                if "ConcurrentTransactionException" in str(fault):
                    raise lease.lost() from None
                raise
            # Where the successor had written before it began, Delta passes over the write.
            lease.check()

    @contextmanager
    def _for_a_merge(self, fence: Mapping[str, str]) -> Iterator[None]:
        """A merge has no options but the session's, which it shares with those of other threads."""
        if not fence:
            yield
            return
        named = {f"spark.databricks.delta.write.{name}": value for name, value in fence.items()}
        with _FENCED_MERGE, self.with_options(named):
            yield

    def count(self, table: Table, filters: Any = None) -> int:
        """How many rows the table has, or of those that match: see `ArrowTables.count`."""
        return self._arrow.count(table, filters)

    def append(self, table: Table, rows: DataFrame) -> None:
        """Append rows as they are. The caller has made sure that they are new."""
        with self._lane(table) as fence:
            wanted = rows.select(*table.column_names)
            wanted.write.format("delta").options(**fence).mode("append").save(self.path(table))

    def stage(self, table: Table, rows: DataFrame) -> Staged:
        """Write rows to be looked at before they are the table's."""
        return Staged(self._arrow, table, rows)

    def overwrite(self, table: Table, rows: DataFrame) -> None:
        """Make the table hold exactly these rows, in one commit; older versions stay readable."""
        with self._lane(table) as fence:
            wanted = rows.select(*table.column_names)
            wanted.write.format("delta").options(**fence).mode("overwrite").save(self.path(table))

    def insert_new(
        self, table: Table, rows: DataFrame, since: tuple[str, datetime | date] | None = None
    ) -> int:
        """Append the rows whose key the table does not hold yet; returns how many.

        `since`: a column and the least value that it has in `rows`. It bounds where equal keys
        can lie, so that the cost follows the new rows and not the history. Raises TableError
        where `rows` repeats a key: which one is right is the transform's decision.
        """
        with self._arrow.lane(table):
            return self._insert_new(table, rows, since)

    def _insert_new(
        self, table: Table, rows: DataFrame, since: tuple[str, datetime | date] | None
    ) -> int:
        fresh = rows.select(*table.column_names)
        if self._arrow.count(table, since and [(since[0], ">=", since[1])]):
            held = self.read(table).select(*table.key, *([since[0]] if since else []))
            if since:
                held = held.where(F.col(since[0]) >= F.lit(since[1]))
            fresh = fresh.join(held.select(*table.key), on=list(table.key), how="left_anti")
        # A checkpoint cuts the lineage: the write then plans a scan of rows, not the join again.
        fresh = fresh.select(*table.column_names).localCheckpoint()
        count, distinct = fresh.agg(
            F.count(F.lit(1)), F.count_distinct(F.struct(*table.key))
        ).first() or (0, 0)
        if count != distinct:
            raise TableError(
                f"Expected one row per key {list(table.key)} for {table.name}; "
                f"{count - distinct} of {count} rows repeat a key."
            )
        if count:
            self.append(table, fresh)
        return int(count)

    def replace_keys(self, table: Table, wanted: DataFrame, obsolete: DataFrame) -> None:
        """In one commit: delete the keys of `obsolete`, insert or update the rows of `wanted`."""
        change = wanted.select(*table.column_names, F.lit(False).alias("_gone")).unionByName(
            obsolete.select(*table.column_names, F.lit(True).alias("_gone"))
        )
        columns = {name: f"s.{name}" for name in table.column_names}
        with self._lane(table) as fence, self._for_a_merge(fence):
            (
                DeltaTable.forPath(self.spark, self.path(table))
                .alias("t")
                .merge(change.alias("s"), table.merge_condition())
                .whenMatchedDelete("s._gone")
                .whenMatchedUpdate("NOT s._gone", set=columns)  # type: ignore[arg-type]
                .whenNotMatchedInsert("NOT s._gone", values=columns)  # type: ignore[arg-type]
                .execute()
            )
