"""Which groups are to be trained before their schedule: drift, live errors -> gold.retraining."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue
from lakehouse.settings import Settings
from lakehouse.tables.watched import QUALITY, RETRAINING
from lakehouse.time import DAY
from monitoring.retraining import BUDGET_DAYS, Evidence, Rule, decide
from spark_jobs.broken import FAULTS
from spark_jobs.suspects import Suspect, suspects

ASKED = "asked"
_READ_DAYS = 35


def run(
    arrow: ArrowTables, catalogue: Catalogue, settings: Settings, as_of: datetime, run_id: str
) -> list[dict[str, Any]]:
    """Write what the rule says of each group at a moment; returns the rows that the table holds of
    that moment. Again at the same moment it changes nothing."""
    held = arrow.rows(RETRAINING, filters=[("as_of", "=", as_of)])
    if held:
        return held
    rule = Rule(
        settings.retrain_drift_days, settings.retrain_error_ratio, settings.retrain_per_week
    )
    earlier = _asked_before(arrow, as_of)
    rows = []
    for suspect in suspects(arrow, as_of):
        if suspect.series_group not in catalogue.groups:
            continue  # it has left the catalogue, and its rows are still read
        found = _evidence(arrow, catalogue, suspect, earlier[suspect.series_group], as_of)
        decision = decide(found, as_of, rule)
        if decision:
            rows.append(
                {
                    "series_group": suspect.series_group,
                    "as_of": as_of,
                    "verdict": decision.verdict,
                    "reason": f"{suspect.series_group}: {decision.reason}",
                    "drifting": sorted(suspect.drifting),
                    "model_name": suspect.model.model_name,
                    "model_version": suspect.model.model_version,
                    "mae_ratio": suspect.found.mae_ratio,
                    "n_days": suspect.found.n_days,
                    "run_id": run_id,
                }
            )
    arrow.insert_new(RETRAINING, rows)
    return rows


def _asked_before(arrow: ArrowTables, as_of: datetime) -> dict[str, list[datetime]]:
    filters = [
        ("verdict", "=", ASKED),
        ("as_of", ">", as_of - BUDGET_DAYS * DAY),
        ("as_of", "<", as_of),
    ]
    found: dict[str, list[datetime]] = defaultdict(list)
    for row in arrow.rows(RETRAINING, ["series_group", "as_of"], filters):
        found[row["series_group"]].append(row["as_of"])
    return found


def _evidence(
    arrow: ArrowTables,
    catalogue: Catalogue,
    suspect: Suspect,
    asked: list[datetime],
    as_of: datetime,
) -> Evidence:
    awaiting = suspect.standing.awaiting
    return Evidence(
        drifting=suspect.drifting,
        model=suspect.model.name,
        naive=suspect.naive.name,
        mae_ratio=suspect.found.mae_ratio,
        n_days=suspect.found.n_days,
        broken=_broken_now(arrow, catalogue, suspect.series_group, as_of),
        awaiting=awaiting[0].name if awaiting else None,
        asked=asked,
    )


def _broken_now(arrow: ArrowTables, catalogue: Catalogue, group: str, as_of: datetime) -> list[str]:
    """The series of a group whose newest judged day is broken."""
    filters = [
        ("data_set", "=", "observations"),
        ("owner", "in", [series.series_id for series in catalogue.members(group)]),
        ("day", ">", as_of.date() - _READ_DAYS * DAY),
        ("as_of", "<=", as_of),
    ]
    rows = arrow.rows(QUALITY, ["owner", "day", "as_of", "faults"], filters)
    newest = {row["owner"]: row for row in sorted(rows, key=lambda row: (row["day"], row["as_of"]))}
    return sorted(owner for owner, row in newest.items() if FAULTS & set(row["faults"]))
