"""Raw records -> typed candidates, with what their rules need to judge them. Pure."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.catalogue import WEATHER_VARIABLES, Catalogue, Publication
from lakehouse.spark.local import local_frame
from spark_jobs.vintages import usual_publication

#: Units that Open-Meteo promises for what the clients ask for.
WEATHER_UNITS = {
    "temperature_2m": "°C",
    "precipitation": "mm",
    "cloud_cover": "%",
    "wind_speed_10m": "m/s",
}
_WEATHER_RESOLUTION_MINUTES = 60
_ISO = r"^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d(:\\d\\d)?$"


def energy_candidates(records: DataFrame, catalogue: Catalogue) -> DataFrame:
    """bronze.energy_records -> one candidate per record, for silver.observations.

    Adds the series it belongs to, the typed time and value, the usual publication time, and
    whether its body also gives another value for its key and time.
    """
    typed = (
        records.join(F.broadcast(_data_sets(records, catalogue)), on="data_set", how="left")
        .withColumns(
            {
                "missing_fields": F.expr(
                    "filter(concat(array(time_column, value_column), key_columns), "
                    "c -> NOT map_contains_key(fields, c))"
                ),
                "time_text": F.expr("fields[time_column]"),
                "value_text": F.expr("fields[value_column]"),
                "source_key": F.expr("array_join(transform(key_columns, c -> fields[c]), '|')"),
            }
        )
        .withColumns(
            {
                "event_time": F.expr(
                    f"CASE WHEN time_text RLIKE '{_ISO}' THEN try_cast(time_text AS timestamp) END"
                ),
                "value": F.expr("try_cast(value_text AS double)"),
            }
        )
    )
    named = typed.join(
        F.broadcast(_series(records, catalogue)), on=["data_set", "source_key"], how="left"
    )
    return _with_conflicts(named, ["data_set", "source_key"]).withColumn(
        "usual_at", usual_publication()
    )


def weather_candidates(records: DataFrame, catalogue: Catalogue) -> DataFrame:
    """bronze.weather_records -> one candidate per variable, for both silver weather tables.

    Adds issue_time, issue_basis and weather_model (forecasts) and the usual publication time
    (actual weather).
    """
    wanted = F.array(
        *(
            F.struct(F.lit(name).alias("variable"), F.lit(unit).alias("expected_unit"))
            for name, unit in ((v, WEATHER_UNITS[v]) for v in WEATHER_VARIABLES)
        )
    )
    typed = (
        records.select("*", F.inline(wanted))
        .withColumnRenamed("time", "time_text")
        .withColumns(
            {
                "variable_present": F.expr("map_contains_key(fields, variable)"),
                "value_text": F.expr("fields[variable]"),
                "unit": F.expr("units[variable]"),
                "event_time": F.expr(
                    f"CASE WHEN time_text RLIKE '{_ISO}' THEN try_cast(time_text AS timestamp) END"
                ),
            }
        )
        .withColumn("value", F.expr("try_cast(value_text AS double)"))
    )
    weather = catalogue.weather
    rule = {name: F.lit(value) for name, value in _publication(weather.actual).items()}
    rule["resolution_minutes"] = F.lit(_WEATHER_RESOLUTION_MINUTES)
    judged = _with_conflicts(typed, ["location_id", "variable"]).withColumns(rule)
    return judged.withColumn("usual_at", usual_publication()).withColumns(
        {
            "weather_model": F.lit(weather.weather_model),
            "issue_basis": F.expr(
                f"CASE WHEN '{weather.issue_basis}' = 'simulated' THEN 'simulated' "
                "WHEN data_set = 'single_runs' THEN 'run' ELSE 'fetched' END"
            ),
            "issue_time": F.expr(_issue_time(catalogue)),
            "available_at": F.expr(
                "CASE WHEN data_set = 'single_runs' OR issue_basis = 'simulated' "
                f"THEN issue_time + INTERVAL {weather.run_delay_hours} HOURS "
                "ELSE fetched_at END"
            ),
        }
    )


def _issue_time(catalogue: Catalogue) -> str:
    """When a forecast was made: the run it names; else when it was fetched.

    A simulated answer follows the simulated schedule: the newest run public when it was fetched.
    """
    weather = catalogue.weather
    step = 24 // len(weather.run_hours) * 3600
    newest = (
        f"timestamp_seconds(floor((unix_seconds(fetched_at) - {weather.run_delay_hours * 3600})"
        f" / {step}) * {step})"
    )
    answered = newest if weather.issue_basis == "simulated" else "fetched_at"
    return (
        "CASE WHEN data_set = 'single_runs' THEN try_cast(replace(regexp_extract("
        f"request, 'run=([^&]+)', 1), '%3A', ':') AS timestamp) ELSE {answered} END"
    )


def _with_conflicts(candidates: DataFrame, key: list[str]) -> DataFrame:
    """Adds `conflicting`: whether the record's body gives another value for the same key."""
    same = Window.partitionBy("landing_id", *key, "event_time")
    return candidates.withColumn(
        "conflicting",
        F.coalesce(F.min("value").over(same) < F.max("value").over(same), F.lit(False)),
    )


def _data_sets(records: DataFrame, catalogue: Catalogue) -> DataFrame:
    rows = [
        {
            "data_set": name,
            "time_column": data_set.time_column,
            "value_column": data_set.value_column,
            "key_columns": list(data_set.key_columns),
            "resolution_minutes": data_set.resolution_minutes,
            "unit": data_set.unit,
            **_publication(data_set.publication),
        }
        for name, data_set in catalogue.data_sets.items()
    ]
    schema = (
        "data_set string, time_column string, value_column string, key_columns array<string>, "
        "resolution_minutes int, unit string, publication_rule string, basis string, "
        "delay_hours int, publish_at string, publish_zone string"
    )
    return local_frame(records.sparkSession, rows, schema)


def _series(records: DataFrame, catalogue: Catalogue) -> DataFrame:
    rows = [
        {
            "data_set": series.data_set,
            "source_key": "|".join(series.source_key),
            "series_id": series.series_id,
        }
        for series in catalogue.series.values()
    ]
    schema = "data_set string, source_key string, series_id string"
    return local_frame(records.sparkSession, rows, schema)


def _publication(publication: Publication) -> dict[str, str | int]:
    return {
        "publication_rule": publication.rule,
        "basis": publication.basis,
        "delay_hours": publication.delay_hours,
        "publish_at": publication.at.isoformat() if publication.at else "00:00:00",
        "publish_zone": publication.timezone,
    }
