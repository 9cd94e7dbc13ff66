"""A record is let in by what is known of it, never for want of knowledge."""

from pyspark.sql import SparkSession

from lakehouse.spark.local import local_frame
from lakehouse.spark.quality import keeps, with_broken_rule
from lakehouse.tables import Rule

RULES = (
    Rule("is_there", "value IS NOT NULL OR hint IS NOT NULL", "'no value'"),
    Rule("is_positive", "value > 0", "concat('the value ', value)"),
)


def test_a_rule_that_cannot_be_judged_refuses(spark: SparkSession) -> None:
    rows = [
        {"value": value, "hint": hint}
        for value, hint in ((1.0, None), (-1.0, None), (None, None), (None, "there"))
    ]
    frame = local_frame(spark, rows, "value double, hint string")
    judged = with_broken_rule(frame, RULES).withColumn("kept", keeps(RULES)).collect()
    assert [row["broken"] and row["broken"]["rule"] for row in judged] == [
        None, "is_positive", "is_there", "is_positive",
    ]  # fmt: skip
    assert [row["broken"] and row["broken"]["reason"] for row in judged] == [
        None, "the value -1.0", "no value", None,
    ]  # fmt: skip
    assert [row["kept"] for row in judged] == [True, False, False, False]
