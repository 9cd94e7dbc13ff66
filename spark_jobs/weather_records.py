"""Raw weather records -> typed candidates, one per variable. Pure."""

from collections.abc import Iterable

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.catalogue import WEATHER_VARIABLES, Catalogue
from sources.open_meteo import PREVIOUS_RUNS, SINGLE_RUNS
from spark_jobs.records import ISO_TIME
from spark_jobs.vintages import usual_publication

#: Units that Open-Meteo promises for what the clients ask for.
WEATHER_UNITS = {
    "temperature_2m": "°C",
    "precipitation": "mm",
    "cloud_cover": "%",
    "wind_speed_10m": "m/s",
}
_RESOLUTION_MINUTES = 60


def weather_candidates(records: DataFrame, catalogue: Catalogue, names: Iterable[str]) -> DataFrame:
    """bronze.weather_records -> one candidate per variable, for both silver weather tables.

    names: the data sets that may be among the records. Adds issue_time, issue_basis and
    weather_model (forecasts) and the usual publication time (actual weather). Previous runs give
    one candidate per variable and day before.
    """
    typed = (
        records.select("*", F.inline(F.expr(_wanted(catalogue, names))))
        .withColumnRenamed("time", "time_text")
        .withColumns(
            {
                "variable_present": F.expr("map_contains_key(fields, field)"),
                "value_text": F.expr("fields[field]"),
                "unit": F.expr("units[field]"),
                "event_time": F.expr(ISO_TIME),
            }
        )
        .withColumn("value", F.expr("try_cast(value_text AS double)"))
    )
    weather = catalogue.weather
    judged = typed.withColumn("resolution_minutes", F.lit(_RESOLUTION_MINUTES))
    return judged.withColumns(
        {
            "usual_at": usual_publication(weather.actual),
            "basis": F.lit(weather.actual.basis),
            "record": F.to_json("fields"),
            "weather_model": F.lit(weather.weather_model),
            "issue_basis": F.expr(
                f"CASE WHEN '{weather.issue_basis}' = 'simulated' THEN 'simulated' "
                f"WHEN data_set = '{SINGLE_RUNS}' THEN 'run' "
                f"WHEN data_set = '{PREVIOUS_RUNS}' THEN 'derived' ELSE 'fetched' END"
            ),
            "issue_time": F.expr(_issue_time(catalogue)),
            "available_at": F.expr(
                f"CASE WHEN data_set IN ('{SINGLE_RUNS}', '{PREVIOUS_RUNS}') "
                "OR issue_basis = 'simulated' "
                f"THEN issue_time + INTERVAL {weather.run_delay_hours} HOURS "
                "ELSE fetched_at END"
            ),
        }
    )


def _wanted(catalogue: Catalogue, names: Iterable[str]) -> str:
    """What a record must hold: structs of variable, field, unit, and days before (0: none)."""
    plain = [_struct(name, name, 0) for name in WEATHER_VARIABLES]
    if PREVIOUS_RUNS not in names:
        return f"array({', '.join(plain)})"
    earlier = [
        _struct(name, f"{name}_previous_day{days}", days)
        for name in WEATHER_VARIABLES
        for days in catalogue.weather.previous_run_days
    ]
    return (
        f"CASE WHEN data_set = '{PREVIOUS_RUNS}' THEN array({', '.join(earlier)}) "
        f"ELSE array({', '.join(plain)}) END"
    )


def _struct(variable: str, field: str, days_before: int) -> str:
    return (
        f"named_struct('variable', '{variable}', 'field', '{field}', "
        f"'expected_unit', '{WEATHER_UNITS[variable]}', 'days_before', {days_before})"
    )


def _issue_time(catalogue: Catalogue) -> str:
    """When a forecast was made: the run it names, so many days before; else when it was fetched.

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
        f"CASE WHEN data_set = '{SINGLE_RUNS}' THEN try_cast(replace(regexp_extract("
        f"request, 'run=([^&]+)', 1), '%3A', ':') AS timestamp) "
        f"WHEN data_set = '{PREVIOUS_RUNS}' THEN event_time - make_dt_interval(days_before) "
        f"ELSE {answered} END"
    )
