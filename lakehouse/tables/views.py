"""Questions that people ask of the tables: what was known when, what is missing, how late it came.

Views answer for now; the functions answer as of a moment, which a query gives them.
"""

from dataclasses import dataclass

from lakehouse.tables.contract import Column, View
from lakehouse.tables.forecast_views import newest_forecasts
from lakehouse.tables.preference import NEWEST_RUN, NEWEST_VINTAGE, order_by
from lakehouse.tables.silver import DATA_SETS, OBSERVATIONS


@dataclass(frozen=True)
class Parameter:
    """One argument of a table function; `default` is Spark SQL, and empty where one is needed."""

    name: str
    type: str
    meaning: str
    default: str = ""

    @property
    def declaration(self) -> str:
        """The parameter as `CREATE FUNCTION` wants it."""
        default = f" DEFAULT {self.default}" if self.default else ""
        return f"{self.name} {self.type}{default} COMMENT '{self.meaning}'"


@dataclass(frozen=True)
class Function:
    """A named question with parameters: `SELECT * FROM name(...)` in Spark SQL."""

    name: str
    meaning: str
    parameters: tuple[Parameter, ...]
    query: str

    @property
    def signature(self) -> str:
        """All parameters, as `CREATE FUNCTION` wants them."""
        return ", ".join(parameter.declaration for parameter in self.parameters)


AS_OF = Parameter("as_of", "TIMESTAMP", "only what the world could know then")
_RECORDED_BY = Parameter(
    "recorded_by", "TIMESTAMP", "and only what we had fetched by then; null is all", "NULL"
)


def _newest(table: str, key: str, order: str = order_by(NEWEST_VINTAGE)) -> str:
    """Per key the newest vintage that was known at `as_of` and fetched by `recorded_by`."""
    return f"""
        SELECT * EXCEPT (age) FROM (
          SELECT *, row_number() OVER (PARTITION BY {key} ORDER BY {order}) AS age
          FROM {table}
          WHERE available_at <= as_of AND (recorded_by IS NULL OR recorded_at <= recorded_by))
        WHERE age = 1"""


FUNCTIONS = (
    Function(
        name="observations_as_of",
        meaning="Observed values as they stood at a moment: one row per series and event time",
        parameters=(AS_OF, _RECORDED_BY),
        query=_newest("silver.observations", "series_id, event_time"),
    ),
    Function(
        name="covariates_as_of",
        meaning="What was known in advance about each interval, as it stood at a moment",
        parameters=(AS_OF, _RECORDED_BY),
        query=_newest("silver.covariates", "series_id, name, event_time"),
    ),
    Function(
        name="weather_as_of",
        meaning="Actual weather as it stood at a moment: one row per place, variable and hour",
        parameters=(AS_OF, _RECORDED_BY),
        query=_newest("silver.weather_observations", "location_id, variable, event_time"),
    ),
    Function(
        name="weather_forecasts_as_of",
        meaning="The newest weather forecast of each hour that was public at a moment",
        parameters=(AS_OF, _RECORDED_BY),
        query=_newest(
            "silver.weather_forecasts",
            "location_id, weather_model, variable, valid_time",
            ", ".join(step.sql for step in NEWEST_RUN),
        ),
    ),
    Function(
        name="forecasts_as_of",
        meaning="Our newest forecast of each hour at a moment: the champion, else the fallback",
        parameters=(
            Parameter("as_of", "TIMESTAMP", "only forecasts issued by then"),
            Parameter("kind", "STRING", "live, or replay of past days", "'live'"),
        ),
        query=newest_forecasts("run_kind = kind AND forecast_origin <= as_of"),
    ),
)

#: The end of an interval.
_END = "timestamp_seconds(unix_seconds(event_time) + resolution_minutes * 60)"

GAPS = View(
    name="gold.gaps",
    meaning="Every gap between two values of a series: from, until, and intervals missing. "
    "A change of resolution is none; a value that the source gave as null is one",
    columns=(
        *OBSERVATIONS.pick("series_id"),
        Column("gap_start", "timestamp", "End of the last interval before it", "UTC"),
        Column("gap_end", "timestamp", "Start of the first interval after it", "UTC"),
        Column("missing", "bigint", "Intervals missing, in the longer of the lengths around it"),
    ),
    query=f"""
        WITH held AS (
          SELECT series_id, event_time,
                 max_by(resolution_minutes, available_at) AS resolution_minutes
          FROM silver.observations GROUP BY series_id, event_time),
        reached AS (
          SELECT *, max(struct({_END} AS until, resolution_minutes AS minutes)) OVER (
              PARTITION BY series_id ORDER BY event_time
              ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
          FROM held)
        SELECT series_id, before.until AS gap_start, event_time AS gap_end,
               bigint(ceil((unix_seconds(event_time) - unix_seconds(before.until))
                           / (60 * greatest(before.minutes, resolution_minutes)))) AS missing
        FROM reached WHERE event_time > before.until""",
)

