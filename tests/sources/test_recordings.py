"""Any recorded folder is played: the publisher's exports as they are, years of them."""

import csv
import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from lakehouse.catalogue import WEATHER_VARIABLES
from lakehouse.errors import BadInput
from lakehouse.settings import load_settings
from lakehouse.time import HOUR, parse_utc
from sources.addresses import Addresses
from sources.emulator.energy_files import COPENHAGEN
from sources.emulator.own_clock import OwnClock
from sources.emulator.recordings import Recordings
from sources.emulator.server import running

LATE = parse_utc("2026-06-01T00:00Z")
SAMPLE = Path(__file__).resolve().parents[2] / "sample"
Play = Callable[..., Addresses]


@pytest.fixture
def play() -> Iterator[Play]:
    """Plays a folder under the sample's catalogue, at a moment."""
    with ExitStack() as stack:

        def start(folder: Path, at: datetime = LATE) -> Addresses:
            settings = load_settings("sample").model_copy(update={"sample_data": folder})
            return stack.enter_context(running(settings, OwnClock(at)))

        yield start


@pytest.fixture(scope="module")
def raw(shared_data: Path) -> Iterator[Addresses]:
    """The shared folder with everything in it public."""
    settings = load_settings("sample").model_copy(update={"sample_data": shared_data})
    with running(settings, OwnClock(LATE)) as addresses:
        yield addresses


def records(played: Addresses, name: str, **params: Any) -> list[dict[str, Any]]:
    answer = httpx.get(
        f"{played.energi_data_service}/dataset/{name}", params={"limit": 0, **params}, timeout=60
    )
    assert answer.status_code == 200, answer.text
    listed: list[dict[str, Any]] = answer.json()["records"]
    return listed


def exported(file: Path) -> list[dict[str, str]]:
    with gzip.open(file, "rt", encoding="utf-8-sig", newline="") as text:
        return list(csv.DictReader(text, delimiter=";"))


def filtered(**columns: list[str]) -> str:
    return json.dumps(columns)


