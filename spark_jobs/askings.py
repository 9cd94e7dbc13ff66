"""What the sources can be asked for the series of a catalogue: keys, windows, requests. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from lakehouse.catalogue import BEGINNING, NEVER, Catalogue, Location, Weather
from lakehouse.landing import FILES, Request
from lakehouse.time import DAY, HOUR
from sources import energi_data_service, octopus, open_meteo

Manifest = Sequence[dict[str, Any]]
Window = tuple[datetime, datetime]

_MONTH, _QUARTER, _YEAR = 1, 3, 12
#: Sources that are asked for all keys of a data set in one request: by which function, for how many
#: months, and whether an ingest may ask for any length.
_TOGETHER = {
    energi_data_service.SOURCE: (energi_data_service.request, _QUARTER, True),
}


@dataclass(frozen=True)
class Asking:
    """One kind of request: what it asks for, and for which event times it can be made.

    `months`: the calendar windows that a long time is cut into; a source that allows few requests
    is asked for much at once. `at_once`: whether an ingest may ask for any length in one request.
    `since`, `until`: the event times that the source has and that are wanted of it.
    """

    source: str
    data_set: str
    keys: tuple[str, ...]
    request: Callable[[datetime, datetime], Request]
    months: int
    at_once: bool = True
    lookback_days: int = 0
    lookahead_days: int = 0
    since: datetime = BEGINNING
    until: datetime = NEVER

    def limit(self, now: datetime) -> datetime:
        """The end of the event times that can be asked for at `now`."""
        return min(whole_hour(now) + self.lookahead_days * DAY, self.until)

    def answers(self, manifest: Manifest, key: str) -> list[dict[str, Any]]:
        """The answers of its source that were asked for one of its keys; files are none."""
        return [
            row
            for row in manifest
            if row["data_set"] == self.data_set
            and key in row["asked"]
            and not row["request"].startswith(FILES)
        ]

    def has_answers(self, manifest: Manifest, window: Window) -> bool:
        """Whether all keys have been answered for all of a window."""
        return all(
            first_hole(self.answers(manifest, key), window[0]) >= window[1] for key in self.keys
        )

    def windows(self, first: datetime, last: datetime) -> Iterator[Window]:
        """The whole calendar windows of UTC that [first, last) touches."""
        first = first.astimezone(UTC)
        number = first.year * _YEAR + (first.month - 1) // self.months * self.months
        while (start := _month(number)) < last:
            number += self.months
            yield start, _month(number)


def askings(catalogue: Catalogue) -> list[Asking]:
    """Everything that the catalogue's series need, but weather forecasts by their runs."""
    found = [asking for name in catalogue.data_sets for asking in _energy(catalogue, name)]
    places, weather = used_locations(catalogue), catalogue.weather
    if places:
        found.append(_actual_weather(places, weather))
    if places and weather.previous_runs_since < weather.single_runs_since:
        found.append(_previous_runs(places, weather))
    return found


def used_locations(catalogue: Catalogue) -> list[Location]:
    """The places whose weather a series uses, in the order of the catalogue."""
    used = {series.location_id for series in catalogue.series.values()}
    return [place for name, place in catalogue.locations.items() if name in used]


def first_hole(answers: Iterable[dict[str, Any]], start: datetime) -> datetime:
    """The first moment from `start` on that no answer's window covers."""
    hole = start
    for first, last in sorted((row["window_start"], row["window_end"]) for row in answers):
        if first > hole:
            break
        hole = max(hole, last)
    return hole


def whole_hour(instant: datetime) -> datetime:
    """The first whole hour that is not before an instant."""
    floor = instant.replace(minute=0, second=0, microsecond=0)
    return floor if floor == instant else floor + HOUR


def _energy(catalogue: Catalogue, name: str) -> Iterator[Asking]:
    """One request for all keys, or one for each tariff; what comes as a file is never asked for."""
    data_set = catalogue.data_sets[name]
    keys = list(dict.fromkeys(feed.source_key for feed, _ in catalogue.feeds_of(name)))
    back, ahead = data_set.lookback_days, data_set.lookahead_days
    texts = tuple("|".join(key) for key in keys)
    if data_set.source in _TOGETHER and keys:
        request, months, at_once = _TOGETHER[data_set.source]
        ask = partial(request, data_set, keys)
        yield Asking(data_set.source, name, texts, ask, months, at_once, back, ahead)
    if data_set.source == octopus.SOURCE:
        for key, text in zip(keys, texts, strict=True):
            ask = partial(octopus.request, data_set, key)
            yield Asking(data_set.source, name, (text,), ask, _MONTH, False, back, ahead)


def _actual_weather(places: list[Location], weather: Weather) -> Asking:
    return Asking(
        open_meteo.SOURCE,
        open_meteo.ARCHIVE,
        tuple(place.location_id for place in places),
        lambda start, end: open_meteo.archive_request(places, start, end),
        _QUARTER,
        lookback_days=weather.actual_lookback_days,
    )


def _previous_runs(places: list[Location], weather: Weather) -> Asking:
    """For the target days that come too early for a single run: the first one is of that day."""
    return Asking(
        open_meteo.SOURCE,
        open_meteo.PREVIOUS_RUNS,
        tuple(place.location_id for place in places),
        lambda start, end: open_meteo.previous_runs_request(places, weather, start, end),
        _MONTH,
        at_once=False,
        since=weather.previous_runs_since,
        until=weather.single_runs_since + timedelta(days=1),
    )


def _month(number: int) -> datetime:
    return datetime(number // _YEAR, number % _YEAR + 1, 1, tzinfo=UTC)