OBSERVATIONS_FILLED = View(
    name="gold.observations_filled",
    meaning="The newest values, and in gaps of at most two hours the straight line between their "
    "neighbours: filled_by names that rule, and is null where the value was observed",
    columns=(
        *OBSERVATIONS.pick("series_id", "event_time", "value", "unit", "resolution_minutes"),
        Column(
            "available_at",
            "timestamp",
            "When the value could first be known; of a filled one, both of its neighbours",
            "UTC",
        ),
        Column("filled_by", "string", "line_over_two_hours, or null where it was observed"),
    ),
    query="""
        WITH newest AS (
          SELECT series_id, event_time, value, unit, resolution_minutes, available_at FROM (
            SELECT *, row_number() OVER (
                PARTITION BY series_id, event_time ORDER BY available_at DESC) AS age
            FROM silver.observations)
          WHERE age = 1),
        pairs AS (
          SELECT *, lag(struct(event_time, value, resolution_minutes, available_at)) OVER (
              PARTITION BY series_id ORDER BY event_time) AS before
          FROM newest),
        gaps AS (
          SELECT *, (unix_seconds(event_time) - unix_seconds(before.event_time))
                    / (60 * resolution_minutes) AS steps
          FROM pairs WHERE before.resolution_minutes = resolution_minutes),
        filled AS (
          SELECT *, explode(sequence(1, int(steps) - 1)) AS step FROM gaps
          WHERE steps > 1 AND steps = floor(steps) AND (steps - 1) * resolution_minutes <= 120)
        SELECT *, CAST(NULL AS string) AS filled_by FROM newest
        UNION ALL
        SELECT series_id,
               timestamp_seconds(unix_seconds(before.event_time)
                                 + step * resolution_minutes * 60) AS event_time,
               before.value + (value - before.value) * step / steps AS value,
               unit, resolution_minutes,
               greatest(before.available_at, available_at) AS available_at,
               'line_over_two_hours' AS filled_by
        FROM filled""",
)

PUBLICATION_DELAYS = View(
    name="gold.publication_delays",
    meaning="Per data set the usual publication that the catalogue states, beside the hours from "
    "the end of an interval to its first value where that was seen to arrive",
    columns=(
        *DATA_SETS.pick("data_set", "publication", "basis"),
        Column("usual_hours", "double", "Delay that the catalogue states, if it is one", "h"),
        Column("n", "bigint", "First values that were seen to arrive"),
        Column("median_hours", "double", "Median of their delays", "h"),
        Column("p90_hours", "double", "Nine in ten came within so many", "h"),
    ),
    query=f"""
        WITH firsts AS (
          SELECT *, row_number() OVER (
              PARTITION BY series_id, event_time ORDER BY available_at) AS vintage
          FROM silver.observations),
        seen AS (
          SELECT l.data_set,
                 (unix_seconds(f.available_at) - unix_seconds({_END})) / 3600 AS hours
          FROM firsts f JOIN bronze.landings l USING (landing_id)
          WHERE f.vintage = 1 AND f.available_basis = 'observed'),
        observed AS (
          SELECT data_set, count(*) AS n, median(hours) AS median_hours,
                 percentile(hours, 0.9) AS p90_hours
          FROM seen GROUP BY data_set),
        usual AS (
          SELECT data_set, max_by(publication, since) AS publication,
                 max_by(basis, since) AS basis,
                 double(max_by(delay_hours, since)) AS usual_hours
          FROM silver.data_sets GROUP BY data_set)
        SELECT data_set, publication, basis, usual_hours, coalesce(n, 0) AS n, median_hours,
               p90_hours
        FROM usual LEFT JOIN observed USING (data_set)""",
)

VIEWS = (GAPS, OBSERVATIONS_FILLED, PUBLICATION_DELAYS)
