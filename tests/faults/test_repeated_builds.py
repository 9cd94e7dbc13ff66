"""A build that was killed before it was noted down is done again, and writes nothing twice."""

from functools import partial
from typing import Any

import pytest

from lakehouse.catalogue import Catalogue
from lakehouse.tables.bronze import ENERGY_RECORDS, QUARANTINE
from lakehouse.tables.silver import OBSERVATIONS
from spark_jobs import build
from tests.small_lakehouse import SmallLakehouse, utc

WINDOW = (utc("2024-10-01 00:00"), utc("2024-10-01 02:00"))


def prices(*values: Any) -> dict[str, Any]:
    """A body of Elspotprices: DK1 from midnight UTC on."""
    return {
        "records": [
            {"HourUTC": f"2024-10-01T{hour:02}:00:00", "PriceArea": "DK1", "SpotPriceEUR": value}
            for hour, value in enumerate(values)
        ]
    }


def build_unnoted(small: SmallLakehouse, catalogue: Catalogue) -> list[Any]:
    """A build whose last word, the row of gold.runs, was never written."""
    build.run(small.tables, small.arrow, small.zone, catalogue)
    return [small.rows(table) for table in (ENERGY_RECORDS, OBSERVATIONS, QUARANTINE)]


def test_a_repeated_build_of_a_correction_keeps_its_vintages(
    small: SmallLakehouse, catalogue: Catalogue
) -> None:
    """Two bodies in one build: the second corrects the first, and the repeat sees both as held."""
    for hour, body in ((1, prices(10.0, 20.0)), (2, prices(11.0, 20.0))):
        fetched_at = utc(f"2024-10-02 {hour:02}:00")
        small.land("Elspotprices", body, fetched_at, WINDOW, ["DK1", "DK2"])
    once = build_unnoted(small, catalogue)
    prices_of = "dk1.price.day_ahead"  # a home tariff is derived from them, too
    held = [row["value"] for row in small.rows(OBSERVATIONS) if row["series_id"] == prices_of]
    assert held == [10.0, 11.0, 20.0]
    assert build_unnoted(small, catalogue) == once


def test_a_repeated_build_of_refused_records_refuses_them_once(
    small: SmallLakehouse, catalogue: Catalogue
) -> None:
    fetched_at = utc("2024-10-02 01:00")
    small.land("Elspotprices", prices(10.0, "much"), fetched_at, WINDOW, ["DK1", "DK2"])
    small.land("Elspotprices", "{torn", fetched_at, WINDOW, ["DK1", "DK2"])
    once = build_unnoted(small, catalogue)
    assert small.arrow.count(QUARANTINE) == 2
    assert build_unnoted(small, catalogue) == once


def test_batches_give_what_one_build_gives(
    small: SmallLakehouse, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three bodies of the same hours, one by one as too large for a batch, or all at once."""
    for hour, body in ((1, prices(10.0, 20.0)), (2, prices(11.0, 20.0)), (3, prices(10.0, 21.0))):
        fetched_at = utc(f"2024-10-02 {hour:02}:00")
        small.land("Elspotprices", body, fetched_at, WINDOW, ["DK1", "DK2"])
    at_once = build_unnoted(small, catalogue)
    for table in (ENERGY_RECORDS, OBSERVATIONS):
        small.arrow.mirror(table, [])
    monkeypatch.setattr(build, "first_batch", partial(build.first_batch, most_bytes=1))
    for waiting in (2, 1, 0):
        assert len(small.build(catalogue).landing_ids) == 1
        assert len(build.pending(small.arrow)[0]) == waiting
    assert [small.rows(t) for t in (ENERGY_RECORDS, OBSERVATIONS, QUARANTINE)] == at_once
