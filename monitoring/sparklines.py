"""Sparklines: the daily error of one model beside seasonal naive's, a word high, and as text.

They are small pictures and not signs in the HTML: mail programs draw neither SVG nor canvas. Their
ground is transparent, and their colours stand out from a white and from a dark one.
"""

from __future__ import annotations

import io
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from monitoring import wording
from monitoring.cells import Cell
from monitoring.pictures import Picture

DAYS = 28
#: So many are drawn; what is further down the table has the signs alone.
MOST_DRAWN = 40
#: Pixels as shown; drawn at twice that.
WIDTH, HEIGHT = 104, 26
_SHARP = 2
_MODEL, _NAIVE = "#3b82d6", "#c2762e"
_BLOCKS = "\N{LOWER ONE EIGHTH BLOCK}\N{LOWER ONE QUARTER BLOCK}\N{LOWER THREE EIGHTHS BLOCK}"
_BLOCKS += "\N{LOWER HALF BLOCK}\N{LOWER FIVE EIGHTHS BLOCK}\N{LOWER THREE QUARTERS BLOCK}"
_BLOCKS += "\N{LOWER SEVEN EIGHTHS BLOCK}\N{FULL BLOCK}"
_GAP = "\N{MIDDLE DOT}"


@dataclass(frozen=True)
class Sparkline:
    """name: of its picture, empty where none is drawn; signs: the same in block characters, a
    sign a day; picture: with its figures in words."""

    name: str
    signs: str
    picture: Picture


Lines = dict[tuple[Hashable, Hashable], Sparkline]


def sparklines(daily_errors: pd.DataFrame, rows: Iterable[Any], days: int = DAYS) -> Lines:
    """By series_id and model_name, the newest days of each row of an accuracy table.

    daily_errors: series_id, model_name, target_day, mae in the series' unit; rows: series_id,
    model_name, unit, in the order in which they are shown.
    """
    if daily_errors.empty:
        return {}
    told = daily_errors.assign(mae=daily_errors["mae"].astype(float))
    table = told.pivot(index="target_day", columns=["series_id", "model_name"], values="mae")
    table.index = pd.to_datetime(table.index)
    found: Lines = {}
    for row in rows:
        key = (row.series_id, row.model_name)
        if key in found or key not in table or table[key].isna().all():
            continue
        own = table[row.series_id].dropna(how="all").asfreq("D").iloc[-days:]
        naive = [name for name in own if "naive" in str(name) and name != row.model_name]
        beside = own[naive[0]] if naive else pd.Series(np.nan, index=own.index)
        name = f"sparkline-{len(found) + 1}" if len(found) < MOST_DRAWN else ""
        found[key] = _sparkline(name, own[row.model_name], beside, str(row.unit or ""))
    return found


def drawn_of(lines: Lines) -> dict[str, Picture]:
    """The pictures of those that are drawn, by name."""
    return {line.name: line.picture for line in lines.values() if line.name}


def cell(lines: Lines, series_id: Hashable, model_name: Hashable) -> Cell:
    """A sparkline as one value of a table."""
    line = lines.get((series_id, model_name))
    return Cell(line.signs or wording.NOT_KNOWN, "", line.name) if line else Cell(wording.NOT_KNOWN)


def signs(values: pd.Series[Any]) -> str:
    """A block character for each value, as high as it lies between none and the greatest; a dot
    where there is none."""
    greatest = values.max()
    if not greatest > 0:
        return "".join(_GAP if pd.isna(value) else _BLOCKS[0] for value in values)
    places = (values / greatest * (len(_BLOCKS) - 1)).round()
    return "".join(_GAP if pd.isna(place) else _BLOCKS[int(place)] for place in places)


def _sparkline(name: str, own: pd.Series[Any], naive: pd.Series[Any], unit: str) -> Sparkline:
    known = own.dropna()
    if known.empty:
        return Sparkline("", "", Picture(b"", "", ""))
    span = wording.days(known.index[0], known.index[-1])
    alt = (
        f"MAE by day, {span}: least {wording.number(known.min(), unit)}, most "
        f"{wording.number(known.max(), unit)}, last {wording.number(known.iloc[-1], unit)}"
    )
    if (last := naive.dropna()).size:
        alt += f"; naive's last {wording.number(last.iloc[-1], unit)}"
    png = _drawn(own.to_numpy(float), naive.to_numpy(float)) if name else b""
    return Sparkline(name, signs(own), Picture(png, f"{alt}.", ""))


def _drawn(own: Any, naive: Any) -> bytes:
    """A PNG of few colours on a transparent ground; both lines from none to the greatest."""
    from PIL import Image, ImageDraw

    finer = 3  # lines are smoothed by being drawn large
    scale = _SHARP * finer
    size = (WIDTH * scale, HEIGHT * scale)
    drawn = Image.new("RGBA", size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(drawn)
    greatest = np.nanmax([*own, *naive, 1e-12])
    edge = 3 * scale
    across = np.linspace(edge, size[0] - edge, max(len(own), 2))
    for values, color, width in ((naive, _NAIVE, 2), (own, _MODEL, 3)):
        high = size[1] - edge - values / greatest * (size[1] - 2 * edge)
        points = list(zip(across, high, strict=False))
        for one, other in pairwise(points):
            if np.isfinite([one[1], other[1]]).all():
                pen.line([one, other], fill=color, width=width * finer, joint="curve")
    known = [(x, y) for x, y in zip(across, high, strict=False) if np.isfinite(y)]
    for x, y in known if len(known) == 1 else known[-1:]:
        around = 2 * scale
        pen.ellipse([x - around, y - around, x + around, y + around], fill=_MODEL)
    small = drawn.resize((WIDTH * _SHARP, HEIGHT * _SHARP), Image.Resampling.LANCZOS)
    target = io.BytesIO()
    small.quantize(32, method=Image.Quantize.FASTOCTREE).save(target, format="PNG", optimize=True)
    return target.getvalue()
