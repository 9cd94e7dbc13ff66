"""Bronze: what was received, as it was received, and what was refused."""

from lakehouse.tables.contract import Column, Rule, Table

LANDINGS = Table(
    name="bronze.landings",
    meaning="The manifest of the landing zone: one row per response body kept",
    key=("landing_id",),
    columns=(
        Column("landing_id", "string", "Hash of source, request, fetched_at and body"),
        Column("source", "string", "Who was asked"),
        Column("data_set", "string", "What was asked for"),
        Column("request", "string", "Path and query of the request"),
        Column("asked", "array<string>", "Source keys or locations asked for"),
        Column("window_start", "timestamp", "First event time asked for", "UTC"),
        Column("window_end", "timestamp", "End of the event times asked for, exclusive", "UTC"),
        Column("fetched_at", "timestamp", "When we fetched it", "UTC"),
        Column("status", "int", "HTTP status"),
        Column("content_type", "string", "HTTP content type"),
        Column("body_path", "string", "File of the body below the landing zone"),
        Column("body_sha256", "string", "Checksum of the body"),
        Column("body_bytes", "bigint", "Size of the body", "B"),
        Column("run_id", "string", "Run that fetched it", content=False),
    ),
)

#: What a body must be before its records are read. Columns: those of bronze.landings, and
#: `body` (text), `has_records` (the JSON is whole and holds what the source promises).
BODY_RULES = (
    Rule(
        "answered_ok",
        "status = 200",
        "concat('Expected status 200, got ', status, ' for ', request)",
    ),
    Rule(
        "content_type_json",
        "lower(content_type) LIKE '%json%'",
        "concat('Expected JSON, got content type \"', content_type, '\" for ', request)",
    ),
    Rule(
        "whole_json",
        "whole_json",
        "concat('The body of ', request, ' is not whole JSON; it begins with: ', left(body, 60))",
    ),
    Rule(
        "records_present",
        "records_present",
        "concat('The body of ', request, ' lacks what the source promises ({expected})')",
    ),
    Rule(
        "not_empty",
        "record_count > 0",
        "concat('The answer to ', request, ' holds no record')",
    ),
)

ENERGY_RECORDS = Table(
    name="bronze.energy_records",
    meaning="One row per raw record of an energy source or file, values as received",
    key=("landing_id", "record_index"),
    cluster_by=("fetched_at",),
    columns=(
        Column("landing_id", "string", "Body that holds the record"),
        Column("record_index", "int", "Position in the body, from 0"),
        Column("data_set", "string", "Data set of the record"),
        Column("fetched_at", "timestamp", "When we fetched it", "UTC"),
        Column("record", "string", "The record as received, as JSON"),
        Column("asked", "string", "Key asked for, where records do not name it", nullable=True),
        Column("window_start", "timestamp", "First event time asked for", "UTC"),
        Column("window_end", "timestamp", "End of the event times asked for, exclusive", "UTC"),
        Column("decimal", "string", "Decimal sign of a file's texts", nullable=True),
    ),
)

WEATHER_RECORDS = Table(
    name="bronze.weather_records",
    meaning="One row per location and time of an Open-Meteo answer, values as received",
    key=("landing_id", "record_index"),
    cluster_by=("fetched_at",),
    columns=(
        Column("landing_id", "string", "Body that holds the record"),
        Column("record_index", "int", "Position in the body: locations, then times, from 0"),
        Column("data_set", "string", "forecast, single_runs or archive"),
        Column("fetched_at", "timestamp", "When we fetched it", "UTC"),
        Column("request", "string", "Path and query; a single run is named in it"),
        Column("location_id", "string", "Location asked for at this place", nullable=True),
        Column("utc_offset_seconds", "string", "Offset of the times as received", nullable=True),
        Column("time", "string", "Time as received", nullable=True),
        Column("fields", "map<string,string>", "Variables and their text; null where missing"),
        Column("units", "map<string,string>", "Units as received"),
    ),
)

#: The record_index of a refusal that is about a whole body.
WHOLE_BODY = -1

QUARANTINE = Table(
    name="bronze.quarantine",
    meaning="Every refused record or body, the rule it broke, and why in a sentence",
    key=("table", "landing_id", "record_index", "rule"),
    columns=(
        Column("table", "string", "Table that refused it"),
        Column("landing_id", "string", "Body it came in"),
        Column("record_index", "int", "Position in the body; -1 is the whole body"),
        Column("rule", "string", "Name of the broken rule"),
        Column("reason", "string", "What was expected and what was there"),
        Column("record", "string", "The refused record, as JSON", nullable=True),
        Column("data_set", "string", "Data set it came from"),
        Column("fetched_at", "timestamp", "When we fetched it", "UTC"),
    ),
)

TABLES = (LANDINGS, ENERGY_RECORDS, WEATHER_RECORDS, QUARANTINE)
