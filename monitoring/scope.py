"""What a mail is about: all groups, or some, with the series, places and data sets of those."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import pandas as pd

from lakehouse.catalogue import Catalogue

Content = TypeVar("Content", bound=Any)
#: Data sets of the weather, as landings name them, and as incidents do.
_OF_WEATHER = ("forecast", "single_runs", "archive", "previous_runs")
WEATHER, WEATHER_FORECASTS = "weather", "weather forecasts"


@dataclass(frozen=True)
class Scope:
    """Some groups, and everything that they rest on."""

    groups: frozenset[str]
    series: frozenset[str]
    places: frozenset[str]
    data_sets: frozenset[str]

    @classmethod
    def of(cls, catalogue: Catalogue, groups: Iterable[str]) -> Scope:
        """The scope of some groups. Raises BadInput for an unknown one."""
        chosen = frozenset(groups)
        members = [series for group in sorted(chosen) for series in catalogue.members(group)]
        places = {series.location_id for series in members if series.location_id}
        weather = {*_OF_WEATHER, WEATHER, WEATHER_FORECASTS} if places else set()
        return cls(
            groups=chosen,
            series=frozenset(series.series_id for series in members),
            places=frozenset(places),
            data_sets=frozenset({feed.data_set for s in members for feed in s.feeds} | weather),
        )

    def concerns(self, about: str) -> bool:
        """Whether an incident about a group, series, data set or place is about one of these.

        What is said of a place begins with it: 'aarhus temperature_2m'.
        """
        named = self.groups | self.series | self.data_sets
        return about in named or about in self.places or about.split(" ")[0] in self.places

    def limited(self, content: Content) -> Content:
        """A report's content with the rows of its frames that are about these groups."""
        frames = {item.name: getattr(content, item.name) for item in fields(content)}
        kept = {n: self._rows(f) for n, f in frames.items() if isinstance(f, pd.DataFrame)}
        limited: Content = replace(content, **kept)
        return limited

    def _rows(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The first column that says what a row is about decides; a frame without one stays."""
        deciding: dict[str, Callable[[str], bool]] = {
            "about": self.concerns,
            "owner": (self.series | self.places).__contains__,
            "location_id": self.places.__contains__,
            "series_id": self.series.__contains__,
            "series_group": self.groups.__contains__,
            "data_set": self.data_sets.__contains__,
        }
        for column, kept in deciding.items():
            if column in frame.columns:
                return frame[frame[column].map(kept).astype(bool)]
        return frame
