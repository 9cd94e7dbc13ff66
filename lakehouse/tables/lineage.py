"""What each forecast was made from: model, training, weather run, and the bodies of its values.

`spark_jobs.explain` walks the same chain for one forecast, down to the files.
"""

from lakehouse.tables.contract import Column, View
from lakehouse.tables.gold import FORECASTS, TRAINING_RUNS

#: So many days before its target a model may look back.
PAST_DAYS = 42


def _bodies(name: str, of_what: str) -> Column:
    return Column(name, "array<string>", f"landing_id of the bodies {of_what} came in, sorted")


def _known(table: str, of_what: str, key: str, minutes: str) -> str:
    """Per series and origin how many values of the past window were known, and their bodies."""
    return f"""
          SELECT series_id, forecast_origin, count(*) AS n,
                 array_sort(collect_set(landing_id)) AS landings
          FROM (
            SELECT g.series_id, g.forecast_origin, {key},
                   max_by(v.landing_id, v.available_at) AS landing_id
            FROM origins g JOIN {table} v ON v.{of_what} = g.{of_what}
              AND v.available_at <= g.forecast_origin
              AND v.event_time < g.target_start
              AND unix_seconds(v.event_time) + {minutes} * 60
                  > unix_seconds(g.target_start - INTERVAL {PAST_DAYS * 24} HOURS)
            GROUP BY ALL)
          GROUP BY ALL"""


FORECAST_LINEAGE = View(
    name="gold.forecast_lineage",
    meaning="What each forecast was made from: its model and training, the weather run, and the "
    "bodies in the landing zone that held what was known at the origin",
    columns=(
        *FORECASTS.pick(*FORECASTS.key, "forecast_source", "feature_version", "mlflow_run_id"),
        Column("trained_as_of", "timestamp", "Only what was known then was learnt from", "UTC"),
        *TRAINING_RUNS.pick("train_from", "train_to", "holdout_from", "holdout_to"),
        *FORECASTS.pick("history_end"),
        Column("n_observations", "bigint", "Intervals known of the days looked back on"),
        _bodies("observation_landings", "they"),
        Column("weather_issue_time", "timestamp", "Oldest weather run of the hour", "UTC"),
        Column("weather_available_at", "timestamp", "When the newest of it was public", "UTC"),
        _bodies("weather_landings", "the weather forecast of the hour"),
        _bodies("past_weather_landings", "the actual weather looked back on"),
        *FORECASTS.pick("produced_at", "run_id"),
    ),
    query=f"""
        WITH origins AS (
          SELECT f.series_id, s.location_id, f.forecast_origin,
                 to_utc_timestamp(
                     date(from_utc_timestamp(min(f.valid_time), first(s.timezone))),
                     first(s.timezone)) AS target_start
          FROM gold.forecasts f JOIN silver.series s USING (series_id)
          GROUP BY f.series_id, s.location_id, f.forecast_origin),
        observed AS ({
        _known("silver.observations", "series_id", "v.event_time", "v.resolution_minutes")
    }),
        past_weather AS ({
        _known("silver.weather_observations", "location_id", "v.variable, v.event_time", "60")
    }),
        hours AS (
          SELECT DISTINCT f.series_id, g.location_id, f.forecast_origin,
                 date_trunc('HOUR', f.valid_time) AS hour
          FROM gold.forecasts f JOIN origins g USING (series_id, forecast_origin)),
        weather AS (
          SELECT series_id, forecast_origin, hour, min(run.issue_time) AS issue_time,
                 max(run.available_at) AS available_at,
                 array_sort(collect_set(run.landing_id)) AS landings
          FROM (
            SELECT h.series_id, h.forecast_origin, h.hour, w.variable,
                   max_by(struct(w.issue_time, w.available_at, w.landing_id),
                          struct(w.available_at, w.issue_time)) AS run
            FROM hours h JOIN silver.weather_forecasts w ON w.location_id = h.location_id
              AND w.valid_time = h.hour AND w.available_at <= h.forecast_origin
            GROUP BY ALL)
          GROUP BY ALL)
        SELECT f.series_id, f.forecast_origin, f.valid_time, f.model_name, f.model_version,
               f.run_kind, f.forecast_source, f.feature_version,
               coalesce(f.mlflow_run_id, t.mlflow_run_id) AS mlflow_run_id,
               t.as_of AS trained_as_of, t.train_from, t.train_to, t.holdout_from, t.holdout_to,
               f.history_end, o.n AS n_observations, o.landings AS observation_landings,
               w.issue_time AS weather_issue_time, w.available_at AS weather_available_at,
               w.landings AS weather_landings, p.landings AS past_weather_landings,
               f.produced_at, f.run_id
        FROM gold.forecasts f
        LEFT JOIN gold.training_runs t ON t.series_group = f.series_group
          AND t.model_name = f.model_name AND t.model_version = f.model_version
        LEFT JOIN observed o USING (series_id, forecast_origin)
        LEFT JOIN past_weather p USING (series_id, forecast_origin)
        LEFT JOIN weather w
          ON w.series_id = f.series_id AND w.forecast_origin = f.forecast_origin
            AND w.hour = date_trunc('HOUR', f.valid_time)""",
)

VIEWS = (FORECAST_LINEAGE,)
