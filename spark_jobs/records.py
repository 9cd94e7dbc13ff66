"""Raw records -> typed candidates, with what their rules need to judge them. Pure."""

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from operator import and_

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, StringType, StructType

from lakehouse.catalogue import Catalogue, DataSet, Publication, Tariff
from lakehouse.spark.local import local_frame
from lakehouse.spark.tables import literal
from spark_jobs.local_time import with_instants
from spark_jobs.vintages import usual_publication

#: A time of ISO 8601 as a timestamp, read as UTC where it says no offset; else null. A cast alone
#: would also take a year or a date for its first moment.
ISO_TIME = (
    "CASE WHEN length(time_text) >= 16 AND substr(time_text, 5, 1) = '-' "
    "AND substr(time_text, 14, 1) = ':' THEN try_cast(time_text AS timestamp) END"
)
#: How files write that there is no value.
_NOTHING = ("", "-", "n/e", "n/a", "na", "nan", "null", "none")

DataSets = Sequence[DataSet]


def energy_candidates(records: DataFrame, catalogue: Catalogue, names: Iterable[str]) -> DataFrame:
    """bronze.energy_records -> one candidate per record and series, for silver.observations.

    names: the data sets that are among the records. Adds the series it belongs to, the typed time
    and value, and when it usually becomes known. A rate that lasts longer than one interval
    becomes one candidate for each.
    """
    data_sets = [catalogue.data_sets[name] for name in names]
    texts = _with_texts(records, data_sets).withColumn(
        "value_text", _of(data_sets, lambda d: _text(F.col("f")[d.value_column]))
    )
    typed = _with_times(texts, data_sets).withColumn("value", _number())
    named = typed.join(
        F.broadcast(_series(records, catalogue)), on=["data_set", "source_key"], how="left"
    )
    derived = named.withColumn("value", F.expr(_derived_value(catalogue)))
    return _with_publication(derived, data_sets, lambda d: d.publication)


def covariate_candidates(
    records: DataFrame, catalogue: Catalogue, names: Iterable[str]
) -> DataFrame:
    """bronze.energy_records -> one candidate per record and known column, for silver.covariates.

    Records without a readable time or a known series are left out: silver.observations refuses
    them by name.
    """
    data_sets = [catalogue.data_sets[name] for name in names]
    known = _of(data_sets, lambda d: F.array(*(_known(name) for name in d.known_columns)))
    texts = _with_texts(records, data_sets).select("*", F.inline(known))
    named = (
        _with_times(texts, data_sets)
        .withColumn("value", _number())
        .join(F.broadcast(_series(records, catalogue)), on=["data_set", "source_key"], how="inner")
    )
    usable = named.where(
        "event_time IS NOT NULL AND unix_seconds(event_time) % (resolution_minutes * 60) = 0"
    )
    return _with_publication(
        usable, data_sets, lambda d: (d.known_publication,) if d.known_publication else ()
    )


def with_conflicts(candidates: DataFrame, key: Sequence[str]) -> DataFrame:
    """Adds `conflicting`: whether the record's body gives another value for the same key."""
    same = Window.partitionBy("landing_id", *key, "event_time")
    return candidates.withColumn(
        "conflicting",
        F.coalesce(F.min("value").over(same) < F.max("value").over(same), F.lit(False)),
    )


def _of(data_sets: DataSets, make: Callable[[DataSet], Column]) -> Column:
    """What each record's own data set says."""
    if len(data_sets) == 1:
        return make(data_sets[0])
    return F.coalesce(*(F.when(F.col("data_set") == d.name, make(d)) for d in data_sets))


def record_type(data_sets: DataSets, value: DataType) -> StructType:
    """The fields that are read of a record: texts, but for the `value` that it is about."""
    values = {d.value_column for d in data_sets}
    texts = {
        name
        for d in data_sets
        for name in (d.time_column, "valid_to", *d.key_columns, *d.known_columns)
    }
    schema = StructType()
    for name in sorted(values | texts):
        schema = schema.add(name, StringType() if name in texts else value)
    return schema


def _with_texts(records: DataFrame, data_sets: DataSets) -> DataFrame:
    """Adds `f`, the fields that are read, where it is not there yet; which of them lack; the
    source's key; whether a person landed the record, in a file.
    """
    if "f" not in records.columns:
        texts = record_type(data_sets, StringType())
        records = records.withColumn("f", F.from_json("record", texts))
    return records.withColumns(
        {
            "time_text": _of(data_sets, lambda d: F.col("f")[d.time_column]),
            "timezone": _of(data_sets, lambda d: F.lit(d.timezone)),
            "missing_fields": _of(data_sets, _missing),
            "source_key": F.coalesce("asked", _of(data_sets, _key)),
            "by_hand": F.col("decimal").isNotNull(),
        }
    )


def _key(data_set: DataSet) -> Column:
    return F.concat_ws("|", *(F.col("f")[name] for name in data_set.key_columns))


def _missing(data_set: DataSet) -> Column:
    """The fields that a record lacks. One that is there may be null; few records are looked at."""
    # What Octopus was asked for stands in the manifest, not in the record.
    keys = () if data_set.source == "octopus" else data_set.key_columns
    wanted = (data_set.time_column, data_set.value_column, *keys)
    whole = reduce(and_, (F.col("f")[name].isNotNull() for name in wanted))
    lacks = F.array_except(
        F.array(*(F.lit(name) for name in wanted)), F.expr("json_object_keys(record)")
    )
    return F.when(~whole, lacks).otherwise(F.array().cast("array<string>"))


