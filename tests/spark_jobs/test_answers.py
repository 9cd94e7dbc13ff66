"""Answers of sources: rates, prices and tariffs end as vintages of their own series."""

from datetime import datetime, timedelta

import pytest

from lakehouse.catalogue import Catalogue
from lakehouse.tables.bronze import LANDINGS
from lakehouse.tables.silver import OBSERVATIONS, WEATHER_FORECASTS
from lakehouse.time import HOUR
from tests.small_lakehouse import SmallLakehouse, utc
from tests.spark_jobs.town import FETCHED, LATE, one_series


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
    land_prices(small, "new", {"2025-10-05T00:00:00": 3.0}, utc("2025-11-02 00:00"))
    catalogue = one_series(PRICE_SERIES, new=data_set)
    small.arrow.append(LANDINGS, [])
    small.build(catalogue)
    known = {r["value"]: r["available_at"] for r in small.rows(OBSERVATIONS)}
    assert known[1.0] == utc("2025-10-02 01:00")
    # An earlier answer had been asked for the second hour and did not have it: it was observed.
    assert known[2.0] == utc("2025-11-02 00:00")
    # Nobody had asked for the third, which is older than the new time, and was fetched after it.
    assert known[3.0] == utc("2025-10-07 01:00")


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
