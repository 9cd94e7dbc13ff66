"""What is observed, and judged: the bitemporal tables, and their candidates by the rules."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.catalogue import Catalogue
from lakehouse.spark.quality import with_broken_rule
from lakehouse.tables import Rule, Table
from lakehouse.tables.bronze import ENERGY_RECORDS, WEATHER_RECORDS
from lakehouse.tables.silver import (
    COVARIATE_RULES,
    COVARIATES,
    OBSERVATION_RULES,
    OBSERVATIONS,
    WEATHER_OBSERVATIONS,
    WEATHER_RULES,
)
from sources.open_meteo import ARCHIVE
from spark_jobs.records import covariate_candidates, energy_candidates, with_conflicts
from spark_jobs.vintages import SIMULATED
from spark_jobs.weather_records import weather_candidates


@dataclass(frozen=True)
class Observed:
    """A bitemporal table: where its records lie and how they are told apart."""

    table: Table
    records: Table
    data_sets: tuple[str, ...]
    key: tuple[str, ...]
    asked_key: str
    rules: tuple[Rule, ...]
    simulated: bool
    candidates: Callable[[DataFrame, Catalogue, Sequence[str]], DataFrame]


def energy_tables(catalogue: Catalogue) -> tuple[Observed, ...]:
    """The bitemporal tables that energy records fill."""
    data_sets = catalogue.data_sets.values()
    with_known = tuple(d.name for d in data_sets if d.known_columns)
    values = Observed(
        OBSERVATIONS,
        ENERGY_RECORDS,
        tuple(catalogue.data_sets),
        ("series_id",),
        "source_key",
        OBSERVATION_RULES,
        all(p.basis == SIMULATED for d in data_sets for p in d.publication),
        energy_candidates,
    )
    known = Observed(
        COVARIATES,
        ENERGY_RECORDS,
        with_known,
        ("series_id", "name"),
        "source_key",
        COVARIATE_RULES,
        False,
        covariate_candidates,
    )
    return (values, known) if with_known else (values,)


def weather_table(catalogue: Catalogue) -> Observed:
    """The bitemporal table of actual weather."""
    return Observed(
        WEATHER_OBSERVATIONS,
        WEATHER_RECORDS,
        (ARCHIVE,),
        ("location_id", "variable"),
        "location_id",
        WEATHER_RULES,
        catalogue.weather.actual.basis == SIMULATED,
        weather_candidates,
    )


def judged_candidates(
    candidates: DataFrame, observed: Observed, bulk: bool
) -> tuple[DataFrame, bool]:
    """Candidates with the rule they break, and whether each key occurs once among them.

    Where it does, no record of a body can contradict another and none can repeat one. A cheap
    look at a large batch saves it two sorts; for a small one the look would cost more.
    """
    if bulk:
        apart = candidates.withColumn("conflicting", F.lit(False))
        judged = slim(with_broken_rule(apart, observed.rules)).localCheckpoint()
        if _each_once(judged, observed.key):
            return judged, True
    together = with_conflicts(candidates, observed.key)
    return slim(with_broken_rule(together, observed.rules)).localCheckpoint(), False


def _each_once(judged: DataFrame, key: Sequence[str]) -> bool:
    """Whether no key has two records of one event time: so many bits are set as there are rows.

    The minutes of an event time are a bit of one of 64-bit words, per key and stretch of time.
    """
    place = "unix_seconds(event_time) div (60 * resolution_minutes)"
    words = judged.groupBy(
        *key, "resolution_minutes", F.expr(f"({place}) div 64").alias("stretch")
    ).agg(
        F.count(F.lit(1)).alias("n"),
        F.expr(f"bit_count(bit_or(shiftleft(1L, int(({place}) % 64))))").alias("bits"),
    )
    return words.where("n <> bits").isEmpty()


#: What only rules and reasons read. A large batch is held in memory: it should hold no more.
_FOR_THE_RULES = (
    "f", "fields", "units", "request", "missing_fields", "value_text", "time_text", "time_fault",
    "timezone", "decimal", "asked", "window_start", "window_end", "tariff", "conflicting",
    "utc_offset_seconds", "expected_unit", "variable_present", "field",
)  # fmt: skip


def slim(candidates: DataFrame) -> DataFrame:
    """Drops what only the rules needed; the raw record stays with the refused ones."""
    record = F.when(F.col("broken").isNotNull(), F.col("record"))
    return candidates.withColumn("record", record).drop(*_FOR_THE_RULES)
