"""How a command ends that a signal asks to end: it says so, and ends as the signal ends a process.

While a flow runs, Prefect has SIGTERM, notes the run as crashed and passes the signal on. The
servers that a command has may have got it too, and be gone by then: what fails for that is no
fault of its own.
"""

import os
import signal
import sys
from typing import NoReturn

_BY_PREFECT = "TerminationSignal"


def end_with_a_word() -> None:
    """From now on SIGTERM ends this process with a sentence."""
    signal.signal(signal.SIGTERM, lambda number, frame: end_by(signal.SIGTERM))


def asked_to_end(fault: BaseException | None) -> signal.Signals | None:
    """The signal that a fault comes from, itself or by what it came upon."""
    while fault is not None:
        if isinstance(fault, KeyboardInterrupt):
            return signal.SIGINT
        if type(fault).__name__ == _BY_PREFECT:  # Prefect is not imported for it
            return signal.SIGTERM
        fault = fault.__cause__ or fault.__context__
    return None


def end_by(asked: signal.Signals) -> NoReturn:
    """Say that it was asked to end, and end by that signal: to a shell 130 or 143."""
    sys.stderr.write(
        f"gridcast: asked to end ({asked.name}). Run it again: it goes on where it was.\n"
    )
    sys.stderr.flush()
    signal.signal(asked, signal.SIG_DFL)
    os.kill(os.getpid(), asked)
    os._exit(128 + asked)  # where the signal is blocked
