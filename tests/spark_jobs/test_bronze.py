"""Bodies become records once, or are refused with a sentence; one bad body stops no other."""

from datetime import timedelta
from typing import Any

import pytest

from lakehouse.catalogue import Catalogue
from lakehouse.tables.bronze import ENERGY_RECORDS, QUARANTINE, WEATHER_RECORDS
from spark_jobs import bronze
from tests.small_lakehouse import SmallLakehouse, utc

START, END = utc("2024-10-01 00:00"), utc("2024-10-02 00:00")
PRICE = '{"records":[{"HourUTC":"2024-10-01T00:00:00","PriceArea":"DK1","SpotPriceEUR":1.5}]}'
WEATHER = {
    "utc_offset_seconds": 0,
    "hourly_units": {"temperature_2m": "°C"},
    "hourly": {"time": ["2024-10-01T00:00", "2024-10-01T01:00"], "temperature_2m": [1.0, None]},
}
UNEQUAL = {"hourly": {"time": ["2024-10-01T00:00"], "temperature_2m": [1.0, 2.0]}}

BAD_ENERGY: dict[str, tuple[str, dict[str, Any], str]] = {
    "status 500": ('{"error": "down"}', {"status": 500}, "answered_ok"),
    "wrong content type": (PRICE, {"content_type": "text/csv"}, "content_type_json"),
    "HTML that says JSON": ("<html><body>busy</body></html>", {}, "whole_json"),
    "truncated": (PRICE[:-20], {}, "whole_json"),
    "not JSON": ("records: 1", {}, "whole_json"),
    "no body": ("", {}, "whole_json"),
    "no records": ('{"total": 0}', {}, "records_present"),
    "a record that is no object": ('{"records": [null]}', {}, "records_present"),
    "empty list": ('{"records": []}', {}, "not_empty"),
}
BAD_WEATHER: dict[str, tuple[Any, dict[str, Any], str]] = {
    "status 500": ("{}", {"status": 500}, "answered_ok"),
    "HTML that says JSON": ("<html>busy</html>", {}, "whole_json"),
    "truncated": ('{"hourly": {"time": ["2024-10-01T00:00"', {}, "whole_json"),
    "no body": ("", {}, "whole_json"),
    "an error": ({"error": True, "reason": "no"}, {}, "records_present"),
    "unequal lists": (UNEQUAL, {}, "records_present"),
    "a second place with unequal lists": ([WEATHER, UNEQUAL], {}, "records_present"),
    "empty lists": ({"hourly": {"time": [], "temperature_2m": []}}, {}, "not_empty"),
}


def take_in(small: SmallLakehouse, landings: list[dict[str, Any]]) -> dict[str, int]:
    return bronze.run(small.tables, small.arrow, small.zone, landings)


def test_every_bad_energy_body_is_refused_by_name_and_the_others_go_on(
    small: SmallLakehouse,
) -> None:
    landed = {
        name: small.land(
            "Elspotprices", body, START, (START, END), ["DK1"], params=(("n", name),), **how
        )
        for name, (body, how, _) in BAD_ENERGY.items()
    }
    good = small.land("Elspotprices", PRICE, START, (START, END), ["DK1"])
    written = take_in(small, [*landed.values(), good])
    found = {row["landing_id"]: row for row in small.rows(QUARANTINE)}
    assert found.keys() == {row["landing_id"] for row in landed.values()}
    assert {name: found[row["landing_id"]]["rule"] for name, row in landed.items()} == {
        name: rule for name, (_, _, rule) in BAD_ENERGY.items()
    }
    for row in landed.values():
        refusal = found[row["landing_id"]]
        assert row["request"] in refusal["reason"]
        assert (refusal["table"], refusal["record_index"]) == (ENERGY_RECORDS.name, -1)
    assert [row["landing_id"] for row in small.rows(ENERGY_RECORDS)] == [good["landing_id"]]
    assert written == {QUARANTINE.name: len(landed), ENERGY_RECORDS.name: 1}


