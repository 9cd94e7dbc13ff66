"""Every recorded file goes through, and each of its records is accounted for."""

import csv
import gzip
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from lakehouse.catalogue import WEATHER_VARIABLES, Catalogue
from lakehouse.clock import SampleClock
from lakehouse.landing import file_response
from lakehouse.settings import PROJECT, Settings
from lakehouse.tables import Table
from lakehouse.tables.bronze import ENERGY_RECORDS, LANDINGS, QUARANTINE, WEATHER_RECORDS
from lakehouse.tables.silver import OBSERVATIONS, WEATHER_FORECASTS, WEATHER_OBSERVATIONS
from lakehouse.time import HOUR
from sources import open_meteo
from sources.emulator.server import running
from sources.http import fetch, new_client
from tests.small_lakehouse import SmallLakehouse, utc

DATA = PROJECT.parent / "shared" / "data"
FETCHED = utc("2026-06-01 00:00")
LATE = {"rule": "after_interval", "delay_hours": 24, "basis": "assumed"}
HOURLY = {"time_column": "HourUTC", "publication": LATE, "lookback_days": 3}
AREAS = ("DK1", "DK2", "DE", "NO2", "SE3", "SE4", "SYSTEM")
REGIONS = tuple(f"Region {n}" for n in ("Hovedstaden", "Midtjylland", "Nordjylland", "Sjælland",
                                        "Syddanmark"))  # fmt: skip
CATEGORIES = ("Privat", "Erhverv", "Offentlige foretagender")

DATA_SETS: dict[str, dict[str, Any]] = {
    "ConsumptionIndustry": HOURLY
    | {"value_column": "ConsumptionkWh", "unit": "kWh",
       "key_columns": ["MunicipalityNo", "Branche"]},
    "ConsumptionConsumerCategoryHour": HOURLY
    | {"time_column": "TimeUTC", "value_column": "ConsumptionkWh", "unit": "kWh",
       "key_columns": ["RegionName", "ConsumerCategory3"]},
    "Elspotprices": HOURLY
    | {"value_column": "SpotPriceEUR", "key_columns": ["PriceArea"], "unit": "EUR/MWh"},
    "DayAheadPrices": HOURLY
    | {"time_column": "TimeUTC", "value_column": "DayAheadPriceEUR", "key_columns": ["PriceArea"],
       "unit": "EUR/MWh", "resolution_minutes": 15},
    "EnergyReport": HOURLY
    | {"source": "file", "value_column": "GrossConsumptionMWhDK2", "unit": "MWh"},
    "entsoe": {
        "source": "file",
        "time_column": "MTU (CET/CEST)",
        "time_format": "dd.MM.yyyy HH:mm",
        "timezone": "Europe/Copenhagen",
        "value_column": "Day-ahead Price [EUR/MWh]",
        "unit": "EUR/MWh",
        "publication": LATE,
    },
}  # fmt: skip
KEYS: dict[str, list[tuple[str, ...]]] = {
    "ConsumptionIndustry": [("851", "Privat"), ("329", "Erhverv")],
    "ConsumptionConsumerCategoryHour": [(r, c) for r in REGIONS for c in CATEGORIES],
    "Elspotprices": [(area,) for area in AREAS],
    "DayAheadPrices": [("DK1",)],
    "EnergyReport": [()],
    "entsoe": [()],
}

