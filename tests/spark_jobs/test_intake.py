"""Whatever way a value arrives - file, wall clock, rate, tariff - it ends as a vintage in UTC."""

import csv
import gzip
import io
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.catalogue import Catalogue
from lakehouse.landing import file_response
from lakehouse.tables.bronze import LANDINGS, QUARANTINE
from lakehouse.tables.silver import COVARIATES, OBSERVATIONS, WEATHER_FORECASTS
from lakehouse.time import HOUR
from tests.small_lakehouse import SmallLakehouse, utc

DAY_OF_25 = utc("2024-10-26 22:00")
FETCHED = utc("2024-12-01 00:00")
LATE = {"rule": "after_interval", "delay_hours": 24, "basis": "assumed"}
OWN = {
    "name": "own",
    "source": "file",
    "time_column": "time",
    "value_column": "load",
    "unit": "MWh",
    "timezone": "Europe/Copenhagen",
    "publication": LATE,
}


def one_series(series: dict[str, Any], **data_sets: dict[str, Any]) -> Catalogue:
    """A catalogue of one series and its data sets."""
    group = {"kind": "energy", "origin": "09:30", "timezone": "Europe/Copenhagen"}
    return Catalogue.model_validate(
        {
            "history_start": utc("2024-01-01 00:00"),
            "groups": {"town": group | {"group_id": "town"}},
            "data_sets": {name: d | {"name": name} for name, d in data_sets.items()},
            "locations": {},
            "tariffs": {"home": TARIFF},
            "weather": {"weather_model": "any", "issue_basis": "fetched", "actual": LATE},
            "series": {
                "town.load": {
                    "series_id": "town.load",
                    "series_group": "town",
                    "description": "x",
                    **series,
                }
            },
        }
    )


TARIFF = {
    "tariff_id": "home",
    "description": "x",
    "unit": "DKK/kWh",
    "rate": 7.46,
    "tax_per_kwh": 0.7,
    "vat": 0.25,
    "timezone": "Europe/Copenhagen",
    "bands": [
        {"from_hour": 0, "to_hour": 17, "per_kwh": 0.2},
        {"from_hour": 17, "to_hour": 21, "per_kwh": 0.6, "months": [10, 11, 12, 1, 2, 3]},
        {"from_hour": 17, "to_hour": 21, "per_kwh": 0.3, "months": [4, 5, 6, 7, 8, 9]},
        {"from_hour": 21, "to_hour": 24, "per_kwh": 0.2},
    ],
}
OWN_SERIES = {"data_set": "own", "unit": "MWh"}


def land_file(small: SmallLakehouse, folder: Path, body: bytes, name: str = "own.csv") -> None:
    file = folder / name
    file.write_bytes(body)
    response = file_response(file, "file", "own", [""], FETCHED, (utc("1970-01-01 00:00"), FETCHED))
    small.arrow.insert_new(LANDINGS, [small.zone.write(response, "test")])


def table_of(rows: list[tuple[str, str]], delimiter: str = ";") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([("time", "load"), *rows])
    return text.getvalue().encode("utf-8-sig")


def values(small: SmallLakehouse) -> list[tuple[datetime, float]]:
    return [(row["event_time"], row["value"]) for row in small.rows(OBSERVATIONS)]


def clock_day_of_25() -> list[str]:
    return [f"2024-10-27 {h:02}:00" for h in (0, 1, 2, 2, *range(3, 24))]


@pytest.mark.parametrize("backwards", [False, True])
def test_the_repeated_hour_of_a_wall_clock_is_told_apart_by_its_place(
    small: SmallLakehouse, tmp_path: Path, backwards: bool
) -> None:
    rows = [(clock, f"{i},5") for i, clock in enumerate(clock_day_of_25())]
    land_file(small, tmp_path, table_of(rows[::-1] if backwards else rows))
    small.build(one_series(OWN_SERIES, own=OWN))
    assert values(small) == [(DAY_OF_25 + i * HOUR, i + 0.5) for i in range(25)]


def test_an_hour_the_clock_skipped_or_gives_once_of_two_is_refused(
    small: SmallLakehouse, tmp_path: Path
) -> None:
    rows = [
        ("2024-03-31 01:00", "1"), ("2024-03-31 02:00", "2"), ("2024-03-31 03:00", "3"),
        ("2024-10-27 01:00", "4"), ("2024-10-27 02:00", "5"), ("2024-10-27 03:00", "6"),
    ]  # fmt: skip
    land_file(small, tmp_path, table_of(rows))
    small.build(one_series(OWN_SERIES, own=OWN))
    assert [value for _, value in values(small)] == [1, 3, 4, 6]
    refused = {row["record_index"]: row for row in small.rows(QUARANTINE)}
    assert {i: row["rule"] for i, row in refused.items()} == {
        1: "local_time_exists",
        4: "local_time_told_apart",
    }
    assert "offset such as +01:00" in refused[1]["reason"]


