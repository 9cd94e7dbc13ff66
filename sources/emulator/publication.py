"""When a recorded value became public: by the catalogue's rule, or by a data set's usual one."""

from datetime import datetime

from lakehouse.catalogue import BEGINNING, NEVER, DataSet, Publication


def published_at(entry: DataSet | None, usual: Publication, event_time: datetime) -> datetime:
    """When the value of one interval (its start given, UTC) became public.

    Of several versions of a rule each holds in its own time: one that came into force when an
    earlier one had published the value changes nothing.
    """
    if entry is None:
        return usual.available_at(event_time, 60)
    minutes = entry.resolution_at(event_time)
    ends = [*(version.since for version in entry.publication[1:]), NEVER]
    since = BEGINNING
    for version, end in zip(entry.publication, ends, strict=True):
        published = max(since, version.available_at(event_time, minutes))
        if published < end:
            return published
        since = end
    return NEVER
