"""Values of intervals as lines: each holds for its whole interval, and a gap stays a gap."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pandas as pd

from serving.dashboards.local_axis import placed


def stepped(
    times: Sequence[datetime], values: Sequence[float], minutes: int
) -> tuple[list[datetime], list[float | None]]:
    """Points of a line of shape 'hv'. times: starts of intervals, ascending; values: one each.

    After the last interval before a gap comes its end and then nothing; a missing value is a gap.
    """
    length = timedelta(minutes=minutes)
    points: list[tuple[datetime, float | None]] = []
    end: datetime | None = None
    for time, value in zip(times, values, strict=True):
        if pd.isna(value):
            continue
        if end is not None and time > end:
            points += [(end, points[-1][1]), (end, None)]
        points.append((time, float(value)))
        end = time + length
    if end is not None:
        points.append((end, points[-1][1]))
    return [placed(time) for time, _ in points], [value for _, value in points]
