"""An export has the right rows, types and zone, and is there whole or not at all."""

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.catalogue import Catalogue
from lakehouse.errors import BadInput
from lakehouse.tables.gold import FORECAST_ERRORS, FORECASTS
from lakehouse.tables.silver import OBSERVATIONS, SERIES
from lakehouse.time import DAY, HOUR
from spark_jobs import export
from spark_jobs.catalogue_tables import series_rows
from spark_jobs.export import Wanted
from tests.small_lakehouse import SmallLakehouse, utc

START = utc("2024-10-18 00:00")
A, B = "dk1.price.day_ahead", "dk2.price.day_ahead"


@pytest.fixture
def filled(small: SmallLakehouse) -> SmallLakehouse:
    """Two days of two series, and of one hour a correction a week later."""
    known = {"available_at": START, "recorded_at": START, "resolution_minutes": 60}
    hours = [
        OBSERVATIONS.row(series_id=name, event_time=START + i * HOUR, value=i / 3, **known)
        for name in (B, A)
        for i in range(48)
    ]
    late = {"available_at": START + 7 * DAY, "value": -1.0}
    small.append(OBSERVATIONS, [*hours, hours[48] | late])
    errors = {"series_id": A, "target_day": date(2024, 10, 19), "n": 6}
    small.append(
        FORECAST_ERRORS,
        [
            FORECAST_ERRORS.row(**errors, truth_as_of=START + i * DAY, sum_abs=6.0 * i)
            for i in (2, 9)
        ],
    )
    small.append(
        FORECASTS,
        [FORECASTS.row(series_id=A, forecast_origin=START + i * DAY) for i in (0, 1)],
    )
    return small


def exported(small: SmallLakehouse, kind: str, form: str, wanted: Wanted, file: Path) -> int:
    return export.write(export.rows(small.tables, kind, wanted), file, form)


def test_every_form_holds_the_same_rows(filled: SmallLakehouse, tmp_path: Path) -> None:
    files = {form: tmp_path / "deep" / f"out.{form}" for form in ("csv", "parquet", "json")}
    for form, file in files.items():
        assert exported(filled, "observations", form, Wanted(), file) == 96
        assert [entry.name for entry in file.parent.iterdir() if "." + form in entry.name] == [
            file.name
        ]
    table = pq.read_table(files["parquet"])
    assert table.schema.field("event_time").type == pa.timestamp("us", tz="UTC")
    assert table.schema.field("resolution_minutes").type == pa.int32()
    rows = table.to_pylist()
    assert [(row["series_id"], row["event_time"]) for row in rows] == [
        (name, START + i * HOUR) for name in (A, B) for i in range(48)
    ]

    def plain(row: dict[str, Any]) -> dict[str, Any]:
        times = {
            name: value.isoformat().replace("+00:00", "Z")
            for name, value in row.items()
            if hasattr(value, "isoformat")
        }
        return row | times

    told = [plain(row) for row in rows]
    assert json.loads(files["json"].read_text()) == told
    with files["csv"].open(newline="") as lines:
        assert list(csv.DictReader(lines)) == [
            {name: str(value) for name, value in row.items()} for row in told
        ]


def test_series_and_times_are_cut_and_the_end_is_not_included(
    filled: SmallLakehouse, tmp_path: Path
) -> None:
    wanted = Wanted((B,), START + 1 * HOUR, START + 3 * HOUR)
    exported(filled, "observations", "json", wanted, tmp_path / "out")
    rows = json.loads((tmp_path / "out").read_text())
    assert [(row["series_id"], row["event_time"]) for row in rows] == [
        (B, "2024-10-18T01:00:00Z"), (B, "2024-10-18T02:00:00Z"),
    ]  # fmt: skip


@pytest.mark.parametrize(("days", "value"), [(6, 0.0), (7, -1.0), (None, -1.0)])
def test_a_value_is_given_as_it_was_known(
    filled: SmallLakehouse, tmp_path: Path, days: int | None, value: float
) -> None:
    as_of = START + days * DAY if days is not None else None
    wanted = Wanted((A,), START, START + HOUR, as_of)
    exported(filled, "observations", "json", wanted, tmp_path / "out")
    [row] = json.loads((tmp_path / "out").read_text())
    assert row["value"] == value


@pytest.mark.parametrize(("days", "mae"), [(1, None), (3, 2.0), (None, 9.0)])
def test_performance_is_by_the_newest_truth_of_the_moment(
    filled: SmallLakehouse, tmp_path: Path, days: int | None, mae: float | None
) -> None:
    as_of = START + days * DAY if days is not None else None
    wanted = Wanted((A,), START, START + 2 * DAY, as_of)
    exported(filled, "performance", "json", wanted, tmp_path / "out")
    found = [row["mae"] for row in json.loads((tmp_path / "out").read_text())]
    assert found == ([] if mae is None else [mae])


def test_forecasts_are_those_issued_by_the_moment(filled: SmallLakehouse, tmp_path: Path) -> None:
    count = exported(filled, "forecasts", "parquet", Wanted(as_of=START), tmp_path / "out")
    assert (count, exported(filled, "forecasts", "csv", Wanted(), tmp_path / "all")) == (1, 2)


def test_no_rows_are_a_header_or_an_empty_list(filled: SmallLakehouse, tmp_path: Path) -> None:
    none = Wanted(first=START + 99 * DAY)
    for form in ("csv", "json", "parquet"):
        assert exported(filled, "observations", form, none, tmp_path / form) == 0
    assert json.loads((tmp_path / "json").read_text()) == []
    assert (tmp_path / "csv").read_text().count("\n") == 1
    assert pq.read_table(tmp_path / "parquet").num_rows == 0


def test_where_writing_fails_the_old_file_stays(filled: SmallLakehouse, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("old")
    for form in ("csv", "json", "parquet"):
        with pytest.MonkeyPatch.context() as patch:

            def broken(parts: Path, schema: pa.Schema) -> Any:
                raise OSError(28, "No space left on device")

            patch.setattr(export, "_batches", broken)
            with pytest.raises(BadInput, match="No space left on device"):
                exported(filled, "observations", form, Wanted(), tmp_path / "out")
        assert (tmp_path / "out").read_text() == "old"
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".out")] == []


def test_an_unknown_series_is_named_with_the_known_ones(catalogue: Catalogue) -> None:
    with pytest.raises(BadInput, match=rf"Unknown series moon\. Known: .*{A}, .*{B}"):
        Wanted((A, "moon")).checked(catalogue)


def test_observations_are_given_at_the_resolution_that_is_asked_for(
    filled: SmallLakehouse, catalogue: Catalogue, tmp_path: Path
) -> None:
    """Prices are averaged; the interval before the first hour asked for is not half known."""
    filled.arrow.append(SERIES, series_rows(catalogue))
    wanted = Wanted((B,), START + 2 * HOUR, START + 7 * HOUR, resolution_minutes=120)
    exported(filled, "observations", "json", wanted, tmp_path / "out")
    rows = json.loads((tmp_path / "out").read_text())
    assert [(row["event_time"], row["value"]) for row in rows] == [
        (f"2024-10-18T0{hour}:00:00Z", pytest.approx((hour + hour + 1) / 6)) for hour in (2, 4, 6)
    ]
    assert {(row["resolution_minutes"], row["unit"]) for row in rows} == {(120, "EUR/MWh")}