def test_a_fixed_offset_has_24_hours_on_the_days_of_the_change(
    small: SmallLakehouse, tmp_path: Path
) -> None:
    rows = [(f"2024-03-31 {h:02}:00", str(h)) for h in range(24)]
    land_file(small, tmp_path, table_of(rows))
    small.build(one_series(OWN_SERIES, own=OWN | {"timezone": "+01:00"}))
    assert values(small) == [(utc("2024-03-30 23:00") + h * HOUR, h) for h in range(24)]


def test_a_file_s_gaps_are_gaps_its_repeats_repeats_and_its_damage_is_refused(
    small: SmallLakehouse, tmp_path: Path
) -> None:
    rows = [
        ("2024-06-01T00:00", "1,5"), ("2024-06-01T00:00", "1,5"),
        ("2024-06-01T01:00", "-"), ("2024-06-01T02:00", ""), ("2024-06-01T03:00", "n/e"),
        ("2024-06-01T04:00", "810.219.971"), ("30/04/2023", "1,0"), ("2024-06-01T05:00", "-2,25"),
    ]  # fmt: skip
    land_file(small, tmp_path, gzip.compress(table_of(rows)), "own.csv.gz")
    built = small.build(one_series(OWN_SERIES, own=OWN))
    assert [value for _, value in values(small)] == [1.5, -2.25]
    rules = Counter(row["rule"] for row in small.rows(QUARANTINE))
    assert rules == {"value_is_a_number": 1, "time_is_readable": 1}
    assert (built.written["repeats"], built.written["gaps"]) == (1, 3)