def _known(name: str) -> Column:
    return F.struct(F.lit(name).alias("name"), _text(F.col("f")[name]).alias("value_text"))


def _text(field: Column) -> Column:
    """The text of a value; what a file writes for nothing is nothing."""
    nothing = F.col("decimal").isNotNull() & F.lower(F.trim(field)).isin(*_NOTHING)
    return F.when(~F.coalesce(nothing, F.lit(False)), field)


def _number() -> Column:
    """The number of value_text; in a file with decimal commas a point separates nothing."""
    return F.expr(
        "CASE WHEN decimal = ',' THEN "
        "CASE WHEN NOT contains(value_text, '.') "
        "THEN try_cast(replace(value_text, ',', '.') AS double) END "
        "ELSE try_cast(value_text AS double) END"
    )


def _with_times(texts: DataFrame, data_sets: DataSets) -> DataFrame:
    """Adds event_time and resolution_minutes; wall clock becomes UTC by the data set's zone."""
    timed = texts.withColumn("event_time", _of(data_sets, _clock))
    if any(d.timezone != "UTC" for d in data_sets):
        timed = with_instants(timed)
    else:
        timed = timed.withColumn("time_fault", F.lit(None).cast("string"))
    timed = timed.withColumn("resolution_minutes", _of(data_sets, _resolution))
    if any(d.source == "octopus" for d in data_sets):
        timed = _by_interval(timed)
    return timed


def _clock(data_set: DataSet) -> Column:
    """The time as it is written; of an interval `from - to` its start."""
    if not data_set.time_format:
        return F.expr(ISO_TIME)
    start = F.trim(F.split_part("time_text", F.lit(" - "), F.lit(1)))
    return F.try_to_timestamp(start, F.lit(data_set.time_format))


def _resolution(data_set: DataSet) -> Column:
    whens = " ".join(
        f"WHEN event_time < {literal(change.until)} THEN {change.minutes}"
        for change in sorted(data_set.resolution_before, key=lambda change: change.until)
    )
    newest = str(data_set.resolution_minutes)
    return F.expr(f"CASE {whens} ELSE {newest} END" if whens else newest)


def _by_interval(rates: DataFrame) -> DataFrame:
    """A rate is valid until `valid_to`, or as far as was asked: one row per interval of it."""
    step = "make_interval(0, 0, 0, 0, 0, resolution_minutes, 0)"
    first = "greatest(event_time, window_start)"
    end = "least(coalesce(try_cast(f.valid_to AS timestamp), window_end), window_end)"
    intervals = (
        f"CASE WHEN asked IS NOT NULL AND {first} + {step} < {end} "
        f"THEN sequence({first}, {end} - {step}, {step}) ELSE array(event_time) END"
    )
    return rates.withColumn("event_time", F.explode_outer(F.expr(intervals)))


def _with_publication(
    candidates: DataFrame,
    data_sets: DataSets,
    versions: Callable[[DataSet], Sequence[Publication]],
) -> DataFrame:
    """Adds `usual_at` and `basis` by the version that held when the record was fetched."""

    def by_version(data_set: DataSet, make: Callable[[Publication], Column]) -> Column:
        newest_first = versions(data_set)[::-1]
        chosen = make(newest_first[-1])
        for version in newest_first[-2::-1]:
            chosen = F.when(F.col("fetched_at") >= F.lit(version.since), make(version)).otherwise(
                chosen
            )
        return chosen

    return candidates.withColumns(
        {
            "usual_at": _of(data_sets, lambda d: by_version(d, usual_publication)),
            "basis": _of(data_sets, lambda d: by_version(d, lambda v: F.lit(v.basis))),
        }
    )


def _series(records: DataFrame, catalogue: Catalogue) -> DataFrame:
    rows = [
        {
            "data_set": feed.data_set,
            "source_key": feed.key_text,
            "series_id": series.series_id,
            "unit": series.unit,
            "tariff": series.tariff,
        }
        for series in catalogue.series.values()
        for feed in series.feeds
    ]
    schema = "data_set string, source_key string, series_id string, unit string, tariff string"
    return local_frame(records.sparkSession, rows, schema)


def _derived_value(catalogue: Catalogue) -> str:
    """The value of a series: the record's own, or what its tariff makes of it."""
    used = {series.tariff for series in catalogue.series.values()}
    whens = " ".join(
        f"WHEN tariff = '{name}' THEN {_price(tariff)}"
        for name, tariff in catalogue.tariffs.items()
        if name in used
    )
    return f"CASE {whens} ELSE value END" if whens else "value"


def _price(tariff: Tariff) -> str:
    """See `Tariff`: spot price, grid band of the local hour, tax, VAT; to a hundred-thousandth."""
    local = f"from_utc_timestamp(event_time, '{tariff.timezone}')"
    bands = " ".join(
        f"WHEN month({local}) IN ({', '.join(map(str, band.months))}) "
        f"AND hour({local}) >= {band.from_hour} AND hour({local}) < {band.to_hour} "
        f"THEN {band.per_kwh}D"
        for band in tariff.bands
    )
    spot = f"value * {tariff.rate}D / 1000D"
    return f"round(({spot} + CASE {bands} END + {tariff.tax_per_kwh}D) * {1 + tariff.vat}D, 5)"
