"""Series that a user added: a catalogue file beside the tables that hold them."""

import tomllib
from datetime import time
from typing import Any

import tomli_w

from lakehouse.errors import BadInput, ConfigError
from lakehouse.places import Place, whole

OWN_CATALOGUE = "own-series.toml"
_HEAD = (
    "# Written by 'gridcast series add', read after the profile's catalogue. Edit it freely.\n\n"
)

Entries = dict[str, Any]


def own_file(lakehouse: Place) -> Place:
    """Where the series added to a lakehouse are written down."""
    return lakehouse / OWN_CATALOGUE


def with_entries(held: Entries, added: Entries) -> Entries:
    """Two catalogues as one. Raises BadInput where both declare an entry, and not alike."""
    merged = {
        section: dict(entries) if isinstance(entries, dict) else entries
        for section, entries in held.items()
    }
    for section, entries in added.items():
        for name, entry in entries.items():
            known = merged.setdefault(section, {}).setdefault(name, entry)
            differing = sorted(k for k in {*known, *entry} if known.get(k) != entry.get(k))
            if differing:
                raise BadInput(
                    f"{section} '{name}' is in the catalogue already, with another "
                    f"{', '.join(differing)}. Choose another name, or edit the catalogue."
                )
    return merged


def read_own(lakehouse: Place) -> Entries:
    """The entries added so far; none where nothing was. Raises ConfigError where it is no TOML."""
    file = own_file(lakehouse)
    return toml(file) if file.exists() else {}


def toml(file: Place) -> Entries:
    """What a catalogue's file holds, unchecked. Raises ConfigError where it is no TOML."""
    try:
        return tomllib.loads(file.read_text())
    except FileNotFoundError:
        raise ConfigError(f"Expected a series catalogue at {file}; there is none.") from None
    except tomllib.TOMLDecodeError as fault:
        raise ConfigError(f"{file} is not valid TOML: {fault}.") from None


def write_own(lakehouse: Place, entries: Entries) -> None:
    """Replace the file of added entries, whole."""
    file = own_file(lakehouse)
    file.parent.mkdir(parents=True, exist_ok=True)
    with whole(file) as draft:
        draft.write_text(_HEAD + tomli_w.dumps(entries))


def own_series(
    series_id: str,
    data_set: dict[str, Any],
    group_id: str,
    group: dict[str, Any] | None,
    description: str,
    location_id: str | None,
) -> Entries:
    """The entries of one added series: a data set of its own name, itself, and a new group."""
    series = {
        "series_group": group_id,
        "data_set": series_id,
        "unit": data_set["unit"],
        "description": description,
    }
    if location_id:
        series["location_id"] = location_id
    entries: Entries = {"data_sets": {series_id: data_set}, "series": {series_id: series}}
    return entries | ({"groups": {group_id: group}} if group else {})


def kind_of(unit: str) -> str:
    """How longer intervals are made of shorter ones: price, power or energy."""
    if "/" in unit:
        return "price"
    return "energy" if unit.endswith("h") else "power"


def new_group(
    unit: str, origin: time, timezone: str, resolution_minutes: int, covariates: list[str]
) -> dict[str, Any]:
    """A group for series of one unit, forecast at a local time of day."""
    return {
        "kind": kind_of(unit),
        "origin": origin,
        "timezone": timezone,
        "resolution_minutes": resolution_minutes,
        "covariates": covariates,
    }
