"""whylogs' own drift pages of the newest week of each data set and group, written to a folder."""

from collections import defaultdict
from datetime import date

from lakehouse.arrow import ArrowTables
from lakehouse.errors import BadInput
from lakehouse.places import Place, whole
from lakehouse.tables.watched import PROFILES
from monitoring.profiles import merge
from monitoring.reference import days_of
from monitoring.whylogs_pages import drift_page
from spark_jobs.issued import ISSUED
from spark_jobs.monitor import SETTINGS
from spark_jobs.to_profile import OBSERVED, WEATHER


def write_pages(arrow: ArrowTables, folder: Place) -> tuple[list[Place], list[str]]:
    """Write one page per data set and group that has a reference.

    Returns the files, and a sentence about each that could not be made.
    """
    held: dict[tuple[str, str], dict[date, bytes]] = defaultdict(dict)
    watched = [("data_set", "in", [OBSERVED, WEATHER, *ISSUED])]
    for row in sorted(arrow.rows(PROFILES, filters=watched), key=lambda row: row["as_of"]):
        held[row["data_set"], row["series_group"]][row["day"]] = row["profile"]
    folder.mkdir(parents=True, exist_ok=True)
    files, problems = [], []
    for (data_set, group), days in sorted(held.items()):
        newest = max(days)
        ends = [*SETTINGS.reference.past(newest), *SETTINGS.reference.before(newest)]
        week, reference = ([days[d] for d in days_of(e) if d in days] for e in ([newest], ends))
        if not reference:
            problems.append(f"{data_set} of {group} has no weeks to compare {newest} with yet.")
            continue
        try:
            page = drift_page(merge(week), merge(reference))
        except BadInput as fault:
            problems.append(f"{data_set} of {group}: {fault}")
            continue
        file = folder / f"{data_set}-{group}-{newest}.html"
        with whole(file) as draft:
            draft.write_text(page, encoding="utf-8")
        files.append(file)
    return files, problems
