"""What the report's sections are made of: tables as read, cell by cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Cell:
    """One value as read; tone is 'good', 'bad' or '' (the text says it too, colour is extra);
    picture: name of the small picture that HTML shows in place of the text."""

    text: str
    tone: str = ""
    picture: str = ""


@dataclass(frozen=True)
class Heading:
    """One column: its label, and whether its cells are figures."""

    label: str
    figures: bool = False


@dataclass(frozen=True)
class Section:
    """One part of the report.

    key: anchor; lead: a sentence or two before the table; empty: the sentence that stands there
    when there is nothing to show, naming the command that fills it; picture: name of the picture
    below the lead.
    """

    key: str
    title: str
    lead: str
    empty: str
    headings: tuple[Heading, ...] = ()
    rows: list[tuple[Cell, ...]] = field(default_factory=list)
    picture: str = ""


def headings(*labels: str) -> tuple[Heading, ...]:
    """A label that ends in '#' heads a column of figures."""
    return tuple(Heading(label.rstrip("#"), label.endswith("#")) for label in labels)


def cells(*values: Any) -> tuple[Cell, ...]:
    return tuple(value if isinstance(value, Cell) else Cell(str(value)) for value in values)


def records(frame: pd.DataFrame, by: Sequence[str]) -> Iterable[Any]:
    return frame.sort_values(list(by), kind="stable").itertuples() if not frame.empty else ()