#: File: data set; records, new vintages, repeats, gaps, refused. Worked out from the files, in
#: the order in which they are landed: Elspotprices overlap.
FILES_OF: dict[str, tuple[str, tuple[int, int, int, int, int]]] = {
    "eds/ConsumptionIndustry_851_Privat.csv.gz": (
        "ConsumptionIndustry", (34_344, 34_344, 0, 0, 0)),
    "eds/ConsumptionIndustry_329_Erhverv.csv.gz": (
        "ConsumptionIndustry", (35_040, 35_040, 0, 0, 0)),
    "eds/ConsumptionConsumerCategoryHour_two_hours.csv": (
        "ConsumptionConsumerCategoryHour", (30, 30, 0, 0, 0)),
    "eds/Elspotprices_DK2_2017_2022.csv.gz": ("Elspotprices", (50_831, 50_831, 0, 0, 0)),
    "eds/Elspotprices_DK1_DK2_2021_2024.csv.gz": ("Elspotprices", (56_926, 41_159, 15_767, 0, 0)),
    "eds/Elspotprices_7_areas_2024.csv.gz": ("Elspotprices", (61_488, 57_122, 4_366, 0, 0)),
    "eds/DayAheadPrices_DK1_15min_2025_2026.csv.gz": ("DayAheadPrices", (11_908, 11_908, 0, 0, 0)),
    "eds/EnergyReport_DK2_2020_2024.csv.gz": ("EnergyReport", (43_896, 43_824, 72, 0, 0)),
    "broken/Elspotprices_excel_damaged.csv.gz": ("Elspotprices", (2_879, 0, 0, 0, 2_879)),
    "broken/entsoe_half_empty.csv.gz": ("entsoe", (8_761, 3_503, 0, 5_257, 1)),
}  # fmt: skip

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"the shared data are not at {DATA}")


def catalogue_of_the_files() -> Catalogue:
    series = {}
    for name, keys in KEYS.items():
        for key in keys:
            series_id = ".".join((name, *key))
            series[series_id] = {
                "series_id": series_id,
                "series_group": "all",
                "data_set": name,
                "source_key": key,
                "unit": DATA_SETS[name]["unit"],
                "description": "recorded",
            }
    return Catalogue.model_validate(
        {
            "history_start": utc("2017-01-01 00:00"),
            "groups": {"all": {"kind": "energy", "origin": "09:30", "timezone": "UTC"}},
            "data_sets": {name: d | {"name": name} for name, d in DATA_SETS.items()},
            "locations": {},
            "weather": {"weather_model": "any", "issue_basis": "fetched", "actual": LATE},
            "series": series,
        }
    )


def land(small: SmallLakehouse, file: str, fetched_at: datetime) -> str:
    data_set, _ = FILES_OF[file]
    asked = ["|".join(key) for key in KEYS[data_set]]
    window = (utc("2016-01-01 00:00"), fetched_at)
    response = file_response(DATA / file, "file", data_set, asked, fetched_at, window)
    row = small.zone.write(response, "test")
    small.arrow.insert_new(LANDINGS, [row])
    return str(row["landing_id"])


def records_of(file: Path) -> int:
    text = file.read_bytes()
    plain = gzip.decompress(text) if file.suffix == ".gz" else text
    return sum(1 for row in csv.reader(plain.decode("utf-8-sig").splitlines()) if row) - 1


