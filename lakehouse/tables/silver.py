"""Silver: typed, bitemporal, every vintage kept."""

from lakehouse.tables.contract import Column, Rule, Table

SERIES = Table(
    name="silver.series",
    meaning="The series of the catalogue",
    key=("series_id",),
    columns=(
        Column("series_id", "string", "One time series"),
        Column("series_group", "string", "Series that share one model"),
        Column("description", "string", "What it measures"),
        Column("unit", "string", "Unit of its values"),
        Column("kind", "string", "energy (intervals sum up), price or power (they average)"),
        Column("timezone", "string", "Zone whose local days are forecast"),
        Column("resolution_minutes", "int", "Interval that is forecast", "min"),
        Column("data_set", "string", "Where its records come from"),
        Column("source_key", "string", "Its key in that data set"),
        Column("tariff", "string", "Rule by which it is derived from them", nullable=True),
        Column("location_id", "string", "Location whose weather it uses", nullable=True),
    ),
)

DATA_SETS = Table(
    name="silver.data_sets",
    meaning="The data sets of the catalogue and when their values usually become known",
    key=("data_set", "since"),
    columns=(
        Column("data_set", "string", "One data set of a source"),
        Column("since", "timestamp", "What is fetched from then on follows this version", "UTC"),
        Column("source", "string", "energi_data_service, octopus or file"),
        Column("unit", "string", "Unit of its values"),
        Column("resolution_minutes", "int", "Interval of its newest values", "min"),
        Column("publication", "string", "Usual publication, in words"),
        Column("basis", "string", "assumed or simulated"),
        Column("delay_hours", "int", "After the interval's end; by a clock where null", "h", True),
    ),
)

LOCATIONS = Table(
    name="silver.locations",
    meaning="Places whose weather is collected",
    key=("location_id",),
    columns=(
        Column("location_id", "string", "One place"),
        Column("name", "string", "Its name"),
        Column("latitude", "double", "Latitude asked for", "°N"),
        Column("longitude", "double", "Longitude asked for", "°E"),
    ),
)

#: Rules over a typed candidate record. Columns: `record`, `missing_fields`, `time_text`,
#: `time_fault`, `timezone`, `event_time`, `value_text`, `value`, `series_id`, `source_key`,
#: `resolution_minutes`, `conflicting` (the body gives another value for the key, too), `data_set`.
OBSERVATION_RULES = (
    Rule(
        "fields_present",
        "size(missing_fields) = 0",
        "concat('The record of ', data_set, ' lacks ', array_join(missing_fields, ', '), "
        "'; it has ', array_join(json_object_keys(record), ', '))",
    ),
    Rule(
        "local_time_exists",
        "coalesce(time_fault, '') <> 'skipped'",
        "concat('The clock of ', timezone, ' never shows ', time_text, ': summer time begins. If "
        "every day of the source has 24 hours, its zone is an offset such as +01:00')",
    ),
    Rule(
        "local_time_told_apart",
        "coalesce(time_fault, '') <> 'ambiguous'",
        "concat('The clock of ', timezone, ' shows ', time_text, ' twice; expected two records of "
        "it in the body. Give the times in UTC or with their offset')",
    ),
    Rule(
        "time_is_readable",
        "event_time IS NOT NULL",
        "concat('Expected a time such as 2024-10-18T07:00:00, or of the form given for the data "
        "set, got \"', coalesce(time_text, 'nothing'), '\"')",
    ),
    Rule(
        "time_on_the_grid",
        "unix_seconds(event_time) % (resolution_minutes * 60) = 0",
        "concat('Expected a multiple of ', resolution_minutes, ' minutes, got ', time_text)",
    ),
    Rule(
        "series_known",
        "series_id IS NOT NULL",
        "concat('No series of the catalogue has the key ', source_key, ' in ', data_set)",
    ),
    Rule(
        "value_is_a_number",
        "value_text IS NULL OR (value IS NOT NULL AND NOT isnan(value) AND abs(value) < 1e12)",
        "concat('Expected a finite number, got \"', value_text, '\"')",
    ),
    Rule(
        "one_value_per_key",
        "NOT conflicting",
        "concat('One body gives different values for ', source_key, ' at ', time_text)",
    ),
)

#: Of those, what is asked of a covariate: its record's own rules are told by the observations.
COVARIATE_RULES = tuple(
    rule for rule in OBSERVATION_RULES if rule.name in ("value_is_a_number", "one_value_per_key")
)

OBSERVATIONS = Table(
    name="silver.observations",
    meaning="Every vintage of every observed value and its interval, by when it became known",
    key=("series_id", "event_time", "available_at"),
    cluster_by=("event_time",),
    rules=OBSERVATION_RULES,
    columns=(
        Column("series_id", "string", "One time series"),
        Column("event_time", "timestamp", "Start of the interval", "UTC"),
        Column("available_at", "timestamp", "When the world could first know this value", "UTC"),
        Column("value", "double", "Value in the series' unit"),
        Column("unit", "string", "Unit of the value"),
        Column("resolution_minutes", "int", "Length of the interval, as it came", "min"),
        Column("available_basis", "string", "observed, assumed or simulated"),
        Column("recorded_at", "timestamp", "When we fetched it", "UTC"),
        Column("landing_id", "string", "Body that it came in"),
    ),
)