def test_parquet_with_zoned_times_is_read_as_it_is(small: SmallLakehouse, tmp_path: Path) -> None:
    times = pa.array([utc("2024-06-01 00:00"), utc("2024-06-01 01:00")], pa.timestamp("us", "UTC"))
    file = io.BytesIO()
    pq.write_table(pa.table({"time": times, "load": [1.25, None]}), file)
    land_file(small, tmp_path, file.getvalue(), "own.parquet")
    built = small.build(one_series(OWN_SERIES, own=OWN))
    assert values(small) == [(utc("2024-06-01 00:00"), 1.25)]
    assert built.written["gaps"] == 1


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"PAR1 but no more", "not whole Parquet"),
        (b"time;load;load\n1;2;3\n", "more than once"),
        (b"time;load\n", "no record"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(
    small: SmallLakehouse, tmp_path: Path, body: bytes, told: str
) -> None:
    land_file(small, tmp_path, body)
    small.build(one_series(OWN_SERIES, own=OWN))
    [refusal] = small.rows(QUARANTINE)
    assert refusal["record_index"] == -1 and told in refusal["reason"]


def test_known_columns_become_covariates_known_the_day_before(
    small: SmallLakehouse, tmp_path: Path
) -> None:
    known = {"rule": "day_before", "at": "08:00", "timezone": "Europe/Copenhagen"}
    data_set = OWN | {
        "known_columns": ["wind"],
        "known_publication": known | {"basis": "assumed"},
    }
    body = b"time,load,wind\n2024-06-01T12:00,1,20\n2024-06-01T13:00,2,-\n2024-06-01T14:00,3,x\n"
    land_file(small, tmp_path, body)
    small.build(one_series(OWN_SERIES, own=data_set))
    assert [value for _, value in values(small)] == [1, 2, 3]
    [row] = small.rows(COVARIATES)
    assert (row["name"], row["event_time"], row["value"]) == ("wind", utc("2024-06-01 10:00"), 20)
    assert row["available_at"] == utc("2024-05-31 06:00")
    [refused] = small.rows(QUARANTINE)
    assert (refused["table"], refused["rule"]) == (COVARIATES.name, "value_is_a_number")


def test_octopus_rates_fill_their_half_hours_and_open_ended_ones_the_window(
    small: SmallLakehouse,
) -> None:
    agile = {
        "source": "octopus",
        "product": "P",
        "time_column": "valid_from",
        "value_column": "value_inc_vat",
        "key_columns": ["tariff"],
        "lookback_days": 3,
        "unit": "p/kWh",
        "resolution_minutes": 30,
        "publication": LATE,
    }
    series = {"data_set": "agile", "source_key": ["T-C"], "unit": "p/kWh"}
    window = (utc("2024-06-01 00:00"), utc("2024-06-01 03:00"))
    rates = [
        {"valid_from": "2024-06-01T01:30:00Z", "valid_to": None, "value_inc_vat": 7.5},
        {"valid_from": "2024-06-01T00:30:00Z", "valid_to": "2024-06-01T01:30:00Z",
         "value_inc_vat": 24.5},
        {"valid_from": "2024-06-01T00:00:00Z", "valid_to": "2024-06-01T00:30:00Z",
         "value_inc_vat": -1.0},
    ]  # fmt: skip
    small.land("agile", {"results": rates, "next": None}, FETCHED, window, ["T-C"])
    row = small.arrow.rows(LANDINGS)[0]
    assert row["source"] == "octopus"
    small.build(one_series(series, agile=agile))
    found = small.rows(OBSERVATIONS)
    assert [r["event_time"] for r in found] == [
        window[0] + i * timedelta(minutes=30) for i in range(6)
    ]
    assert [r["value"] for r in found] == [-1.0, 24.5, 24.5, 7.5, 7.5, 7.5]
    assert {r["resolution_minutes"] for r in found} == {30}


PRICES = {
    "time_column": "TimeUTC",
    "value_column": "EUR",
    "key_columns": ["Area"],
    "lookback_days": 3,
    "unit": "EUR/MWh",
    "publication": LATE,
}
PRICE_SERIES = {"data_set": "new", "source_key": ["DK1"], "unit": "EUR/MWh"}


def land_prices(
    small: SmallLakehouse, data_set: str, prices: dict[str, float], fetched_at: datetime = FETCHED
) -> None:
    records = [{"TimeUTC": t, "Area": "DK1", "EUR": v} for t, v in prices.items()]
    window = (utc("2025-09-30 00:00"), utc("2025-10-02 00:00"))
    small.land(data_set, {"records": records}, fetched_at, window, ["DK1"])


def test_a_series_whose_resolution_changes_and_data_set_too_stays_one(
    small: SmallLakehouse,
) -> None:
    new = PRICES | {
        "resolution_minutes": 15,
        "resolution_before": [{"until": "2025-09-30T22:00:00Z", "minutes": 60}],
    }
    series = PRICE_SERIES | {"earlier": [{"data_set": "old", "source_key": ["DK1"]}]}
    late = utc("2026-01-01 00:00")
    land_prices(small, "old", {"2025-09-30T20:00:00": 1.0, "2025-09-30T21:00:00": 2.0}, late)
    land_prices(
        small,
        "new",
        {"2025-09-30T21:00:00": 2.0, "2025-09-30T22:00:00": 3.0, "2025-09-30T22:15:00": 4.0},
        late,
    )
    built = small.build(one_series(series, old=PRICES, new=new))
    rows = small.rows(OBSERVATIONS, "series_id", "event_time", "value", "resolution_minutes")
    assert [(f"{r['event_time']:%H:%M}", r["value"], r["resolution_minutes"]) for r in rows] == [
        ("20:00", 1.0, 60),
        ("21:00", 2.0, 60),
        ("22:00", 3.0, 15),
        ("22:15", 4.0, 15),
    ]
    assert built.written["repeats"] == 1


@pytest.mark.parametrize("order", ["together", "one by one", "backwards"])
def test_an_equal_value_of_a_finer_interval_is_a_vintage_of_its_own(
    small: SmallLakehouse, order: str
) -> None:
    """The hour's price, the same price of its first quarter, and that once more."""
    series = PRICE_SERIES | {"earlier": [{"data_set": "old", "source_key": ["DK1"]}]}
    catalogue = one_series(series, old=PRICES, new=PRICES | {"resolution_minutes": 15})
    first = utc("2026-01-01 00:00")
    landings = [("old", first), ("new", first + HOUR), ("new", first + 2 * HOUR)]
    for data_set, fetched_at in landings[::-1] if order == "backwards" else landings:
        land_prices(small, data_set, {"2025-09-30T22:00:00": 3.0}, fetched_at)
        if order != "together":
            small.build(catalogue)
    small.build(catalogue)
    rows = small.rows(OBSERVATIONS)
    assert [(r["value"], r["resolution_minutes"], r["recorded_at"]) for r in rows] == [
        (3.0, 60, first),
        (3.0, 15, first + HOUR),
    ]


def test_a_late_landing_of_one_data_set_leaves_the_others_alone(small: SmallLakehouse) -> None:
    """It makes its event times anew: of its own series, with all that these came from."""
    late, early = utc("2026-01-01 00:00"), utc("2025-12-01 00:00")
    earlier = {"earlier": [{"data_set": "old", "source_key": ["DK1"]}]}
    town = one_series(PRICE_SERIES | earlier, old=PRICES, new=PRICES, beside=PRICES)
    beside = town.series["town.load"].model_copy(
        update={"series_id": "beside", "data_set": "beside", "earlier": ()}
    )
    town = town.model_copy(update={"series": town.series | {"beside": beside}})
    land_prices(small, "old", {"2025-09-30T20:00:00": 1.0}, late)
    land_prices(small, "beside", {"2025-09-30T20:00:00": 2.0}, late)
    small.build(town)
    land_prices(small, "new", {"2025-09-30T21:00:00": 3.0}, late)
    small.build(town)
    land_prices(small, "new", {"2025-09-30T22:00:00": 4.0}, early)
    small.build(town)
    found = {(row["series_id"], row["value"]) for row in small.rows(OBSERVATIONS)}
    assert found == {("town.load", 1.0), ("beside", 2.0), ("town.load", 3.0), ("town.load", 4.0)}


def test_a_derived_tariff_follows_its_rule_and_every_correction_of_the_price(
    small: SmallLakehouse,
) -> None:
    series = PRICE_SERIES | {"unit": "DKK/kWh", "tariff": "home"}
    catalogue = one_series(series, new=PRICES)
    noon, evening = "2025-10-01T10:00:00", "2025-10-01T16:00:00"
    land_prices(small, "new", {noon: 100.0, evening: -50.0}, utc("2025-10-03 00:00"))
    land_prices(small, "new", {noon: 120.0}, utc("2025-10-04 00:00"))
    small.build(catalogue)
    rows = small.rows(OBSERVATIONS)
    by_hand = [
        (0.100 * 7.46 + 0.2 + 0.7) * 1.25,
        (0.120 * 7.46 + 0.2 + 0.7) * 1.25,
        (-0.050 * 7.46 + 0.6 + 0.7) * 1.25,  # 18:00 local, in October
    ]
    assert [r["value"] for r in rows] == pytest.approx(by_hand, abs=1e-5)
    assert {r["unit"] for r in rows} == {"DKK/kWh"}


def test_a_new_publication_time_holds_for_what_is_fetched_from_then_on(
    small: SmallLakehouse,
) -> None:
    later = {"rule": "after_interval", "delay_hours": 48, "basis": "assumed"}
    data_set = PRICES | {"publication": [later | {"since": "2025-11-01T00:00:00Z"}, LATE]}
    land_prices(small, "new", {"2025-10-01T00:00:00": 1.0}, utc("2025-10-31 00:00"))
    land_prices(small, "new", {"2025-10-01T01:00:00": 2.0}, utc("2025-11-02 00:00"))
    catalogue = one_series(PRICE_SERIES, new=data_set)
    small.arrow.append(LANDINGS, [])
    small.build(catalogue)
    known = {r["value"]: r["available_at"] for r in small.rows(OBSERVATIONS)}
    assert known[1.0] == utc("2025-10-02 01:00")
    # An earlier answer had been asked for the second hour and did not have it: it was observed.
    assert known[2.0] == utc("2025-11-02 00:00")


def test_previous_runs_are_known_so_many_days_before_and_a_publication_delay(
    small: SmallLakehouse, catalogue: Catalogue
) -> None:
    real = catalogue.model_copy(
        update={"weather": catalogue.weather.model_copy(update={"issue_basis": "fetched"})}
    )
    names = [
        f"{v}_previous_day{d}"
        for v in ("temperature_2m", "precipitation", "cloud_cover", "wind_speed_10m")
        for d in (1, 2)
    ]
    units = dict(zip(names, ["°C", "°C", "mm", "mm", "%", "%", "m/s", "m/s"], strict=True))
    body = {
        "utc_offset_seconds": 0,
        "hourly_units": units,
        "hourly": {"time": ["2024-06-03T12:00"], **{n: [float(i)] for i, n in enumerate(names)}},
    }
    window = (utc("2024-06-03 00:00"), utc("2024-06-04 00:00"))
    small.land("previous_runs", body, FETCHED, window, ["aarhus"])
    small.build(real)
    rows = {(r["variable"], f"{r['issue_time']:%d %H}"): r for r in small.rows(WEATHER_FORECASTS)}
    assert len(rows) == 8
    day_two = rows["wind_speed_10m", "01 12"]
    assert (day_two["value"], day_two["issue_basis"]) == (7.0, "derived")
    assert day_two["available_at"] == utc("2024-06-01 18:00")
