"""What silver should hold, worked out slowly and plainly from every body that was received."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

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


def random_answers(seed: int, keys: Sequence[str] = ("DK1", "DK2")) -> list[Answer]:
    """Bodies over three days: windows that overlap, some hours around them, gaps, corrections.

    Every hour and key is a history of its own. Of the two keys some bodies are asked for one.
    """
    dice = random.Random(seed)
    start = datetime(2024, 10, 25, tzinfo=UTC)
    answers = []
    for number in range(7):
        first = start + timedelta(hours=dice.randrange(0, 48))
        last = first + timedelta(hours=dice.randrange(6, 36))
        asked = dice.choice([list(keys[:1]), list(keys)])
        padding = timedelta(hours=3)
        values: list[tuple[str, datetime, float | None]] = []
        event_time = first - padding
        while event_time < last + padding:
            for key in asked:
                values += dice.choice(
                    [[(key, event_time, 1.0)], [(key, event_time, 2.0)], [(key, event_time, 1.0)],
                     [(key, event_time, 2.0)], [(key, event_time, None)], [],
                     [(key, event_time, 3.0), (key, event_time, 3.0)],
                     [(key, event_time, 4.0), (key, event_time, 5.0)]]
                )  # fmt: skip
            event_time += timedelta(hours=1)
        # Two bodies may be fetched at one moment: a sample clock stands still.
        fetched_at = start + timedelta(hours=12 * dice.randrange(0, 9))
        answers.append(Answer(f"body-{number}", fetched_at, (first, last), asked, values))
    return answers
