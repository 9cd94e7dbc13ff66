"""Records that break a rule are refused by its name, gaps are counted, and nothing is lost."""

import json
from typing import Any

import pytest

from lakehouse.catalogue import WEATHER_VARIABLES, Catalogue
from lakehouse.tables.bronze import ENERGY_RECORDS, LANDINGS, QUARANTINE, WEATHER_RECORDS
from lakehouse.tables.silver import OBSERVATIONS, WEATHER_FORECASTS, WEATHER_OBSERVATIONS
from spark_jobs.observed import energy_tables, weather_table
from spark_jobs.silver import update_observations, update_weather_forecasts
from spark_jobs.weather_records import WEATHER_UNITS
from tests.small_lakehouse import SmallLakehouse, utc

START, END = utc("2024-10-17 22:00"), utc("2024-10-18 22:00")
FETCHED = utc("2024-10-18 07:15")
PRICE = {"HourUTC": "2024-10-18T00:00:00", "PriceArea": "DK1", "SpotPriceEUR": "50.5"}
VALUES = dict.fromkeys(WEATHER_VARIABLES, "1.5")

BAD_PRICES: dict[str, tuple[dict[str, Any], tuple[str, ...], str, str]] = {
    "no value column": ({}, ("SpotPriceEUR",), "fields_present", "lacks SpotPriceEUR; it has"),
    "no key column": ({}, ("PriceArea",), "fields_present", "lacks PriceArea"),
    "unknown area": ({"PriceArea": "SE4"}, (), "series_known", "key SE4 in Elspotprices"),
    "no time": ({"HourUTC": None}, (), "time_is_readable", "Expected a time"),
    "no such day": ({"HourUTC": "2024-13-18T00:00:00"}, (), "time_is_readable", "2024-13-18T00"),
    "a date": ({"HourUTC": "2024-10-18"}, (), "time_is_readable", '"2024-10-18"'),
    "off the grid": ({"HourUTC": "2024-10-18T00:20:00"}, (), "time_on_the_grid", "60 minutes"),
    "NaN": ({"SpotPriceEUR": "NaN"}, (), "value_is_a_number", '"NaN"'),
    "a word": ({"SpotPriceEUR": "abc"}, (), "value_is_a_number", '"abc"'),
    "a comma": ({"SpotPriceEUR": "1,5"}, (), "value_is_a_number", '"1,5"'),
    "infinite": ({"SpotPriceEUR": "Infinity"}, (), "value_is_a_number", '"Infinity"'),
    "too large": ({"SpotPriceEUR": "1e400"}, (), "value_is_a_number", '"1e400"'),
}


def landed(small: SmallLakehouse, data_set: str, **values: Any) -> dict[str, Any]:
    row = LANDINGS.row(
        landing_id=f"body of {data_set}",
        data_set=data_set,
        window_start=START,
        window_end=END,
        fetched_at=FETCHED,
        status=200,
        **values,
    )
    small.arrow.append(LANDINGS, [row])
    return row


def test_each_bad_price_is_refused_by_name_and_the_counts_add_up(
    small: SmallLakehouse, catalogue: Catalogue
) -> None:
    landing = landed(small, "Elspotprices", asked=["DK1", "DK2"])
    bad = []
    for changed, lacking, _, _ in BAD_PRICES.values():
        fields = {**PRICE, **changed}
        bad.append({name: text for name, text in fields.items() if name not in lacking})
    good = [
        PRICE | {"HourUTC": "2024-10-18T05:00:00"},
        PRICE | {"HourUTC": "2024-10-18T05:00:00"},
        PRICE | {"HourUTC": "2024-10-18T06:00", "SpotPriceEUR": "-12"},
        PRICE | {"HourUTC": "2024-10-18T07:00:00", "SpotPriceEUR": None},
    ]
    records = [
        ENERGY_RECORDS.row(
            landing_id=landing["landing_id"],
            record_index=index,
            data_set="Elspotprices",
            fetched_at=FETCHED,
            record=json.dumps(fields),
        )
        for index, fields in enumerate([*bad, *good])
    ]
    small.append(ENERGY_RECORDS, records)
    observed = energy_tables(catalogue)[0]
    written = update_observations(small.tables, catalogue, observed, [landing], [landing])
    refused = {row["record_index"]: row for row in small.rows(QUARANTINE)}
    assert sorted(refused) == list(range(len(BAD_PRICES)))
    for index, (name, (_, _, rule, told)) in enumerate(BAD_PRICES.items()):
        assert refused[index]["rule"] == rule, name
        assert told in refused[index]["reason"], name
        assert (refused[index]["record"] or "").startswith("{"), name
    kept = [(row["event_time"], row["value"]) for row in small.rows(OBSERVATIONS)]
    assert kept == [(utc("2024-10-18 05:00"), 50.5), (utc("2024-10-18 06:00"), -12.0)]
    assert written == {
        "gaps": 1,
        "repeats": 1,
        OBSERVATIONS.name: 2,
        QUARANTINE.name: len(BAD_PRICES),
    }
    assert sum(written.values()) == len(records)


