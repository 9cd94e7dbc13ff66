"""The cheapest intervals of a local day, by the forecast in charge: gold.cheapest_hours."""

from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from serving.api.forecasts import forecasts
from serving.api.parameters import CheapestQuestion, ForecastQuestion
from serving.api.problems import wrong_parameter
from serving.api.series import asked_series
from serving.api.snapshots import Snapshot

COLUMNS = (
    *("series_id", "series_group", "local_day", "local_time", "valid_time", "q10", "q50", "q90"),
    *("unit", "rank", "forecast_origin", "model_name"),
)


def cheapest_hours(snapshot: Snapshot, question: CheapestQuestion) -> pa.Table:
    """The columns above, sorted by series, local day and rank: 1 is cheapest.

    Ranks are among the intervals that the question is about. Raises Problem for a series that is
    no price, and as `forecasts` does.
    """
    prices = snapshot.series.filter(pc.field("kind") == "price")
    zones = dict(zip(*(prices[c].to_pylist() for c in ("series_id", "timezone")), strict=True))
    ids = asked_series(snapshot, question.series_id, question.group)
    for name in question.series_id:
        if name not in zones:
            told = f"Expected a series whose kind is price; '{name}' has another."
            raise wrong_parameter("series_id", name, told, sorted(zones))
    asked = ForecastQuestion.model_validate(
        {
            "series_id": [name for name in ids if name in zones],
            **{name: getattr(question, name) for name in ("tz", "as_of", "origin")},
            "from": question.start,
            "to": question.end,
        }
    )
    if not asked.series_id:
        return _ranked(snapshot.latest.rows.slice(0, 0), zones)
    rows = _ranked(forecasts(snapshot, asked), zones)
    return rows.filter(pc.field("rank") <= question.rank) if question.rank else rows


def _ranked(rows: pa.Table, zones: dict[str, str]) -> pa.Table:
    """Rows of forecasts -> the columns above. Pure."""
    moments = [
        time.astimezone(ZoneInfo(zones[name]))
        for name, time in zip(
            rows["series_id"].to_pylist(), rows["valid_time"].to_pylist(), strict=True
        )
    ]
    told = rows.append_column("local_day", pa.array([m.date() for m in moments], pa.date32()))
    told = told.append_column("local_time", pa.array([f"{m:%H:%M}" for m in moments], pa.string()))
    order = [("series_id", "ascending"), ("local_day", "ascending")]
    told = told.sort_by([*order, ("q50", "ascending"), ("valid_time", "ascending")])
    days = list(zip(told["series_id"].to_pylist(), told["local_day"].to_pylist(), strict=True))
    places = np.arange(1, len(days) + 1)
    begins = [i for i, day in enumerate(days) if i == 0 or days[i - 1] != day]
    if begins:
        places -= np.repeat(begins, np.diff([*begins, len(days)]))
    return told.append_column("rank", pa.array(places, pa.int32())).select(list(COLUMNS))
