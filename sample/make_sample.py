"""Cut the recorded sample out of the shared public data, to the byte the same every time.

    python sample/make_sample.py --from ../shared/data            writes the files of this folder
    python sample/make_sample.py --from ../shared/data --check    says which of them differ

The files are gzip-compressed CSV. They are compared, and their checksums are taken, on the text
inside, because compressors of different versions write different bytes for the same text.
"""

import argparse
import csv
import gzip
import hashlib
import io
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

FOLDER = Path(__file__).resolve().parent
TEMPLATE = FOLDER / "README.template.md"
COPENHAGEN = ZoneInfo("Europe/Copenhagen")
FIXED_CET = timezone(timedelta(hours=1))
HOUR = timedelta(hours=1)
FIRST_HOUR = datetime(2023, 1, 1, tzinfo=UTC)
LAST_ENERGY_HOUR = datetime(2024, 12, 1, 22, tzinfo=UTC)

CONSUMPTION = (
    "eds/ConsumptionIndustry_851_Privat.csv.gz",
    "eds/ConsumptionIndustry_329_Erhverv.csv.gz",
)
PRICES = ("eds/Elspotprices_DK1_DK2_2021_2024.csv.gz", "eds/Elspotprices_7_areas_2024.csv.gz")
WEATHER = {
    "aarhus": "openmeteo/archive_aarhus_2024.csv.gz",
    "malmo": "openmeteo/archive_malmo_2023_2024.csv.gz",
}
WEATHER_HEADINGS = {
    "temperature_2m": ("temperature_2m (°C)", "temperature"),
    "precipitation": ("precipitation (mm)", "precipitation"),
    "cloud_cover": ("cloud_cover (%)", "cloud_cover"),
    "wind_speed_10m": ("wind_speed_10m (km/h)", "wind_speed_10m"),
}
KMH_PER_MS = 3.6

Row = dict[str, str]


def _lines(file: Path) -> list[str]:
    with gzip.open(file, "rt", encoding="utf-8-sig", newline="") as text:
        return text.read().splitlines()


def _number(text: str) -> str:
    """A decimal with a comma or a point, as the shortest text of the same float."""
    return repr(float(text.replace(",", ".")))


def _eds_rows(file: Path) -> Iterator[tuple[datetime, Row]]:
    """Records of an Energi Data Service export with their true UTC hour, in any order.

    Raises SystemExit where HourDK is not the Danish local time of HourUTC.
    """
    for row in csv.DictReader(_lines(file), delimiter=";"):
        hour = datetime.fromisoformat(row["HourUTC"]).replace(tzinfo=UTC)
        local = hour.astimezone(COPENHAGEN).replace(tzinfo=None)
        if datetime.fromisoformat(row["HourDK"]) != local:
            sys.exit(f"{file}: HourDK {row['HourDK']} is not {row['HourUTC']} in Denmark.")
        if FIRST_HOUR <= hour <= LAST_ENERGY_HOUR:
            yield hour, row


def _complete(
    found: dict[tuple[datetime, str], Sequence[str]], keys: Sequence[str]
) -> list[tuple[str, ...]]:
    """All rows by hour and key. Raises SystemExit where an hour of a key is missing."""
    hours = int((LAST_ENERGY_HOUR - FIRST_HOUR) / HOUR) + 1
    wanted = [(FIRST_HOUR + i * HOUR, key) for i in range(hours) for key in keys]
    missing = [pair for pair in wanted if pair not in found]
    if missing or len(found) != len(wanted):
        sys.exit(f"Expected {len(wanted)} rows for {keys}, found {len(found)}; lacks {missing[:3]}")
    return [(f"{hour:%Y-%m-%dT%H:%M:%S}", *found[hour, key]) for hour, key in wanted]


def consumption(source: Path) -> str:
    """HourUTC, MunicipalityNo, Branche, ConsumptionkWh: two series, hourly."""
    found: dict[tuple[datetime, str], Sequence[str]] = {}
    for name in CONSUMPTION:
        for hour, row in _eds_rows(source / name):
            place, branch = row["MunicipalityNo"], row["Branche"]
            found[hour, f"{place} {branch}"] = (place, branch, _number(row["ConsumptionkWh"]))
    header = ("HourUTC", "MunicipalityNo", "Branche", "ConsumptionkWh")
    return _csv_text(header, _complete(found, ("329 Erhverv", "851 Privat")))


