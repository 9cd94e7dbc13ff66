"""Where the seconds of a process go: every moment belongs to exactly one label."""

import functools
import threading
import time
from collections import defaultdict
from typing import Any


class Timeline:
    """Charges wall time to the innermost watched call of the main thread; else to `rest`."""

    def __init__(self, started: float, rest: str) -> None:
        """`started`: when the process did, in seconds since the epoch."""
        self._seconds: dict[str, float] = defaultdict(float)
        self._labels = [rest]
        self._mark = started

    def stop(self) -> dict[str, float]:
        """Seconds by label, up to now."""
        self._charge()
        return dict(self._seconds)

    def enter(self, label: str) -> None:
        """What follows belongs to `label`."""
        self._charge()
        self._labels.append(label)

    def leave(self) -> None:
        """What follows belongs to what came before the last `enter`."""
        self._charge()
        self._labels.pop()

    def watch(self, owner: Any, name: str, label: str) -> None:
        """Charge the calls of a function or method to `label`."""
        watched = getattr(owner, name)

        @functools.wraps(watched)
        def timed(*arguments: Any, **options: Any) -> Any:
            if threading.current_thread() is not threading.main_thread():
                return watched(*arguments, **options)
            self.enter(label)
            try:
                return watched(*arguments, **options)
            finally:
                self.leave()

        setattr(owner, name, timed)

    def _charge(self) -> None:
        now = time.time()
        self._seconds[self._labels[-1]] += now - self._mark
        self._mark = now
