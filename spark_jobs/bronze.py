"""Landed bodies -> bronze records and, for bodies that are not what was asked for, quarantine."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.arrow import ArrowTables
from lakehouse.landing import LandingZone
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

_ENERGY_JSON = "struct<records:array<map<string,string>>,_broken:string>"
_WEATHER_JSON = (
    "array<struct<utc_offset_seconds:string,hourly_units:map<string,string>,"
    "hourly:map<string,array<string>>>>"
)
#: What could be read in the shape that is asked for; JSON of another shape could not.
_ENERGY_READ = "(json IS NOT NULL AND json._broken IS NULL)"
_WEATHER_READ = "(json IS NOT NULL AND NOT exists(json, p -> p IS NULL))"
_JSON_OPTIONS = {"columnNameOfCorruptRecord": "_broken"}

Landings = Sequence[dict[str, Any]]


def landed_bodies(tables: SparkTables, zone: LandingZone, landings: Landings) -> DataFrame:
    """The manifest rows with their bodies as text, in column `body`."""
    files = [str(zone.path(row["body_path"])) for row in landings]
    texts = tables.spark.read.text(files, wholetext=True).select(
        F.regexp_extract("_metadata.file_name", r"^(.*)\.body$", 1).alias("landing_id"),
        F.col("value").alias("body"),
    )
    manifest = local_frame(tables.spark, landings, struct_type(LANDINGS))
    return F.broadcast(manifest).join(texts, on="landing_id", how="left").fillna({"body": ""})


def judged_energy(bodies: DataFrame) -> DataFrame:
    """Energi Data Service bodies with `json`, `record_count` and the rule they break, if any."""
    parsed = bodies.withColumn("json", F.from_json("body", _ENERGY_JSON, _JSON_OPTIONS))
    return with_broken_rule(
        parsed.withColumns(
            {
                "whole_json": F.expr(f"{_ENERGY_READ} OR try_parse_json(body) IS NOT NULL"),
                "records_present": F.expr(
                    f"{_ENERGY_READ} AND json.records IS NOT NULL "
                    "AND NOT exists(json.records, r -> r IS NULL)"
                ),
                "record_count": F.expr("size(json.records)"),
            }
        ),
        _body_rules("a list 'records' of objects"),
    )


def energy_records(judged: DataFrame) -> DataFrame:
    """Bodies that keep the rules -> bronze.energy_records."""
    records = (
        judged.where("broken IS NULL")
        .select("landing_id", "data_set", "fetched_at", F.posexplode("json.records"))
        .withColumnsRenamed({"pos": "record_index", "col": "fields"})
    )
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
    places = judged.where("broken IS NULL").select(
        "landing_id", "data_set", "fetched_at", "request", "asked",
        F.posexplode("json").alias("place", "answer"),
    )  # fmt: skip
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
        F.expr("place * size(answer.hourly['time'])").alias("before"),
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
    for source, judge, records, target in (
        ("energi_data_service", judged_energy, energy_records, ENERGY_RECORDS),
        ("open_meteo", judged_weather, weather_records, WEATHER_RECORDS),
    ):
        pending = _not_held(arrow, target, [row for row in landings if row["source"] == source])
        if not pending:
            continue
        judged = judge(landed_bodies(tables, zone, pending)).localCheckpoint()
        counts = judged.agg(
            F.expr("count_if(broken IS NOT NULL)").alias("refused"),
            F.expr("coalesce(sum(record_count) FILTER (WHERE broken IS NULL), 0)").alias("records"),
        ).first()
        assert counts is not None
        if counts["refused"]:
            written[QUARANTINE.name] += tables.insert_new(
                QUARANTINE,
                _refused_bodies(judged, target),
                since=("fetched_at", first_fetch(pending)),
            )
        if counts["records"]:
            tables.append(target, records(judged))
        written[target.name] = counts["records"]
    return written


def first_fetch(landings: Landings) -> datetime:
    """When the oldest of some landings was fetched."""
    first: datetime = min(row["fetched_at"] for row in landings)
    return first


def _not_held(arrow: ArrowTables, target: Table, landings: Landings) -> Landings:
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


def _refused_bodies(judged: DataFrame, target: Table) -> DataFrame:
    whole = judged.withColumns(
        {
            "record_index": F.lit(WHOLE_BODY),
            "record": F.left(F.col("body"), F.lit(2000)),
        }
    )
    return refused(whole, target.name)