def test_every_record_of_every_file_is_accounted_for(
    small: SmallLakehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    # One after the other: which of two overlapping files repeats the other is their order.
    landed = {file: land(small, file, FETCHED + i * HOUR) for i, file in enumerate(FILES_OF)}
    built = small.build(catalogue_of_the_files())
    new = counted(small, OBSERVATIONS, "landing_id")
    records = counted(small, ENERGY_RECORDS, "landing_id")
    refused = counted(small, QUARANTINE, "landing_id", "rule")
    found = {}
    for file, landing_id in landed.items():
        rules = {rule: n for (landing, rule), n in refused.items() if landing == landing_id}
        found[file] = (records[landing_id,], new[landing_id,], rules)
    with capsys.disabled():
        print("\nfile: records = new vintages + repeats + gaps + refused, by rule")
        for file, (count, fresh, rules) in found.items():
            _, (_, _, repeats, gaps, _) = FILES_OF[file]
            print(f"  {file}: {count:,} = {fresh:,} + {repeats:,} + {gaps:,} + {rules or 0}")
    for file, (_, expected) in FILES_OF.items():
        count, fresh, rules = found[file]
        assert count == records_of(DATA / file) == sum(expected[1:]), file
        assert (count, fresh, sum(rules.values())) == (expected[0], expected[1], expected[4]), file
    expectations = [expected for _, expected in FILES_OF.values()]
    assert built.written["repeats"] == sum(expected[2] for expected in expectations)
    assert built.written["gaps"] == sum(expected[3] for expected in expectations)
    check_entsoe_across_the_clock_change(small)


def check_entsoe_across_the_clock_change(small: SmallLakehouse) -> None:
    """The file's 00:00, 01:00 and 03:00 of 2023-03-26, which are neighbours in UTC."""
    first = utc("2023-03-25 23:00")
    rows = small.arrow.rows(
        OBSERVATIONS,
        ["event_time", "value"],
        [("series_id", "=", "entsoe"), ("event_time", ">=", first)],
    )
    values = {row["event_time"]: row["value"] for row in rows}
    assert [values[first + i * HOUR] for i in range(3)] == [39.66, 39.23, 40.12]
    [refused] = small.arrow.rows(QUARANTINE, filters=[("rule", "=", "local_time_exists")])
    assert "26.03.2023 02:00" in refused["reason"]


def counted(small: SmallLakehouse, table: Table, *columns: str) -> Counter[Any]:
    """How many rows have these values."""
    return Counter(tuple(row[c] for c in columns) for row in small.arrow.rows(table, columns))


def test_recorded_weather_comes_through_the_service_s_protocol_in_true_utc(
    small: SmallLakehouse, catalogue: Catalogue, settings: Settings
) -> None:
    """The files say Europe/Berlin and mean UTC+1 all year: 8,808 and 17,568 hours, none twice."""
    played = settings.model_copy(update={"sample_data": DATA})
    clock = SampleClock(small.folder / "clock", utc("2025-06-01 00:00"))
    places = {place.location_id: place for place in catalogue.locations.values()}
    first = {"aarhus": utc("2023-12-31 23:00"), "malmo": utc("2022-12-31 23:00")}
    hours = {"aarhus": 8_808, "malmo": 17_568}
    with running(played, clock) as where, new_client() as client:
        for name, start in first.items():
            end = start + hours[name] * HOUR
            asked = open_meteo.archive_request([places[name]], start, end)
            answer = fetch(asked, where.open_meteo_archive, clock.now(), client)
            small.arrow.insert_new(LANDINGS, [small.zone.write(answer, "test")])
    small.build(catalogue)
    rows = small.arrow.read(WEATHER_OBSERVATIONS, ["location_id", "variable", "event_time"])
    kept = Counter(zip(rows["location_id"].to_pylist(), rows["variable"].to_pylist(), strict=True))
    for name, count in hours.items():
        assert {kept[name, variable] for variable in WEATHER_VARIABLES} == {count}, name
    [noon] = small.arrow.rows(
        WEATHER_OBSERVATIONS,
        filters=[("location_id", "=", "malmo"), ("variable", "=", "wind_speed_10m"),
                 ("event_time", "=", utc("2022-12-31 23:00"))],
    )  # fmt: skip
    assert (noon["value"], noon["unit"]) == (4.75, "m/s")  # 17.1 km/h at 00:00 of the file


def test_a_recorded_forecast_that_was_asked_for_in_local_time_is_refused(
    small: SmallLakehouse, catalogue: Catalogue
) -> None:
    """It says an offset of 3600 s and km/h; what we ask for is GMT and m/s."""
    body = (DATA / "api" / "openmeteo_forecast_response.json").read_text()
    window = (utc("2026-03-02 00:00"), utc("2026-03-05 00:00"))
    small.land("forecast", body, utc("2026-03-02 06:00"), window, ["aarhus"])
    small.build(catalogue)
    assert small.arrow.count(WEATHER_RECORDS) == 72
    rules = counted(small, QUARANTINE, "rule")
    assert rules == {("time_is_utc",): 72}
    assert small.arrow.count(WEATHER_FORECASTS) == 0
