"""The quarantine split: which records meet every rule of a table, and which do not and why."""

from collections.abc import Sequence
from functools import reduce
from operator import and_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.tables import Rule
from lakehouse.tables.bronze import QUARANTINE


def with_broken_rule(records: DataFrame, rules: Sequence[Rule]) -> DataFrame:
    """Adds `broken`: null, or a struct of the first broken rule's name and the reason."""
    verdict: Column = F.lit(None).cast("struct<rule:string,reason:string>")
    for rule in reversed(rules):
        verdict = F.when(
            ~_kept(rule),
            F.struct(F.lit(rule.name).alias("rule"), F.expr(rule.reason).alias("reason")),
        ).otherwise(verdict)
    return records.withColumn("broken", verdict)


def keeps(rules: Sequence[Rule]) -> Column:
    """Whether a record breaks no rule; which one, and why, is `with_broken_rule`'s to say."""
    return reduce(and_, map(_kept, rules))


def _kept(rule: Rule) -> Column:
    return F.coalesce(F.expr(rule.condition), F.lit(False))


def refused(records: DataFrame, table: str) -> DataFrame:
    """The rows of bronze.quarantine for the records with a broken rule.

    `records` has landing_id, record_index, data_set, fetched_at, `record` (text or null) and
    `broken`. Several values of one record that break the same rule make one row.
    """
    reason = F.coalesce("broken.reason", F.lit("No reason could be made."))
    return (
        records.where("broken IS NOT NULL")
        .groupBy(
            F.lit(table).alias("table"),
            "landing_id",
            "record_index",
            F.col("broken.rule").alias("rule"),
            "record",
            "data_set",
            "fetched_at",
        )
        .agg(F.array_join(F.array_sort(F.collect_set(reason)), "; ").alias("reason"))
        .select(*QUARANTINE.column_names)
    )
