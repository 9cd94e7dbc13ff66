"""Questions about what was forecast: what to use, how it turned out, and what changed."""

from lakehouse.tables.contract import Column, View
from lakehouse.tables.gold import FORECASTS
from lakehouse.tables.preference import ANSWERING_SOURCES, FORECAST_TO_USE, order_by
from lakehouse.tables.silver import SERIES

LOCAL_DAY = Column("local_day", "date", "Local day of the interval")
_LOCAL_TIME = Column("local_time", "string", "Local clock at its start, such as 07:30")
_BAND = FORECASTS.pick("q10", "q50", "q90", "unit")


def local_day(instant: str) -> str:
    """The local day of an instant, in Spark SQL, where `s` is silver.series."""
    return f"date(from_utc_timestamp({instant}, s.timezone))"


def _local_time(instant: str) -> str:
    return f"date_format(from_utc_timestamp({instant}, s.timezone), 'HH:mm')"


def newest_forecasts(condition: str, forecasts: str = "gold.forecasts") -> str:
    """The query of what to use among the forecasts that meet a condition: per series and interval
    the first by FORECAST_TO_USE."""
    return f"""
        SELECT * EXCEPT (preference) FROM (
          SELECT *, row_number() OVER (
              PARTITION BY series_id, valid_time
              ORDER BY {order_by(FORECAST_TO_USE)}) AS preference
          FROM {forecasts}
          WHERE {condition} AND forecast_source IN {ANSWERING_SOURCES})
        WHERE preference = 1"""


FORECAST_LATEST = View(
    name="gold.forecast_latest",
    meaning="What to use now: per series and interval the newest live champion, else its stand-in",
    columns=FORECASTS.columns,
    query=newest_forecasts("run_kind = 'live'"),
)

CHEAPEST_HOURS = View(
    name="gold.cheapest_hours",
    meaning="What to use now for prices, cheapest first within each local day: rank 1 is cheapest",
    columns=(
        *SERIES.pick("series_id", "series_group", "description"),
        LOCAL_DAY,
        _LOCAL_TIME,
        *FORECASTS.pick("valid_time"),
        *_BAND,
        Column("rank", "int", "Place within the local day by the median, from 1"),
        *FORECASTS.pick("forecast_origin", "model_name"),
    ),
    query=f"""
        SELECT f.series_id, f.series_group, s.description,
               {local_day("f.valid_time")} AS local_day,
               {_local_time("f.valid_time")} AS local_time,
               f.valid_time, f.q10, f.q50, f.q90, f.unit,
               row_number() OVER (
                   PARTITION BY f.series_id, {local_day("f.valid_time")}
                   ORDER BY f.q50, f.valid_time) AS rank,
               f.forecast_origin, f.model_name
        FROM gold.forecast_latest f JOIN silver.series s USING (series_id)
        WHERE s.kind = 'price'""",
)

FORECAST_AGAINST_TRUTH = View(
    name="gold.forecast_against_truth",
    meaning="What was to be used for each interval beside what it turned out to be, by the newest "
    "truth at the resolution that is forecast; an interval not known throughout is left out",
    columns=(
        *FORECASTS.pick("series_id", "series_group"),
        LOCAL_DAY,
        *FORECASTS.pick("valid_time"),
        *_BAND,
        Column("truth", "double", "What it turned out to be, in `unit`"),
        Column("error", "double", "q50 - truth, in `unit`"),
        Column("in_80", "boolean", "Whether the truth lies in q10..q90"),
        *FORECASTS.pick("model_name", "model_version", "forecast_origin"),
        Column("truth_available_at", "timestamp", "When the truth became known", "UTC"),
    ),
    query=f"""
        WITH newest AS (
          SELECT series_id, event_time, max(available_at) AS available_at,
                 max_by(struct(value, resolution_minutes AS minutes), available_at) AS held
          FROM silver.observations GROUP BY ALL),
        parts AS (
          SELECT n.*, s.kind, s.resolution_minutes AS size,
                 least(n.held.minutes, s.resolution_minutes) AS lasts,
                 explode(sequence(
                     0, greatest(n.held.minutes div s.resolution_minutes, 1L) - 1)) AS part
          FROM newest n JOIN silver.series s USING (series_id)),
        truths AS (
          SELECT series_id,
                 timestamp_seconds((unix_seconds(event_time) + part * lasts * 60)
                                   div (size * 60) * size * 60) AS valid_time,
                 sum(CASE kind WHEN 'energy' THEN held.value * lasts / held.minutes
                               WHEN 'price' THEN held.value * lasts / size
                               WHEN 'power' THEN held.value * lasts / size END) AS truth,
                 max(available_at) AS truth_available_at
          FROM parts GROUP BY ALL HAVING sum(lasts) = max(size))
        SELECT f.series_id, f.series_group, {local_day("f.valid_time")} AS local_day,
               f.valid_time, f.q10, f.q50, f.q90, f.unit, t.truth, f.q50 - t.truth AS error,
               t.truth BETWEEN f.q10 AND f.q90 AS in_80,
               f.model_name, f.model_version, f.forecast_origin, t.truth_available_at
        FROM gold.forecast_latest f JOIN silver.series s USING (series_id)
        JOIN truths t USING (series_id, valid_time)""",
)