COVARIATES = Table(
    name="silver.covariates",
    meaning="Every vintage of what is known in advance about the intervals of a series",
    key=("series_id", "name", "event_time", "available_at"),
    cluster_by=("event_time",),
    rules=COVARIATE_RULES,
    columns=(
        Column("series_id", "string", "One time series"),
        Column("name", "string", "Column of the data set"),
        Column("event_time", "timestamp", "Start of the interval", "UTC"),
        Column("available_at", "timestamp", "When the world could first know this value", "UTC"),
        Column("value", "double", "Value as given"),
        Column("resolution_minutes", "int", "Length of the interval, as it came", "min"),
        Column("available_basis", "string", "observed, assumed or simulated"),
        Column("recorded_at", "timestamp", "When we fetched it", "UTC"),
        Column("landing_id", "string", "Body that it came in"),
    ),
)

#: Rules over one variable of one weather record. Columns: `time_text`, `event_time`,
#: `utc_offset_seconds`, `location_id`, `variable`, `value_text`, `value`, `unit`,
#: `expected_unit`, `conflicting`.
WEATHER_RULES = (
    Rule(
        "time_is_utc",
        "event_time IS NOT NULL AND utc_offset_seconds = '0'",
        "concat('Expected times in UTC, got \"', coalesce(time_text, 'nothing'), "
        "'\" at an offset of ', coalesce(utc_offset_seconds, 'no'), ' seconds')",
    ),
    Rule(
        "location_known",
        "location_id IS NOT NULL",
        "concat('The body holds more locations than were asked for, at ', time_text)",
    ),
    Rule(
        "variable_present",
        "variable_present",
        "concat('The body lacks the variable ', variable, ' that was asked for')",
    ),
    Rule(
        "unit_as_asked",
        "unit = expected_unit",
        "concat('Expected ', variable, ' in ', expected_unit, ', got ', coalesce(unit, 'no unit'))",
    ),
    Rule(
        "value_is_a_number",
        "value_text IS NULL OR (value IS NOT NULL AND NOT isnan(value) AND abs(value) < 1e6)",
        "concat('Expected a finite number for ', variable, ', got \"', value_text, '\"')",
    ),
    Rule(
        "one_value_per_key",
        "NOT conflicting",
        "concat('One body gives different values of ', variable, ' for ', location_id, ' at ', "
        "time_text)",
    ),
)

WEATHER_OBSERVATIONS = Table(
    name="silver.weather_observations",
    meaning="Every vintage of actual weather",
    key=("location_id", "variable", "event_time", "available_at"),
    cluster_by=("event_time",),
    rules=WEATHER_RULES,
    columns=(
        Column("location_id", "string", "One place"),
        Column("variable", "string", "Name of the variable, as Open-Meteo spells it"),
        Column("event_time", "timestamp", "Hour that the value is about", "UTC"),
        Column("available_at", "timestamp", "When the world could first know this value", "UTC"),
        Column("value", "double", "Value in `unit`"),
        Column("unit", "string", "Unit of the value"),
        Column("available_basis", "string", "observed, assumed or simulated"),
        Column("recorded_at", "timestamp", "When we fetched it", "UTC"),
        Column("landing_id", "string", "Body that it came in"),
    ),
)

WEATHER_FORECASTS = Table(
    name="silver.weather_forecasts",
    meaning="Every weather forecast value collected, by when it was made",
    key=("location_id", "weather_model", "variable", "issue_time", "valid_time"),
    cluster_by=("issue_time",),
    rules=WEATHER_RULES,
    columns=(
        Column("location_id", "string", "One place"),
        Column("weather_model", "string", "Weather model asked for"),
        Column("variable", "string", "Name of the variable, as Open-Meteo spells it"),
        Column("issue_time", "timestamp", "When the forecast was made", "UTC"),
        Column("valid_time", "timestamp", "Hour that the forecast is about", "UTC"),
        Column("available_at", "timestamp", "When the world could first know it", "UTC"),
        Column("value", "double", "Forecast value in `unit`"),
        Column("unit", "string", "Unit of the value"),
        Column("issue_basis", "string", "run, derived, fetched or simulated"),
        Column("recorded_at", "timestamp", "When we fetched it", "UTC"),
        Column("landing_id", "string", "Body that it came in"),
    ),
)

TABLES = (
    SERIES,
    DATA_SETS,
    LOCATIONS,
    OBSERVATIONS,
    COVARIATES,
    WEATHER_OBSERVATIONS,
    WEATHER_FORECASTS,
)
