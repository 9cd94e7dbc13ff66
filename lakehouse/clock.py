"""What time it is: the system's clock in `live`, a persisted sample clock in `sample`."""

from datetime import UTC, datetime
from typing import Protocol

from lakehouse.errors import BadInput
from lakehouse.places import Place, whole
from lakehouse.time import iso, parse_utc


class Clock(Protocol):
    """Tells the instant that a profile lives in. Read once, when a run starts."""

    simulated: bool

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's own clock, cut to whole seconds."""

    simulated = False

    def now(self) -> datetime:
        return datetime.now(UTC).replace(microsecond=0)


class SampleClock:
    """A clock that stands still until it is moved, and outlives the process in a small file."""

    simulated = True

    def __init__(self, file: Place, start: datetime) -> None:
        self._file = file
        self._start = start.astimezone(UTC)

    def now(self) -> datetime:
        if not self._file.exists():
            return self._start
        return parse_utc(self._file.read_text().strip())

    def move_to(self, instant: datetime) -> None:
        """Move forward. Raises BadInput for a move into the past: what was known stays known."""
        now = self.now()
        if instant < now:
            raise BadInput(
                f"The sample clock stands at {iso(now)} and cannot go back to {iso(instant)}. "
                "Ask for the past with --as-of, or start over with 'gridcast demo --fresh'."
            )
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with whole(self._file) as draft:
            draft.write_text(iso(instant) + "\n")
