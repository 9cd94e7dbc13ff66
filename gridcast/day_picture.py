"""docs/day.svg: how a day flows, from top to bottom in time, from left to right through the layers.

`make docs` draws it anew. It is readable on light and on dark pages.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from lakehouse.tables import bronze, gold, silver, watched
from lakehouse.tables.contract import Table

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "day.svg"
ZONE, OUTSIDE = "landing zone", "outside"
COLUMNS = (ZONE, "bronze", "silver", "gold", OUTSIDE)
"""Where things lie: the layers of tables, what comes before them, and what leaves the house."""


@dataclass(frozen=True)
class Step:
    """A step of the day: what it is for, what it reads, what it writes.

    reads: columns; writes: tables, and words for what is none, by column.
    """

    name: str
    purpose: str
    reads: tuple[str, ...]
    tables: tuple[Table, ...] = ()
    words: tuple[tuple[str, str], ...] = ()

    def written(self, column: str) -> list[str]:
        """What it writes in a column, in words."""
        own = [table.name.split(".")[1] for table in self.tables if table.name.startswith(column)]
        return own + [words for place, words in self.words if place == column]


DAY = (
    Step(
        "ingest",
        "asks the sources for what is missing",
        (),
        (bronze.LANDINGS,),
        ((ZONE, "bodies as received"),),
    ),
    Step(
        "build",
        "new bodies, by when they were known",
        (ZONE,),
        (
            bronze.ENERGY_RECORDS,
            bronze.WEATHER_RECORDS,
            bronze.QUARANTINE,
            silver.OBSERVATIONS,
            silver.COVARIATES,
            silver.WEATHER_OBSERVATIONS,
            silver.WEATHER_FORECASTS,
            silver.SERIES,
            silver.LOCATIONS,
            silver.DATA_SETS,
        ),
    ),
    Step(
        "watch",
        "judges the days that came",
        ("silver",),
        (watched.PROFILES, watched.PROFILE_FEATURES, watched.QUALITY, watched.DRIFT),
    ),
    Step(
        "evaluate",
        "truth meets forecast: who is in charge",
        ("silver", "gold"),
        (gold.FORECAST_ERRORS, gold.PROMOTIONS),
    ),
    Step(
        "forecast",
        "as of the origin, by all models",
        ("silver", "gold"),
        (gold.FEATURES, gold.FORECASTS, gold.CALIBRATION),
    ),
    Step(
        "alert",
        "what needs a person",
        ("gold",),
        (gold.INCIDENTS, watched.RETRAINING, gold.OUTBOX),
        ((OUTSIDE, "a mail"),),
    ),
    Step(
        "report",
        "the day on one page",
        ("gold",),
        (gold.OUTBOX,),
        ((OUTSIDE, "a mail of one page"),),
    ),
)
"""In the order of the flow `daily`."""
TRAIN = Step(
    "train",
    "monthly, or when it is asked for",
    ("silver", "gold"),
    (gold.TRAINING_RUNS, gold.BACKTESTS, gold.PROMOTIONS),
    ((OUTSIDE, "MLflow, a mail"),),
)

_WIDTH, _MARGIN, _STEP_WIDTH = 1000, 16, 236
_LINE, _HEAD, _GAP, _FOOT = 15, 46, 14, 26
_STYLE = """\
.card{fill:#fff}.lane{fill:#f4f6f8}.box{fill:#dbe9f6;stroke:#4a7fb0}.line{stroke:#4a7fb0}
.dot{fill:#fff;stroke:#4a7fb0}text{fill:#1f2933}.soft{fill:#52606d}
@media(prefers-color-scheme:dark){.card{fill:#15191e}.lane{fill:#1d2329}
.box{fill:#1f3a54;stroke:#6fa8dc}.line{stroke:#6fa8dc}.dot{fill:#15191e;stroke:#6fa8dc}
text{fill:#e4e7eb}.soft{fill:#a6b1bd}}"""


def picture(day: Sequence[Step] = DAY, apart: Sequence[Step] = (TRAIN,)) -> str:
    """The whole picture, as SVG. Steps that are `apart` stand below a line of their own."""
    tops, y = [], _HEAD
    for step in (*day, *apart):
        if apart and step is apart[0]:
            y += _GAP
        tops.append(y)
        y += _height(step)
    lines = [
        line for step, top in zip((*day, *apart), tops, strict=True) for line in _row(step, top)
    ]
    legend = (
        f'<circle class="dot" cx="{_MARGIN + 5}" cy="{y + 8}" r="4" stroke-width="1.5"/>'
        f'<text class="soft" x="{_MARGIN + 16}" y="{y + 12}" font-size="11">reads</text>'
        f'<rect class="box" x="{_MARGIN + 58}" y="{y + 2}" width="18" height="12" rx="3"/>'
        f'<text class="soft" x="{_MARGIN + 82}" y="{y + 12}" font-size="11">writes; each step '
        "gold.runs, too</text>"
    )
    bottom, height = y - _GAP // 2, y + _FOOT
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
            f'aria-label="How a day flows" font-family="system-ui, sans-serif" font-size="12">',
            f"<style>{_STYLE}</style>",
            f'<rect class="card" width="{_WIDTH}" height="{height}" rx="8"/>',
            *(_lane(column, bottom) for column in COLUMNS),
            *lines,
            legend,
            "</svg>\n",
        ]
    )


def _height(step: Step) -> int:
    return max(2, *(len(step.written(column)) for column in COLUMNS)) * _LINE + 12 + _GAP


def _span(column: str) -> tuple[float, float]:
    """From where to where a column goes."""
    width = (_WIDTH - _MARGIN - _STEP_WIDTH) / len(COLUMNS)
    left = _STEP_WIDTH + COLUMNS.index(column) * width
    return left, left + width - 8


def _middle(column: str) -> float:
    return sum(_span(column)) / 2


def _lane(column: str, bottom: int) -> str:
    left, right = _span(column)
    return (
        f'<rect class="lane" x="{left:.0f}" y="12" width="{right - left:.0f}" '
        f'height="{bottom - 12}" rx="6"/>'
        f'<text class="soft" x="{_middle(column):.0f}" y="32" text-anchor="middle">{column}</text>'
    )


def _row(step: Step, top: int) -> Iterator[str]:
    height = _height(step) - _GAP
    middle = top + height / 2
    yield (
        f'<text x="{_MARGIN}" y="{middle - 3:.0f}" font-size="14" font-weight="600">{step.name}'
        f'</text><text class="soft" x="{_MARGIN}" y="{middle + 13:.0f}" font-size="11">'
        f"{escape(step.purpose)}</text>"
    )
    written = [column for column in COLUMNS if step.written(column)]
    touched = [column for column in COLUMNS if column in (*step.reads, *written)]
    start = _middle(touched[0]) if step.reads else _STEP_WIDTH - 20.0
    yield (
        f'<path class="line" d="M{start:.0f} {middle:.0f}H{_middle(touched[-1]):.0f}" '
        'stroke-width="1.5"/>'
    )
    for column in touched:
        if column in written:
            yield _box(step.written(column), column, top, height)
        if column in step.reads:
            x = _span(column)[0] + 5 if column in written else _middle(column)
            yield f'<circle class="dot" cx="{x:.0f}" cy="{middle:.0f}" r="4" stroke-width="1.5"/>'


def _box(words: Sequence[str], column: str, top: int, height: int) -> str:
    left, right = _span(column)
    first = top + height / 2 - (len(words) - 1) * _LINE / 2 + 4
    texts = "".join(
        f'<text x="{_middle(column):.0f}" y="{first + number * _LINE:.0f}" font-size="11" '
        f'text-anchor="middle">{escape(word)}</text>'
        for number, word in enumerate(words)
    )
    return (
        f'<rect class="box" x="{left + 5:.0f}" y="{top}" width="{right - left - 10:.0f}" '
        f'height="{height}" rx="5"/>{texts}'
    )


if __name__ == "__main__":
    PICTURE.write_text(picture())
    sys.stdout.write(f"wrote {PICTURE.name}\n")
