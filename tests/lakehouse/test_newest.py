"""Without Spark the same rows are chosen as by the views, whose cases these are."""

from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.arrow import schema
from lakehouse.newest import forecasts_to_use, preferred
from lakehouse.tables.gold import FORECASTS
from lakehouse.tables.preference import FORECAST_TO_USE
from lakehouse.time import HOUR
from tests import latest_forecasts
from tests.latest_forecasts import ORIGIN


def table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=schema(FORECASTS))


def test_the_forecast_to_use_is_the_one_that_spark_s_view_takes() -> None:
    live = table(latest_forecasts.rows()).filter(pc.field("run_kind") == "live")
    found = forecasts_to_use(live)
    assert found["q50"].to_pylist() == latest_forecasts.TO_USE
    assert found.schema.equals(live.schema)


def test_of_nothing_nothing_is_chosen() -> None:
    assert forecasts_to_use(table([])).num_rows == 0


FORECAST = st.fixed_dictionaries(
    {
        "series_id": st.sampled_from(["a", "b"]),
        "valid_time": st.integers(0, 2).map(lambda i: ORIGIN + i * HOUR),
        "forecast_origin": st.integers(0, 2).map(lambda i: ORIGIN + timedelta(days=i)),
        "forecast_source": st.sampled_from(["champion", "fallback"]),
        "model_name": st.sampled_from(["linear", "lstm", "seasonal_naive"]),
        "model_version": st.sampled_from(["1", "2"]),
    }
)


def worth(row: dict[str, Any]) -> tuple[Any, ...]:
    return (
        row["forecast_origin"],
        row["forecast_source"] == "champion",
        row["model_name"] != "seasonal_naive",
        row["model_version"],
    )


def place(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["series_id"], row["valid_time"]


@given(st.lists(FORECAST, max_size=30, unique_by=lambda row: (place(row), worth(row))))
def test_the_choice_is_that_of_a_plain_walk(rows: list[dict[str, Any]]) -> None:
    best: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        if place(row) not in best or worth(row) > worth(best[place(row)]):
            best[place(row)] = row
    whole = table([FORECASTS.row(**row) for row in rows])
    columns = ["series_id", "valid_time", *(step.column for step in FORECAST_TO_USE)]
    found = preferred(whole, ("series_id", "valid_time"), FORECAST_TO_USE).select(columns)
    assert found.to_pylist() == [best[key] for key in sorted(best)]
