"""The data sets of a catalogue: how their records are read, and when they become known."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from lakehouse.catalogue.entries import (
    Entry,
    Publication,
    known_unit,
    known_zone_or_offset,
    with_offset,
)


def _versions(given: Any) -> Any:
    """One publication, or its versions."""
    return given if isinstance(given, list | tuple) else (given,)


def _oldest_first(versions: tuple[Publication, ...]) -> tuple[Publication, ...]:
    return tuple(sorted(versions, key=lambda version: version.since))


DAY_MINUTES = 24 * 60
"""An interval is as long at most."""
Minutes = Annotated[int, Field(ge=1, le=DAY_MINUTES)]


class ResolutionBefore(Entry):
    """The interval that a data set had until it changed."""

    until: datetime
    minutes: Minutes

    _instant = field_validator("until")(with_offset)


class DataSet(Entry):
    """One data set of a source, and how its records are read.

    Times without an offset are wall clock of `timezone`: an IANA name or an offset such as
    `+01:00`. `time_format` is a Spark datetime pattern where they are not ISO 8601.
    `known_columns` hold what is known in advance about each interval (covariates), from
    `known_publication` on.
    """

    name: str = ""
    source: Literal["energi_data_service", "octopus", "file"] = "energi_data_service"
    product: str = ""
    time_column: str
    value_column: str
    key_columns: tuple[str, ...] = ()
    unit: str
    timezone: str = "UTC"
    time_format: str = ""
    resolution_minutes: Minutes = 60
    resolution_before: tuple[ResolutionBefore, ...] = ()
    known_columns: tuple[str, ...] = ()
    lookback_days: int = 0
    lookahead_days: int = 0
    publication: tuple[Publication, ...]
    known_publication: Publication | None = None

    _unit = field_validator("unit")(known_unit)
    _zone = field_validator("timezone")(known_zone_or_offset)
    _versions = field_validator("publication", mode="before")(_versions)
    _oldest_first = field_validator("publication")(_oldest_first)

    @model_validator(mode="after")
    def _complete(self) -> "DataSet":
        if self.known_columns and not self.known_publication:
            raise ValueError(
                f"known_columns {list(self.known_columns)} need known_publication: when they "
                "become known"
            )
        if self.source != "file" and not self.lookback_days:
            raise ValueError(
                "lookback_days is missing: how far back each request asks again for what is late "
                "or was corrected"
            )
        if not self.publication:
            raise ValueError("publication is empty: say when values become known")
        return self

    def resolution_at(self, event_time: datetime) -> int:
        """Minutes of the interval that starts at `event_time`."""
        changes = sorted(self.resolution_before, key=lambda change: change.until)
        return next((c.minutes for c in changes if event_time < c.until), self.resolution_minutes)

    def publication_at(self, fetched_at: datetime) -> Publication:
        """The version of the usual publication time that holds for what is fetched then."""
        held = [version for version in self.publication if version.since <= fetched_at]
        return held[-1] if held else self.publication[0]
