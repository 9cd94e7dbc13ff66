"""What the recorded sample is, and that it is what its script makes of the shared data."""

import csv
import gzip
import hashlib
import importlib.util
import re
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest

SAMPLE = Path(__file__).resolve().parents[2] / "sample"
FILES = sorted(SAMPLE.glob("*.csv.gz"))
HOURS = 16_823


def rows(name: str) -> list[dict[str, str]]:
    with gzip.open(SAMPLE / name, "rt", encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_sample", SAMPLE / "make_sample.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_files_equal_what_the_script_writes(shared_data: Path) -> None:
    assert script().differing(shared_data) == []


def test_the_compressed_files_hold_no_time_of_writing() -> None:
    assert [file.read_bytes()[4:8] for file in FILES] == [bytes(4)] * 4


def test_the_sample_is_small_enough_for_git() -> None:
    assert sum(file.stat().st_size for file in SAMPLE.iterdir() if file.is_file()) <= 4_000_000


def test_the_readme_names_every_file_with_its_checksum() -> None:
    page = (SAMPLE / "README.md").read_text(encoding="utf-8")
    assert len(FILES) == 4
    for file in FILES:
        digest = hashlib.sha256(gzip.decompress(file.read_bytes())).hexdigest()
        assert re.search(rf"\| {file.name} \| [0-9,]+ \| {digest} \|", page)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("consumption_industry.csv.gz", {("851", "Privat"), ("329", "Erhverv")}),
        ("elspotprices.csv.gz", {("DK1",), ("DK2",)}),
    ],
)
def test_no_hour_of_any_energy_series_is_missing(name: str, keys: set[tuple[str, ...]]) -> None:
    columns = ("MunicipalityNo", "Branche") if "consumption" in name else ("PriceArea",)
    first = datetime(2023, 1, 1)
    wanted = [f"{first + timedelta(hours=i):%Y-%m-%dT%H:%M:%S}" for i in range(HOURS)]
    assert wanted[-1] == "2024-12-01T22:00:00"
    found: dict[tuple[str, ...], list[str]] = {}
    for row in rows(name):
        found.setdefault(tuple(row[column] for column in columns), []).append(row["HourUTC"])
    assert found == dict.fromkeys(keys, wanted)


def test_prices_keep_their_extremes_and_their_float_noise() -> None:
    prices = [float(row["SpotPriceEUR"]) for row in rows("elspotprices.csv.gz")]
    assert (min(prices), max(prices)) == (-440.100006, 550.0)


def test_a_recorded_value_is_found_where_the_publisher_put_it() -> None:
    known = {
        ("2023-01-01T00:00:00", "329"): "12310.111",
        ("2024-12-01T22:00:00", "851"): "36954.822",
    }
    found = {
        (row["HourUTC"], row["MunicipalityNo"]): row["ConsumptionkWh"]
        for row in rows("consumption_industry.csv.gz")
    }
    assert {key: found[key] for key in known} == known


def test_weather_is_in_true_utc_and_aarhus_2023_is_absent() -> None:
    weather = rows("weather.csv.gz")
    span = {
        place: (min(times), max(times), len(times))
        for place in ("aarhus", "malmo")
        for times in [[row["time"] for row in weather if row["location_id"] == place]]
    }
    assert span == {
        "aarhus": ("2023-12-31T23:00", "2025-01-01T22:00", 8808),
        "malmo": ("2023-01-01T00:00", "2025-01-01T22:00", 17567),
    }


def test_wind_is_in_metres_per_second() -> None:
    first = next(row for row in rows("weather.csv.gz") if row["location_id"] == "aarhus")
    # The file says 13.0 km/h at 2024-01-01T00:00, fixed UTC+1.
    assert (first["time"], first["wind_speed_10m"]) == ("2023-12-31T23:00", "3.61")
    assert (first["temperature_2m"], first["cloud_cover"]) == ("5.8", "100.0")
