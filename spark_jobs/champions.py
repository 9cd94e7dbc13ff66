"""Who is in charge: read from gold.promotions, as of a moment."""

from dataclasses import dataclass
from datetime import datetime

from lakehouse.arrow import ArrowTables
from lakehouse.tables.gold import PROMOTIONS

FALLBACK = "seasonal_naive"
FALLBACK_VERSION = "1"


@dataclass(frozen=True)
class Champion:
    """The model in charge of a group; never the fallback."""

    series_group: str
    model_name: str
    model_version: str
    mlflow_run_id: str | None


def champions_at(arrow: ArrowTables, as_of: datetime) -> dict[str, Champion]:
    """The champion of each group that had one at `as_of`."""
    newest: dict[str, Champion] = {}
    decisions = sorted(arrow.rows(PROMOTIONS), key=lambda row: row["decided_at"])
    for row in decisions:
        if row["decided_at"] > as_of:
            break
        group = row["series_group"]
        if row["champion_model"] == FALLBACK:
            newest.pop(group, None)
        elif row["promoted"] or group not in newest:
            newest[group] = Champion(
                group, row["champion_model"], row["champion_version"], row["mlflow_run_id"]
            )
    return newest