def write(folder: Path, name: str, *lines: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


EXPORT = "HourUTC;HourDK;PriceArea;SpotPriceDKK;SpotPriceEUR"


def test_rows_are_served_as_they_are(tmp_path: Path, play: Play) -> None:
    """Duplicates stay two, damaged texts stay texts, an empty field is null."""
    twice = "2024-03-01 00:00;2024-03-01 01:00;DK1;7,450000;1,000000"
    folder = write(
        tmp_path / "eds", "Elspotprices_x.csv", EXPORT, twice, twice,
        "2024-03-01 01:00:00;2024-03-01 02:00:00;DK1;-1,5;",
        "01/03/2024;01/03/2024;DK1;810.219.971;nan",
    ).parent  # fmt: skip
    found = records(play(folder), "Elspotprices", sort="HourUTC asc")
    price = {"PriceArea": "DK1", "SpotPriceDKK": 7.45, "SpotPriceEUR": 1.0}
    whole = {"HourUTC": "2024-03-01T00:00:00", "HourDK": "2024-03-01T01:00:00"} | price
    damaged, *rest = found
    assert damaged == {
        "HourUTC": "01/03/2024",
        "HourDK": "01/03/2024",
        "PriceArea": "DK1",
        "SpotPriceDKK": "810.219.971",
        "SpotPriceEUR": "nan",
    }
    assert rest[:2] == [whole, whole]
    assert (rest[2]["SpotPriceDKK"], rest[2]["SpotPriceEUR"]) == (-1.5, None)


def test_a_record_with_an_unreadable_time_is_in_every_window(tmp_path: Path, play: Play) -> None:
    folder = write(tmp_path, "Elspotprices.csv", EXPORT, "30/04/2023;30/04/2023;DK1;1,0;1,0")
    played = play(folder, parse_utc("2020-01-01T00:00Z"))
    assert len(records(played, "Elspotprices", start="2024-01-01", end="2024-01-02")) == 1
    assert records(played, "Elspotprices", filter=filtered(PriceArea=["DK2"])) == []


def test_files_of_one_data_set_are_one_table_whatever_their_form(
    tmp_path: Path, play: Play
) -> None:
    """Semicolons or commas, other orders of columns, compressed or not, folder or below it."""
    write(
        tmp_path / "eds",
        "Elspotprices_a.csv",
        EXPORT,
        "2024-03-01 00:00;2024-03-01 01:00;DK1;7,5;1,5",
    )
    heading = "HourUTC,PriceArea,SpotPriceEUR,SpotPriceDKK,HourDK"
    line = "2024-03-01T01:00:00,DK2,2.5,8.5,2024-03-01T02:00:00"
    (tmp_path / "Elspotprices_b.csv.gz").write_bytes(gzip.compress(f"{heading}\n{line}".encode()))
    write(tmp_path, "ElspotpricesOther_c.csv", EXPORT, "2024-03-01 00:00;x;DK3;7,5;1,5")
    first, second = records(play(tmp_path), "Elspotprices", sort="HourUTC")
    assert set(first) == set(second)
    assert (first["SpotPriceEUR"], second["SpotPriceEUR"]) == (1.5, 2.5)
    assert (first["HourDK"], second["HourDK"]) == ("2024-03-01T01:00:00", "2024-03-01T02:00:00")


def test_the_local_column_is_named_as_the_data_set_names_it(tmp_path: Path, play: Play) -> None:
    write(tmp_path, "day_ahead_prices.csv", "TimeUTC,PriceArea,DayAheadPriceEUR",
          "2025-10-01T00:15:00,DK1,1.5")  # fmt: skip
    played = play(tmp_path)
    found = records(played, "DayAheadPrices", start="2025-10-01T02:15", end="2025-10-01T02:16")
    assert list(found[0]) == ["TimeUTC", "TimeDK", "PriceArea", "DayAheadPriceEUR"]
    assert found[0]["TimeDK"] == "2025-10-01T02:15:00"
    assert records(played, "DayAheadPrices", start="2025-10-01T02:16") == []


def test_what_a_folder_lacks_is_answered_as_the_services_do(tmp_path: Path, play: Play) -> None:
    played = play(write(tmp_path, "Elspotprices.csv", EXPORT))
    assert records(played, "Elspotprices") == []
    other = httpx.get(f"{played.energi_data_service}/dataset/ConsumptionIndustry")
    assert (other.status_code, other.text) == (404, "dataset not found ConsumptionIndustry")
    place = {"latitude": 56.1, "longitude": 10.2, "hourly": "cloud_cover",
             "start_date": "2024-01-01", "end_date": "2024-01-01"}  # fmt: skip
    weather = httpx.get(f"{played.open_meteo_archive}/v1/archive", params=place)
    assert weather.status_code == 400
    assert "No data is available for this location" in weather.json()["reason"]


def test_a_data_set_that_the_catalogue_does_not_name_is_published_as_usual(
    tmp_path: Path, play: Play
) -> None:
    write(tmp_path, "DayAheadPrices.csv", "TimeUTC,PriceArea,DayAheadPriceEUR",
          "2025-10-02T00:15:00,DK1,1.5")  # fmt: skip
    write(tmp_path, "ConsumptionDE35Hour.csv", "HourUTC,PriceArea,ConsumerType_DE35,TotalCon",
          "2025-10-02T00:00:00,DK1,111,7.5")  # fmt: skip
    for name, before, after in (
        ("DayAheadPrices", "2025-10-01T10:44Z", "2025-10-01T10:45Z"),
        ("ConsumptionDE35Hour", "2025-10-11T00:59Z", "2025-10-11T01:00Z"),
    ):
        assert records(play(tmp_path, parse_utc(before)), name) == []
        [record] = records(play(tmp_path, parse_utc(after)), name)
    assert record["ConsumerType_DE35"] == "111" and record["TotalCon"] == 7.5


@pytest.mark.parametrize(
    ("name", "lines", "told"),
    [
        ("Elspotprices.csv", [""], "expected a heading"),
        ("Elspotprices.csv", ["A;B", "1;2"], r"expected one of \['HourUTC', 'TimeUTC'\]"),
        ("Elspotprices.csv", ["HourUTC,A", "2024-01-01,2,3"], "row 2: expected 2 fields .*, got 3"),
        ("archive_here.csv", ["time,temperature", "2024-01-01T00:00,1"], "three lines about"),
        (
            "archive_here.csv",
            ["latitude,longitude,elevation,utc_offset_seconds", "1,2,3,0", "",
             "time,temperature", "2024-01-01T00:00,1"],
            "expected a column precipitation",
        ),
    ],
)  # fmt: skip
def test_a_file_of_another_form_is_a_sentence(
    tmp_path: Path, name: str, lines: list[str], told: str
) -> None:
    recordings = Recordings(write(tmp_path, name, *lines))
    with pytest.raises(BadInput, match=told):
        _ = (recordings.energy("Elspotprices"), recordings.weather)


def test_weather_in_metres_per_second_is_not_converted_twice(tmp_path: Path) -> None:
    about = ["latitude,longitude,elevation,utc_offset_seconds", "1,2,3,7200", ""]
    for unit, wind in (("m/s", 36.0), ("km/h", 10.0)):
        heading = (
            f"time,temperature_2m (°C),precipitation (mm),cloud_cover (%),wind_speed_10m ({unit})"
        )
        folder = write(tmp_path / unit[0], "archive_x_2024.csv", *about, heading,
                       "2024-07-01T02:00,20,NaN,,36")  # fmt: skip
        [place] = Recordings(folder).weather
        assert place.location_id == "x"
        midnight = np.array([int(parse_utc("2024-07-01T00:00Z").timestamp()) // 3600])
        values = [place.actual(name, midnight)[0] for name in WEATHER_VARIABLES]
        assert (values[0], values[3]) == (20.0, wind)
        assert np.isnan(values[1]) and np.isnan(values[2])


def test_the_raw_folder_holds_every_row_of_its_files(raw: Addresses, shared_data: Path) -> None:
    """Row for row, as the exports say it: nothing merged, dropped or rounded."""
    for name, value in (
        ("ConsumptionIndustry", "ConsumptionkWh"),
        ("Elspotprices", "SpotPriceEUR"),
    ):
        written = [
            row
            for file in sorted((shared_data / "eds").glob(f"{name}_*.gz"))
            for row in exported(file)
        ]
        keys = [field for field in written[0] if field not in ("HourUTC", "HourDK", value)]
        keys = [field for field in keys if "Price" not in field or field == "PriceArea"]
        wanted = Counter(
            (row["HourUTC"][:16].replace(" ", "T"), *(row[key] for key in keys),
             float(row[value].replace(",", ".")))
            for row in written
        )  # fmt: skip
        found = Counter(
            (record["HourUTC"][:16], *(record[key] for key in keys), record[value])
            for record in records(raw, name)
        )
        assert sum(wanted.values()) > 60_000
        assert found == wanted


def test_four_years_are_served_without_a_missing_hour(raw: Addresses) -> None:
    asked = {"start": "2021-01-01", "end": "2024-12-01", "sort": "HourUTC asc"}
    found = records(raw, "ConsumptionIndustry", filter=filtered(MunicipalityNo=["851"]), **asked)
    times = [datetime.fromisoformat(record["HourUTC"]) for record in found]
    assert (times[0], len(times)) == (datetime(2020, 12, 31, 23), 34_320)
    assert all(later - earlier == HOUR for earlier, later in pairwise(times))
    for record in found:
        utc = datetime.fromisoformat(record["HourUTC"]).replace(tzinfo=UTC)
        assert record["HourDK"] == f"{utc.astimezone(COPENHAGEN):%Y-%m-%dT%H:%M:%S}"


def test_quarter_hours_are_served_with_their_own_names(raw: Addresses) -> None:
    asked = {"start": "2025-10-26", "end": "2025-10-27", "sort": "TimeUTC asc"}
    found = records(raw, "DayAheadPrices", **asked)
    assert len(found) == 100  # a day of 25 hours
    assert list(found[0]) == [
        "TimeUTC",
        "TimeDK",
        "PriceArea",
        "DayAheadPriceEUR",
        "DayAheadPriceDKK",
    ]
    steps = {
        datetime.fromisoformat(b["TimeUTC"]) - datetime.fromisoformat(a["TimeUTC"])
        for a, b in pairwise(found)
    }
    assert steps == {timedelta(minutes=15)}


def test_the_raw_folder_and_the_sample_say_the_same(raw: Addresses, play: Play) -> None:
    """Other code cut the sample out of these files: energy and weather agree to the digit."""
    sample = play(SAMPLE)
    window = {"start": "2023-01-01T01:00", "end": "2024-12-02", "sort": "HourUTC asc"}
    for name, keys in (
        ("ConsumptionIndustry", {"MunicipalityNo": ["851", "329"]}),
        ("Elspotprices", {"PriceArea": ["DK1", "DK2"]}),
    ):
        chosen = window | {"filter": filtered(**keys)}
        mine, theirs = (
            {json.dumps(r, sort_keys=True) for r in records(p, name, **chosen)}
            for p in (sample, raw)
        )
        assert len(mine) == 2 * 16_823
        assert mine == theirs
    place = {"latitude": "56.13,55.57", "longitude": "10.19,12.94", "wind_speed_unit": "ms",
             "hourly": ",".join(WEATHER_VARIABLES),
             "start_date": "2023-01-01", "end_date": "2024-12-31"}  # fmt: skip
    bodies = [
        httpx.get(f"{p.open_meteo_archive}/v1/archive", params=place, timeout=60).content
        for p in (sample, raw)
    ]
    assert bodies[0] == bodies[1]
    run = place | {"run": "2024-10-18T06:00", "forecast_days": "3"}
    runs = [
        httpx.get(f"{p.open_meteo_single_runs}/v1/forecast", params=run).content
        for p in (sample, raw)
    ]
    assert runs[0] == runs[1]


def test_every_damaged_row_is_served(shared_data: Path, play: Play) -> None:
    found = records(
        play(shared_data / "broken"), "Elspotprices", start="2023-01-01", end="2023-01-02"
    )
    assert len(found) == 2_879
    assert {record["HourUTC"] for record in found if "T" in record["HourUTC"]} == set()
    assert "810.219.971" in {record["SpotPriceDKK"] for record in found}