def weather_rows(**changed: Any) -> dict[str, Any]:
    row = {
        "location_id": "aarhus",
        "utc_offset_seconds": "0",
        "time": "2024-10-18T00:00",
        "fields": VALUES,
        "units": WEATHER_UNITS,
        "request": "/v1/archive?x=1",
    }
    return row | changed


def without(values: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != name}


BAD_WEATHER: dict[str, tuple[dict[str, Any], int, str, str]] = {
    "local times": ({"utc_offset_seconds": "3600"}, 4, "time_is_utc", "offset of 3600 seconds"),
    "no offset": ({"utc_offset_seconds": None}, 4, "time_is_utc", "offset of no seconds"),
    "no time": ({"time": None}, 4, "time_is_utc", '"nothing"'),
    "one place too many": ({"location_id": None}, 4, "location_known", "than were asked for"),
    "a variable less": (
        {"time": "2024-10-18T01:00", "fields": without(VALUES, "cloud_cover")},
        1,
        "variable_present",
        "cloud_cover",
    ),
    "km/h": (
        {"time": "2024-10-18T02:00", "units": WEATHER_UNITS | {"wind_speed_10m": "km/h"}},
        1,
        "unit_as_asked",
        "Expected wind_speed_10m in m/s, got km/h",
    ),
    "no unit": (
        {"time": "2024-10-18T03:00", "units": without(WEATHER_UNITS, "precipitation")},
        1,
        "unit_as_asked",
        "got no unit",
    ),
    "NaN": (
        {"time": "2024-10-18T04:00", "fields": VALUES | {"temperature_2m": "NaN"}},
        1,
        "value_is_a_number",
        'temperature_2m, got "NaN"',
    ),
    "a gap": ({"time": "2024-10-18T05:00", "fields": VALUES | {"temperature_2m": None}}, 0, "", ""),
}


@pytest.mark.parametrize("data_set", ["archive", "forecast"])
def test_each_bad_weather_value_is_refused_by_name_and_the_counts_add_up(
    small: SmallLakehouse, catalogue: Catalogue, data_set: str
) -> None:
    landing = landed(small, data_set, asked=["aarhus"])
    small.append(
        WEATHER_RECORDS,
        [
            WEATHER_RECORDS.row(
                landing_id=landing["landing_id"],
                record_index=index,
                data_set=data_set,
                fetched_at=FETCHED,
                **weather_rows(**changed),
            )
            for index, (changed, _, _, _) in enumerate(BAD_WEATHER.values())
        ],
    )
    if data_set == "archive":
        target = WEATHER_OBSERVATIONS
        observed = weather_table(catalogue)
        written = update_observations(small.tables, catalogue, observed, [landing], [landing])
    else:
        target = WEATHER_FORECASTS
        written = update_weather_forecasts(small.tables, catalogue, [landing])
    refused = small.rows(QUARANTINE)
    for index, (name, (_, count, rule, told)) in enumerate(BAD_WEATHER.items()):
        mine = [row for row in refused if row["record_index"] == index]
        # All four variables of a record may break one rule: one row says so.
        assert {row["rule"] for row in mine} == ({rule} if count else set()), name
        assert all(told in row["reason"] for row in mine), name
    assert len(small.rows(target)) == 5 * 4 - 5
    assert written["gaps"] == 1
    total = written["gaps"] + written["repeats"] + written[target.name]
    assert total + sum(count for _, count, _, _ in BAD_WEATHER.values()) == 9 * 4


def test_a_forecast_is_known_by_its_run(small: SmallLakehouse, catalogue: Catalogue) -> None:
    """Simulated: the newest run that was public when it was asked for; a single run: its own."""
    asked = {"forecast": "/v1/forecast?x=1", "single_runs": "/v1/forecast?run=2024-10-17T00%3A00"}
    landings = [landed(small, data_set, asked=["aarhus"]) for data_set in asked]
    small.append(
        WEATHER_RECORDS,
        [
            WEATHER_RECORDS.row(
                landing_id=landing["landing_id"],
                data_set=landing["data_set"],
                fetched_at=FETCHED,
                **weather_rows(request=asked[landing["data_set"]]),
            )
            for landing in landings
        ],
    )
    update_weather_forecasts(small.tables, catalogue, landings)
    rows = small.rows(WEATHER_FORECASTS)
    assert {(row["issue_time"], row["available_at"], row["issue_basis"]) for row in rows} == {
        (utc("2024-10-18 00:00"), utc("2024-10-18 06:00"), "simulated"),
        (utc("2024-10-17 00:00"), utc("2024-10-17 06:00"), "simulated"),
    }
    again = update_weather_forecasts(small.tables, catalogue, landings)
    assert again[WEATHER_FORECASTS.name] == 0
    assert small.rows(WEATHER_FORECASTS) == rows
