"""A constructed change of resolution: recorded hours, moved in time, end where quarter-hours begin.

    .venv/bin/python -m benchmarks.splice ../shared/data FILE

The recorded hourly prices end 548 days before the recorded quarter-hours begin, on
2025-09-30T22:00Z. The last eight weeks of the hours of western Denmark are written to FILE, each
time 548 days later: a publisher's values at times that are not theirs. The quarter-hours stay as
they were recorded.
"""

import csv
import gzip
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

HOURS = Path("eds", "Elspotprices_DK1_DK2_2021_2024.csv.gz")
QUARTERS = Path("eds", "DayAheadPrices_DK1_15min_2025_2026.csv.gz")
AREA = "DK1"
SEAM = datetime(2025, 9, 30, 22, tzinfo=UTC)
MOVED, SPAN = timedelta(days=548), timedelta(weeks=8)


def main() -> None:
    """Write the file, and say what it is."""
    data, file = map(Path, sys.argv[1:])
    count = write_moved_hours(data, file)
    print(f"{count:,} hours of {AREA}, each {MOVED.days} days later than recorded: {file}")


def write_moved_hours(data: Path, file: Path) -> int:
    """The hours before the seam in the publisher's own form; returns how many."""
    with gzip.open(data / HOURS, "rt", encoding="utf-8", newline="") as recorded:
        rows = list(csv.DictReader(recorded, delimiter=";"))
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, ["HourUTC", "PriceArea", "SpotPriceEUR"], delimiter=";")
        writer.writeheader()
        count = 0
        for row in rows:
            time = datetime.fromisoformat(f"{row['HourUTC']}+00:00") + MOVED
            if row["PriceArea"] == AREA and SEAM - SPAN <= time < SEAM:
                moved = {"HourUTC": f"{time:%Y-%m-%d %H:%M}", "PriceArea": AREA}
                writer.writerow(moved | {"SpotPriceEUR": row["SpotPriceEUR"]})
                count += 1
    return count


if __name__ == "__main__":
    main()
