"""Landed bodies -> bronze records and, for bodies that are not what was asked for, quarantine."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.arrow import ArrowTables
from lakehouse.errors import BadInput
from lakehouse.landing import LandingZone
from lakehouse.places import spark_uri
from lakehouse.spark.local import local_frame
from lakehouse.spark.quality import refused, with_broken_rule
from lakehouse.spark.tables import SparkTables, struct_type
from lakehouse.tables import Rule, Table
from lakehouse.tables.bronze import (
    BODY_RULES,
    ENERGY_RECORDS,
    LANDINGS,
    QUARANTINE,
    WEATHER_RECORDS,
    WHOLE_BODY,
)
from sources import energi_data_service, octopus, open_meteo
from spark_jobs.file_records import file_records

#: The sources whose answers are objects that keep their records in a list, each under a name.
_ENERGY = (energi_data_service, octopus)
_LISTS = sorted({source.RECORDS for source in _ENERGY})
_ENERGY_JSON = f"struct<{', '.join(f'{name}:array<string>' for name in _LISTS)},_broken:string>"
_WHENS = (f"WHEN '{source.SOURCE}' THEN json.{source.RECORDS}" for source in _ENERGY)
_RECORDS = f"CASE source {' '.join(_WHENS)} END"
_EXPECTED = ", ".join(f"{source.SOURCE} '{source.RECORDS}'" for source in _ENERGY)
_WEATHER_JSON = (
    "array<struct<utc_offset_seconds:string,hourly_units:map<string,string>,"
    "hourly:map<string,array<string>>>>"
)
#: What could be read in the shape that is asked for; JSON of another shape could not.
_ENERGY_READ = "(json IS NOT NULL AND json._broken IS NULL)"
_WEATHER_READ = "(json IS NOT NULL AND NOT exists(json, p -> p IS NULL))"
#: What a record has from its landing.
_OF_THE_LANDING = ("landing_id", "data_set", "fetched_at", "window_start", "window_end")
_JSON_OPTIONS = {"columnNameOfCorruptRecord": "_broken"}

_BULK_BYTES = 2_000_000
#: Characters of a refused body that the quarantine shows.
_SHOWN = 2000

Landings = Sequence[dict[str, Any]]


def landed_bodies(tables: SparkTables, zone: LandingZone, landings: Landings) -> DataFrame:
    """The manifest rows with their bodies as text, in column `body`."""
    files = [spark_uri(zone.path(row["body_path"])) for row in landings]
    texts = tables.spark.read.text(files, wholetext=True).select(
        F.regexp_extract("_metadata.file_name", r"^(.*)\.body$", 1).alias("landing_id"),
        F.col("value").alias("body"),
    )
    manifest = local_frame(tables.spark, landings, struct_type(LANDINGS))
    return F.broadcast(manifest).join(texts, on="landing_id", how="left").fillna({"body": ""})


def judged_energy(bodies: DataFrame) -> DataFrame:
    """Bodies as text -> `judged_answers`."""
    parsed = bodies.withColumn("json", F.from_json("body", _ENERGY_JSON, _JSON_OPTIONS))
    return judged_answers(parsed.withColumn("records", F.expr(_RECORDS)))


def judged_answers(parsed: DataFrame) -> DataFrame:
    """Answers with `records`, `record_count` and the rule they break, if any.

    `parsed`: manifest rows with `body`, `records`, and `json`, null or with `_broken` where the
    body could not be read.
    """
    return with_broken_rule(
        parsed.withColumns(
            {
                "whole_json": F.expr(f"{_ENERGY_READ} OR try_parse_json(body) IS NOT NULL"),
                "records_present": F.expr(
                    f"{_ENERGY_READ} AND records IS NOT NULL "
                    "AND NOT exists(records, r -> r IS NULL OR NOT startswith(r, '{'))"
                ),
                "record_count": F.expr("size(records)"),
            }
        ),
        _body_rules(f"a list of objects: {_EXPECTED}"),
    ).drop("json")


def energy_records(judged: DataFrame) -> DataFrame:
    """Bodies that keep the rules -> bronze.energy_records."""
    records = (
        judged.where("broken IS NULL")
        .select(
            *_OF_THE_LANDING,
            F.expr(f"CASE WHEN source = '{octopus.SOURCE}' THEN get(asked, 0) END AS asked"),
            F.lit(None).cast("string").alias("decimal"),
            F.posexplode("records"),
        )
        .withColumnsRenamed({"pos": "record_index", "col": "record"})
    )  # fmt: skip
    return records.select(*ENERGY_RECORDS.column_names)


def judged_weather(bodies: DataFrame) -> DataFrame:
    """Open-Meteo bodies with `json`, `record_count` and the rule they break, if any.

    One answer is an object, or a list of objects where several locations were asked for. All
    lists of one object must have the length of its `time`.
    """
    parsed = bodies.withColumn("json", F.from_json("body", _WEATHER_JSON))
    return with_broken_rule(
        parsed.withColumns(
            {
                "whole_json": F.expr(f"{_WEATHER_READ} OR try_parse_json(body) IS NOT NULL"),
                "records_present": F.expr(
                    f"{_WEATHER_READ} AND forall(json, p -> p.hourly['time'] IS NOT NULL AND "
                    "forall(map_values(p.hourly), v -> size(v) = size(p.hourly['time'])))"
                ),
                "record_count": F.expr("aggregate(json, 0, (n, p) -> n + size(p.hourly['time']))"),
            }
        ),
        _body_rules("per location an object 'hourly' of equally long lists with 'time'"),
    )


def weather_records(judged: DataFrame) -> DataFrame:
    """Bodies that keep the rules -> bronze.weather_records."""
    # Places may differ in how many hours they have; records are counted through the whole body.
    each = F.expr(
        "transform(json, (p, i) -> struct(i AS place, p AS answer, aggregate("
        "slice(json, 1, i), 0, (n, earlier) -> n + size(earlier.hourly['time'])) AS before))"
    )
    places = judged.where("broken IS NULL").select(
        "landing_id", "data_set", "fetched_at", "request", "asked", F.inline(each)
    )
    # The lists are turned into rows before they are exploded: no row carries whole lists along.
    rows = F.expr(
        "transform(answer.hourly['time'], (t, i) -> struct(t AS time, transform_values("
        "map_filter(answer.hourly, (k, v) -> k != 'time'), (k, v) -> v[i]) AS fields))"
    )
    records = places.select(
        "landing_id",
        "data_set",
        "fetched_at",
        "request",
        F.expr("get(asked, place)").alias("location_id"),
        F.col("answer.utc_offset_seconds").alias("utc_offset_seconds"),
        F.expr("coalesce(answer.hourly_units, map())").alias("units"),
        "before",
        F.posexplode(rows).alias("position", "row"),
    ).select("*", "row.*", F.expr("int(before + position)").alias("record_index"))
    return records.select(*WEATHER_RECORDS.column_names)


def run(
    tables: SparkTables, arrow: ArrowTables, zone: LandingZone, landings: Landings
) -> dict[str, int]:
    """Bring pending landings into bronze. Refusals are written before records.

    The records of a body are appended in one commit, so a body of which bronze holds a record
    is there whole: running again appends nothing. Returns rows written per table.
    """
    written = {QUARANTINE.name: 0}
    for name, judge, records, target in (
        ("energy", judged_energy, energy_records, ENERGY_RECORDS),
        ("weather", judged_weather, weather_records, WEATHER_RECORDS),
    ):
        pending = not_held(arrow, target, [row for row in landings if kind(row) == name])
        if not pending:
            continue
        judged = _without_good_bodies(judge(landed_bodies(tables, zone, pending))).localCheckpoint()
        counts = judged.agg(
            F.expr("count_if(broken IS NOT NULL)").alias("refused"),
            F.expr("coalesce(sum(record_count) FILTER (WHERE broken IS NULL), 0)").alias("records"),
        ).first()
        assert counts is not None
        if counts["refused"]:
            written[QUARANTINE.name] += refuse(tables, _refused_bodies(judged, target), pending)
        if counts["records"]:
            tables.append(target, records(judged))
        written[target.name] = counts["records"]
    files = not_held(arrow, ENERGY_RECORDS, [row for row in landings if kind(row) == "file"])
    if files:
        _take_in_files(tables, zone, files, written)
    return written


def kind(landing: dict[str, Any]) -> str:
    """How a body is read: `file`, `weather` or `energy`."""
    if landing["request"].startswith("/file/"):
        return "file"
    return "weather" if landing["source"] == open_meteo.SOURCE else "energy"


def _take_in_files(
    tables: SparkTables, zone: LandingZone, landings: Landings, written: dict[str, int]
) -> None:
    """Files are read by the driver: few, and each in memory once."""
    for landing in landings:
        body = zone.path(landing["body_path"]).read_bytes()
        try:
            found = file_records(body, landing["content_type"])
        except BadInput as fault:
            written[QUARANTINE.name] += _refuse_file(tables, landing, "file_is_readable", fault)
            continue
        if not found.records:
            written[QUARANTINE.name] += _refuse_file(tables, landing, "not_empty", "no record")
            continue
        records = (
            ENERGY_RECORDS.row(
                **{name: landing[name] for name in _OF_THE_LANDING},
                record_index=i,
                record=json.dumps(fields, ensure_ascii=False),
                decimal=found.decimal,
            )
            for i, fields in enumerate(found.records)
        )
        rows = local_frame(tables.spark, records, struct_type(ENERGY_RECORDS))
        tables.append(ENERGY_RECORDS, rows)
        written[ENERGY_RECORDS.name] = written.get(ENERGY_RECORDS.name, 0) + len(found.records)


def _refuse_file(tables: SparkTables, landing: dict[str, Any], rule: str, was: object) -> int:
    refused = QUARANTINE.row(
        **{name: landing[name] for name in ("landing_id", "data_set", "fetched_at")},
        table=ENERGY_RECORDS.name,
        record_index=WHOLE_BODY,
        rule=rule,
        reason=f"Expected a file with a header and records in {landing['request']}: {was}",
    )
    rows = local_frame(tables.spark, [refused], struct_type(QUARANTINE))
    return refuse(tables, rows, [landing])


def refuse(tables: SparkTables, rows: DataFrame, landings: Landings) -> int:
    """Put refusals of some landings into the quarantine, once; returns how many are new."""
    return tables.insert_new(QUARANTINE, rows, since=("fetched_at", first_fetch(landings)))


def is_bulk(landings: Landings) -> bool:
    """Whether a batch is large beside Spark's own overhead."""
    size: int = sum(row["body_bytes"] for row in landings)
    return size > _BULK_BYTES


