"""How far a long flow has come, for whoever watches it: the command line, or nobody."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Step, how many of its parts are done, of how many, and which part was the last.
Listener = Callable[[str, int, int, str], None]

_listeners: list[Listener] = []


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Flows of this process tell `listener` how far they are, for as long as the context lasts."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def tell(step: str, done: int, total: int, what: str = "") -> None:
    """Say how far a step has come."""
    for listener in _listeners:
        listener(step, done, total, what)
