"""What silver should hold, worked out slowly and plainly from every body that was received."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lakehouse.catalogue import Publication

Vintage = tuple[str, datetime, datetime, float, str, datetime]


@dataclass(frozen=True)
class Answer:
    """One body: when it was fetched, what it was asked for, and the values it gave."""

    landing_id: str
    fetched_at: datetime
    window: tuple[datetime, datetime]
    asked: Sequence[str]
    values: Sequence[tuple[str, datetime, float | None]]

    def covers(self, key: str, event_time: datetime) -> bool:
        return key in self.asked and self.window[0] <= event_time < self.window[1]

    def given(self) -> dict[tuple[str, datetime], float]:
        """Values of the keys that the body gives one value for."""
        found: dict[tuple[str, datetime], set[float]] = {}
        for key, event_time, value in self.values:
            if value is not None:
                found.setdefault((key, event_time), set()).add(value)
        return {place: min(values) for place, values in found.items() if len(values) == 1}


def history(
    answers: Iterable[Answer], publication: Publication, resolution: int = 60
) -> set[Vintage]:
    """(key, event_time, available_at, value, basis, recorded_at) of every vintage."""
    known = sorted(answers, key=lambda a: (a.fetched_at, a.landing_id))
    places = {place for answer in known for place in answer.given()}
    found: set[Vintage] = set()
    for key, event_time in places:
        usual = publication.available_at(event_time, resolution)
        by_moment = {
            a.fetched_at: a.given()[key, event_time]
            for a in known
            if (key, event_time) in a.given()
        }
        before: float | None = None
        for fetched_at, value in sorted(by_moment.items()):
            asked_before = any(
                a.covers(key, event_time) and a.fetched_at < fetched_at for a in known
            )
            simulated = publication.basis == "simulated"
            as_usual = before is None and (simulated or not asked_before)
            if value != before:
                available_at = min(usual, fetched_at) if as_usual else fetched_at
                basis = publication.basis if as_usual or simulated else "observed"
                found.add((key, event_time, available_at, value, basis, fetched_at))
            before = value
    return found


def hours(start: datetime, count: int) -> list[datetime]:
    return [start + timedelta(hours=i) for i in range(count)]
