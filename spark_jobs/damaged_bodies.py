"""Bodies that are not what landed, or are gone, go to the quarantine before anything reads them.

A body with a flipped digit is still JSON: only its checksum tells. What was refused whole is asked
for again (spark_jobs/ingest.py).
"""

from typing import Any

from lakehouse.landing import LandingZone
from lakehouse.spark.local import local_frame
from lakehouse.spark.tables import SparkTables, struct_type
from lakehouse.tables.bronze import ENERGY_RECORDS, QUARANTINE, WEATHER_RECORDS, WHOLE_BODY
from spark_jobs import bronze

RULE = "as_it_landed"


def refuse(
    tables: SparkTables, zone: LandingZone, landings: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], int]:
    """(the landings whose bodies are as they landed, how many others are newly refused)."""
    faults = {row["landing_id"]: zone.damage(row) for row in landings}
    damaged = [row for row in landings if faults[row["landing_id"]]]
    if not damaged:
        return landings, 0
    refusals = [
        QUARANTINE.row(
            **{name: row[name] for name in ("landing_id", "data_set", "fetched_at")},
            table=(WEATHER_RECORDS if bronze.kind(row) == "weather" else ENERGY_RECORDS).name,
            record_index=WHOLE_BODY,
            rule=RULE,
            reason=f"Expected the body as it landed. {faults[row['landing_id']]} Its source is "
            "asked again. Or restore the file from a copy, then run 'gridcast rebuild silver'.",
        )
        for row in damaged
    ]
    rows = local_frame(tables.spark, refusals, struct_type(QUARANTINE))
    return [row for row in landings if row not in damaged], bronze.refuse(tables, rows, damaged)