def test_every_bad_weather_body_is_refused_by_name_and_the_others_go_on(
    small: SmallLakehouse,
) -> None:
    landed = {
        name: small.land(
            "archive", body, START, (START, END), ["aarhus"], params=(("n", name),), **how
        )
        for name, (body, how, _) in BAD_WEATHER.items()
    }
    good = small.land("archive", [WEATHER, WEATHER], START, (START, END), ["aarhus"])
    take_in(small, [*landed.values(), good])
    found = {row["landing_id"]: row for row in small.rows(QUARANTINE)}
    assert {name: found[row["landing_id"]]["rule"] for name, row in landed.items()} == {
        name: rule for name, (_, _, rule) in BAD_WEATHER.items()
    }
    assert all(row["request"] in found[row["landing_id"]]["reason"] for row in landed.values())
    records = small.rows(WEATHER_RECORDS, "landing_id", "record_index", "location_id", "fields")
    assert {row["landing_id"] for row in records} == {good["landing_id"]}
    assert [row["record_index"] for row in records] == [0, 1, 2, 3]
    assert [row["location_id"] for row in records] == ["aarhus", "aarhus", None, None]
    assert [dict(row["fields"])["temperature_2m"] for row in records] == ["1.0", None] * 2


def test_values_are_kept_as_received_not_judged(small: SmallLakehouse) -> None:
    """Texts to the letter; numbers as the JSON reader prints them, equal in value."""
    record = (
        '{"a":1.250,"b":"1,5","c":null,"d":-0.0,"e":12345678901234567890,"f":"Sjælland",'
        '"g":true,"h":"NaN","i":" 1.50 "}'
    )
    body = f'{{"records":[{record}]}}'
    take_in(small, [small.land("Elspotprices", body, START, (START, END), ["DK1"])])
    kept = [row["record"] for row in small.rows(ENERGY_RECORDS)]
    assert kept == [record.replace("1.250", "1.25")]


def test_records_are_counted_through_places_of_different_length(small: SmallLakehouse) -> None:
    """A record's number tells it apart from all others of its body, also in the quarantine."""
    longer = {"hourly": {"time": [f"2024-10-01T{hour:02}:00" for hour in range(5)]}}
    body = [longer, WEATHER, longer]
    take_in(small, [small.land("archive", body, START, (START, END), ["a", "b", "c"])])
    numbered = sorted((r["record_index"], r["location_id"]) for r in small.rows(WEATHER_RECORDS))
    assert numbered == list(enumerate("aaaaabbccccc"))


def test_json_of_another_shape_stops_no_other_body(small: SmallLakehouse) -> None:
    odd = [
        small.land("Elspotprices", body, START, (START, END), ["DK1"])
        for body in ('{"records":[1]}', '{"records":"none"}', "[]", "null", '"text"')
    ]
    good = small.land("Elspotprices", PRICE, START, (START, END), ["DK1"])
    take_in(small, [*odd, good])
    assert [row["landing_id"] for row in small.rows(ENERGY_RECORDS)] == [good["landing_id"]]
    refused = {row["landing_id"]: row["rule"] for row in small.rows(QUARANTINE)}
    assert refused == {row["landing_id"]: "records_present" for row in odd}


def test_taking_in_the_same_landings_again_changes_nothing(
    small: SmallLakehouse, catalogue: Catalogue
) -> None:
    landings = [
        small.land("Elspotprices", PRICE, START, (START, END), ["DK1"]),
        small.land("archive", WEATHER, START, (START, END), ["aarhus"]),
        small.land("Elspotprices", "<html>", START + timedelta(hours=1), (START, END), ["DK1"]),
    ]
    take_in(small, landings)
    tables = (ENERGY_RECORDS, WEATHER_RECORDS, QUARANTINE)
    before = [small.rows(table) for table in tables]
    again = take_in(small, landings)
    assert [small.rows(table) for table in tables] == before
    assert again[QUARANTINE.name] == 0


@pytest.mark.parametrize("data_set", ["Elspotprices", "archive"])
def test_a_body_of_another_encoding_is_refused_and_not_fatal(
    small: SmallLakehouse, data_set: str
) -> None:
    landing = small.land(data_set, "\x00\x01\ufffd{", START, (START, END), ["DK1"])
    take_in(small, [landing])
    assert [row["rule"] for row in small.rows(QUARANTINE)] == ["whole_json"]