FORECAST_CHANGES = View(
    name="gold.forecast_changes",
    meaning="What changed since the forecast of the day before: the newest day forecast of each "
    "series beside the day before it, local time by local time, and beside what an earlier origin "
    "said of the very same interval, where one did",
    columns=(
        *FORECASTS.pick("series_id", "series_group"),
        LOCAL_DAY,
        _LOCAL_TIME,
        *FORECASTS.pick("valid_time", "q50"),
        Column(
            "day_before_q50",
            "double",
            "Median forecast of the same local time one day earlier; null where that day lacks it",
        ),
        Column("change", "double", "q50 - day_before_q50, in `unit`"),
        Column(
            "earlier_q50",
            "double",
            "Median that the newest earlier origin gave for this interval; null where none did",
        ),
        Column("revision", "double", "q50 - earlier_q50, in `unit`"),
        *FORECASTS.pick("unit", "forecast_origin"),
        Column("earlier_origin", "timestamp", "Origin of earlier_q50", "UTC"),
        *FORECASTS.pick("model_name"),
        Column("day_before_model", "string", "Kind of model of day_before_q50"),
    ),
    query=f"""
        WITH used AS (
          SELECT f.*, {local_day("f.valid_time")} AS local_day,
                 {_local_time("f.valid_time")} AS local_time
          FROM gold.forecast_latest f JOIN silver.series s USING (series_id)),
        placed AS (
          SELECT *, max(local_day) OVER (PARTITION BY series_id) AS newest_day,
                 row_number() OVER (PARTITION BY series_id, local_day, local_time
                                    ORDER BY valid_time) AS turn
          FROM used),
        now AS (SELECT * FROM placed WHERE local_day = newest_day),
        earlier AS ({
        newest_forecasts(
            "run_kind = 'live' AND forecast_origin < newer_origin",
            "(SELECT f.*, n.forecast_origin AS newer_origin FROM gold.forecasts f "
            "JOIN now n ON f.series_id = n.series_id AND f.valid_time = n.valid_time)",
        )
    })
        SELECT n.series_id, n.series_group, n.local_day, n.local_time, n.valid_time, n.q50,
               b.q50 AS day_before_q50, n.q50 - b.q50 AS change,
               e.q50 AS earlier_q50, n.q50 - e.q50 AS revision, n.unit, n.forecast_origin,
               e.forecast_origin AS earlier_origin, n.model_name,
               b.model_name AS day_before_model
        FROM now n
        LEFT JOIN placed b ON b.series_id = n.series_id AND b.local_time = n.local_time
          AND b.turn = n.turn AND b.local_day = date_sub(n.local_day, 1)
        LEFT JOIN earlier e ON e.series_id = n.series_id AND e.valid_time = n.valid_time""",
)

VIEWS = (FORECAST_LATEST, CHEAPEST_HOURS, FORECAST_AGAINST_TRUTH, FORECAST_CHANGES)
