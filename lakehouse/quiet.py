"""Where the noise of native code goes: a JVM and TensorFlow write to the file descriptor itself."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def stderr_in(file: Path | None) -> Iterator[None]:
    """Let all that is written to standard error in here go to a file; None changes nothing.

    A process that starts in here keeps writing there.
    """
    if file is None:
        yield
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    sys.stderr.flush()
    kept = os.dup(2)
    with file.open("ab") as log:
        os.dup2(log.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