def prices(source: Path) -> str:
    """HourUTC, PriceArea, SpotPriceDKK, SpotPriceEUR: DK1 and DK2, hourly.

    Raises SystemExit where the two files, which overlap, disagree.
    """
    found: dict[tuple[datetime, str], Sequence[str]] = {}
    for name in PRICES:
        for hour, row in _eds_rows(source / name):
            area = row["PriceArea"]
            if area not in ("DK1", "DK2"):
                continue
            record = (area, _number(row["SpotPriceDKK"]), _number(row["SpotPriceEUR"]))
            if found.setdefault((hour, area), record) != record:
                sys.exit(f"{name}: {area} at {hour} is {record}, elsewhere {found[hour, area]}.")
    header = ("HourUTC", "PriceArea", "SpotPriceDKK", "SpotPriceEUR")
    return _csv_text(header, _complete(found, ("DK1", "DK2")))


def _weather_rows(location: str, file: Path) -> Iterator[tuple[str, ...]]:
    lines = _lines(file)
    zone = dict(zip(lines[0].split(","), lines[1].split(","), strict=True))
    if zone["utc_offset_seconds"] != "3600":
        sys.exit(f"{file}: expected a fixed offset of 3600 s, it says {zone}.")
    for row in csv.DictReader(lines[3:]):
        hour = datetime.fromisoformat(row["time"]).replace(tzinfo=FIXED_CET).astimezone(UTC)
        if hour < FIRST_HOUR:
            continue
        values = []
        for variable, headings in WEATHER_HEADINGS.items():
            text = next(row[heading] for heading in headings if heading in row)
            number = float(text) if text not in ("", "NaN") else None
            if number is not None and variable == "wind_speed_10m":
                number = round(number / KMH_PER_MS, 2)
            values.append("" if number is None else repr(number))
        yield (f"{hour:%Y-%m-%dT%H:%M}", location, *values)


def weather(source: Path) -> str:
    """time, location_id and the four variables: °C, mm, %, m/s; times in true UTC.

    The files say Europe/Berlin but hold a fixed UTC+1 all year; a missing value stays empty.
    """
    rows = sorted(
        row for location, name in WEATHER.items() for row in _weather_rows(location, source / name)
    )
    return _csv_text(("time", "location_id", *WEATHER_HEADINGS), rows)


def locations(source: Path) -> str:
    """location_id, latitude, longitude, elevation: the grid cells that answered."""
    rows = []
    for location, name in WEATHER.items():
        head = _lines(source / name)[:2]
        cell = dict(zip(head[0].split(","), head[1].split(","), strict=True))
        rows.append((location, cell["latitude"], cell["longitude"], cell["elevation"]))
    return _csv_text(("location_id", "latitude", "longitude", "elevation"), rows)


def _csv_text(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def contents(source: Path) -> dict[str, str]:
    """Every file of the sample with the text inside it; README.md lists the checksums."""
    files = {
        "consumption_industry.csv.gz": consumption(source),
        "elspotprices.csv.gz": prices(source),
        "weather.csv.gz": weather(source),
        "weather_locations.csv.gz": locations(source),
    }
    table = "\n".join(
        f"| {name} | {text.count(chr(10)) - 1:,} | {hashlib.sha256(text.encode()).hexdigest()} |"
        for name, text in files.items()
    )
    files["README.md"] = TEMPLATE.read_text(encoding="utf-8").replace("{{files}}", table)
    return files


def _stored(file: Path) -> bytes | None:
    if not file.exists():
        return None
    return gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()


def differing(source: Path, folder: Path = FOLDER) -> list[str]:
    """Names of the files whose text is not what this script would write."""
    return [n for n, text in contents(source).items() if _stored(folder / n) != text.encode()]


def write(source: Path, folder: Path = FOLDER) -> None:
    """Write every file of the sample into a folder."""
    for name, text in contents(source).items():
        data = text.encode()
        (folder / name).write_bytes(gzip.compress(data, mtime=0) if name.endswith("gz") else data)


def main() -> int:
    """Write the sample, or check it. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Cut the recorded sample out of ../shared/data.")
    parser.add_argument("--from", dest="source", type=Path, default=Path("../shared/data"))
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    arguments = parser.parse_args()
    if not arguments.source.is_dir():
        print(f"Expected the shared data at {arguments.source}; there is no such folder. ")
        return 2
    if not arguments.check:
        write(arguments.source)
        return 0
    differ = differing(arguments.source)
    for name in differ:
        print(f"{FOLDER / name} is not what this script writes. Run it without --check.")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
