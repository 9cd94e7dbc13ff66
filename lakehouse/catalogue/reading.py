"""The catalogue as a whole: its references are checked, and it is read from TOML."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, model_validator

from lakehouse.catalogue.data_sets import DataSet
from lakehouse.catalogue.entries import Entry, Feed, Location, Series, SeriesGroup, Tariff, Weather
from lakehouse.catalogue.own import own_file, toml, with_entries
from lakehouse.errors import BadInput, ConfigError
from lakehouse.places import Place


class Catalogue(Entry):
    """All series, groups, data sets and locations of a profile."""

    history_start: datetime
    groups: dict[str, SeriesGroup]
    data_sets: dict[str, DataSet]
    locations: dict[str, Location]
    tariffs: dict[str, Tariff] = Field(default_factory=dict)
    weather: Weather
    series: dict[str, Series]

    @model_validator(mode="after")
    def _references_exist(self) -> "Catalogue":
        for series in self.series.values():
            named: list[tuple[str, str | None, Mapping[str, Any]]] = [
                ("group", series.series_group, self.groups),
                ("location", series.location_id, self.locations),
                ("tariff", series.tariff, self.tariffs),
                *(("data set", feed.data_set, self.data_sets) for feed in series.feeds),
            ]
            for kind, name, known in named:
                if name is not None and name not in known:
                    raise ValueError(
                        f"series '{series.series_id}' names the unknown {kind} '{name}'; "
                        f"known are {sorted(known)}"
                    )
            self._check_units(series)
            self._check_keys(series)
        if self.history_start.tzinfo is None:
            raise ValueError("history_start needs an offset, such as 2023-01-01T00:00:00Z")
        for group in self.groups.values():
            group.check_offsets(self.history_start)
        return self

    def _check_units(self, series: Series) -> None:
        for feed in series.feeds:
            unit = self.data_sets[feed.data_set].unit
            made = self.tariffs[series.tariff].unit if series.tariff else unit
            if series.unit != made:
                raise ValueError(
                    f"series '{series.series_id}' is in {series.unit}, but {feed.data_set} gives "
                    f'{made}; write unit = "{made}"'
                )

    def _check_keys(self, series: Series) -> None:
        for feed in series.feeds:
            columns = self.data_sets[feed.data_set].key_columns
            if len(feed.source_key) != len(columns):
                raise ValueError(
                    f"series '{series.series_id}' has the key {list(feed.source_key)} in "
                    f"{feed.data_set}; expected one value for each of {list(columns)}"
                )
        group = self.groups[series.series_group]
        columns = self.data_sets[series.data_set].known_columns
        lacking = [name for name in group.covariates if name not in columns]
        if lacking:
            raise ValueError(
                f"group '{series.series_group}' has the covariates {list(group.covariates)}, but "
                f"{series.data_set} of series '{series.series_id}' knows {list(columns)} in advance"
            )

    def members(self, group_id: str) -> list[Series]:
        """The series of one group. Raises BadInput for an unknown group."""
        if group_id not in self.groups:
            raise BadInput(f"Unknown series group '{group_id}'. Known: {sorted(self.groups)}.")
        return [s for s in self.series.values() if s.series_group == group_id]

    def feeds_of(self, data_set: str) -> list[tuple[Feed, Series]]:
        """The series that come, or came, from one data set, with their keys in it."""
        return [
            (feed, series)
            for series in self.series.values()
            for feed in series.feeds
            if feed.data_set == data_set
        ]

    @cached_property
    def schedule(self) -> SeriesGroup:
        """The group whose origin paces `daily`: the earliest of the day."""
        return min(self.groups.values(), key=lambda g: (g.origin, g.timezone))


_ID_FIELDS = {
    "groups": "group_id",
    "data_sets": "name",
    "locations": "location_id",
    "tariffs": "tariff_id",
    "series": "series_id",
}


def read_catalogue(file: Path, lakehouse: Place | None = None) -> Catalogue:
    """Read and check a catalogue, and after it the series that were added to a lakehouse.

    Raises ConfigError naming the file, the key and the fault.
    """
    raw = toml(file)
    if lakehouse and own_file(lakehouse).exists():
        try:
            raw = with_entries(raw, toml(own_file(lakehouse)))
        except BadInput as fault:
            raise ConfigError(f"{own_file(lakehouse)}: {fault}") from None
    return checked(raw, str(file))


def checked(raw: dict[str, Any], file: str) -> Catalogue:
    """A catalogue from what its file holds. Raises ConfigError naming the key and the fault."""
    named = {
        section: {name: entry | {_ID_FIELDS[section]: name} for name, entry in entries.items()}
        if section in _ID_FIELDS
        else entries
        for section, entries in raw.items()
    }
    try:
        return Catalogue.model_validate(named)
    except ValidationError as fault:
        first = fault.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{file}: {where or 'catalogue'}: {first['msg']}.") from None
