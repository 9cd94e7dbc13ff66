"""Files that are there whole or not at all, also after a kill."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(file: Path) -> Iterator[Path]:
    """A draft beside `file` to write to; it takes the file's place when the block ends well."""
    draft = file.with_name(f"{file.name}.draft")
    yield draft
    os.replace(draft, file)
