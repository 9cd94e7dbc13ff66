"""Every truth that became known meets every vintage that predicted it."""

from datetime import datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.spark.tables import SparkTables, literal
from lakehouse.tables.gold import FORECAST_BLOCK, FORECAST_ERRORS, FORECASTS, QUANTILES
from lakehouse.tables.silver import OBSERVATIONS, SERIES
from lakehouse.time import DAY, as_utc
from spark_jobs.known_at import as_of as known_as_of
from spark_jobs.resolution import at_resolution

BAND_HOURS = 6
#: How long a block lasts: where the clock changes, an hour less or more.
_BLOCK_SECONDS = " - ".join(
    "unix_seconds(to_utc_timestamp(timestamp_seconds("
    f"unix_date(target_day) * 86400 + (horizon_band + {hours}) * 3600), timezone))"
    for hours in (BAND_HOURS, 0)
)


def errors(
    forecasts: DataFrame, observations: DataFrame, series: DataFrame, truth_as_of: datetime
) -> DataFrame:
    """Forecasts and the truth known at `truth_as_of` -> sums per block of six local hours. Pure.

    A block is scored once all of its intervals have a forecast and a truth; its `truth_as_of` is
    when the last of them became known, so scoring again at a later time gives the same rows. Only
    forecasts in the intervals of silver.series are: those from before a series' resolution was
    changed fill no block. Pinball loss is averaged over the quantiles (Koenker and Bassett 1978).
    """
    about = series.select(
        "series_id", "timezone", F.col("resolution_minutes").alias("minutes"), "kind"
    )
    observed = known_as_of(observations, F.lit(truth_as_of)).join(
        F.broadcast(about), on="series_id", how="inner"
    )
    known = at_resolution(observed, F.col("minutes")).select(
        "series_id",
        F.col("event_time").alias("valid_time"),
        F.col("value").alias("truth"),
        F.col("available_at").alias("known_at"),
    )
    scored = (
        forecasts.join(F.broadcast(about), on="series_id", how="inner")
        .join(known, on=["series_id", "valid_time"], how="left")
        .withColumn("local", F.expr("from_utc_timestamp(valid_time, timezone)"))
        .withColumns(
            {
                "target_day": F.to_date("local"),
                "horizon_band": F.expr(f"int(hour(local) div {BAND_HOURS} * {BAND_HOURS})"),
                "error": F.expr("q50 - truth"),
                "pinball": _pinball(),
            }
        )
    )
    sums = {
        "n": F.count("truth").cast("int"),
        "forecasts": F.count(F.lit(1)),
        "truth_as_of": F.max("known_at"),
        "sum_abs": F.sum(F.abs("error")),
        "sum_error": F.sum("error"),
        "sum_squared": F.sum(F.col("error") * F.col("error")),
        "sum_pinball": F.sum("pinball"),
        "sum_truth": F.sum("truth"),
        "n_in_50": F.expr("int(count_if(truth BETWEEN q25 AND q75))"),
        "n_in_80": F.expr("int(count_if(truth BETWEEN q10 AND q90))"),
        "n_in_90": F.expr("int(count_if(truth BETWEEN q05 AND q95))"),
        "sum_width_80": F.sum(F.expr("q90 - q10")),
    }
    told = ["series_group", "forecast_source", "unit"]
    return (
        scored.groupBy(*FORECAST_BLOCK, *told, "timezone", "minutes")
        .agg(*(column.alias(name) for name, column in sums.items()))
        .where(f"n = forecasts AND n * minutes * 60 = {_BLOCK_SECONDS}")
    )


def run(
    tables: SparkTables,
    truth_as_of: datetime,
    since: datetime | None,
    run_id: str,
) -> int:
    """Score what became known after `since` (None: ever) up to `truth_as_of`; returns new rows."""
    fresh = tables.read(OBSERVATIONS).where(f"available_at <= {literal(truth_as_of)}")
    if since:
        # A source that was down owes values that were public, and unknown to us, back then.
        fresh = fresh.where(f"available_at > {literal(since)} OR recorded_at > {literal(since)}")
    span = fresh.agg(F.min("event_time"), F.max("event_time")).first()
    if span is None or span[0] is None:
        return 0
    # More than the local days of the fresh truth, whatever the zone; cut to whole days below.
    fresh_from, fresh_to = as_utc(span[0]), as_utc(span[1])
    first, last = literal(fresh_from - 3 * DAY), literal(fresh_to + 3 * DAY)
    forecasts = tables.read(FORECASTS).where(
        f"valid_time >= {first} AND valid_time <= {last} "
        f"AND forecast_origin <= {literal(truth_as_of)}"
    )
    observations = tables.read(OBSERVATIONS).where(
        f"event_time >= {first} AND event_time <= {last}"
    )
    rows = errors(forecasts, observations, tables.read(SERIES), truth_as_of).where(
        F.col("target_day").between((fresh_from - DAY).date(), (fresh_to + DAY).date())
    )
    return tables.insert_new(
        FORECAST_ERRORS,
        rows.withColumn("run_id", F.lit(run_id)),
        since=("target_day", (fresh_from - DAY).date()),
    )


def _pinball() -> Column:
    losses = [
        f"greatest({int(q[1:]) / 100} * (truth - {q}), {int(q[1:]) / 100 - 1} * (truth - {q}))"
        for q in QUANTILES
    ]
    return F.expr(f"({' + '.join(losses)}) / {len(QUANTILES)}")