def first_fetch(landings: Landings) -> datetime:
    """When the oldest of some landings was fetched."""
    first: datetime = min(row["fetched_at"] for row in landings)
    return first


def not_held(arrow: ArrowTables, target: Table, landings: Landings) -> Landings:
    """The landings of which a table of records holds none."""
    if not landings:
        return []
    held = arrow.read(target, ["landing_id"], [("fetched_at", ">=", first_fetch(landings))])
    seen = set(held.column("landing_id").unique().to_pylist())
    return [row for row in landings if row["landing_id"] not in seen]


def _body_rules(expected: str) -> tuple[Rule, ...]:
    sentence = expected.replace("'", "\\'")
    return tuple(
        Rule(rule.name, rule.condition, rule.reason.replace("{expected}", sentence))
        for rule in BODY_RULES
    )


def _without_good_bodies(judged: DataFrame) -> DataFrame:
    """The text of a body is kept where it was refused, as far as a person reads it."""
    text = F.when(F.col("broken").isNotNull(), F.left("body", F.lit(_SHOWN)))
    return judged.withColumn("body", text)


def _refused_bodies(judged: DataFrame, target: Table) -> DataFrame:
    whole = judged.withColumns(
        {
            "record_index": F.lit(WHOLE_BODY),
            "record": F.col("body"),
        }
    )
    return refused(whole, target.name)
