"""What people's CSV files are written in: encodings and decimal signs."""

import re
from collections.abc import Iterable

from lakehouse.errors import BadInput

_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")


def text_of(plain: bytes) -> str:
    """The text of a file, with or without a byte order mark. Raises BadInput for none."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return plain.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadInput("the text is neither UTF-8 nor Windows-1252")


def has_decimal_commas(cells: Iterable[str | None], delimiter: str) -> bool:
    """Whether some cell is a number with a decimal comma."""
    return delimiter != "," and any(_DECIMAL_COMMA.fullmatch(cell) for cell in cells if cell)
