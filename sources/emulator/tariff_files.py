"""Recorded unit rates of home tariffs: `octopus/*.csv[.gz]` of a recorded folder.

    tariff,valid_from,valid_to,value_exc_vat,value_inc_vat
    E-1R-AGILE-24-10-01-C,2025-01-19T00:00:00Z,2025-01-19T00:30:00Z,24.36,25.578

Pence per kWh; times with an offset; an empty valid_to is an open-ended rate. A sixth column,
payment_method, may follow.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lakehouse.errors import BadInput
from lakehouse.time import parse_utc
from sources.emulator import files

COLUMNS = ("tariff", "valid_from", "valid_to", "value_exc_vat", "value_inc_vat")
#: E-1R-AGILE-24-10-01-C: fuel, registers, the product's code, the region's letter.
_TARIFF = re.compile(r"[A-Z]-\dR-(?P<product>.+)-[A-P]")


@dataclass(frozen=True)
class Rate:
    """One unit rate; `valid_to` is None where it is open-ended."""

    valid_from: datetime
    valid_to: datetime | None
    value_exc_vat: float
    value_inc_vat: float
    payment_method: str | None


def product_of(tariff: str) -> str:
    """The product that a tariff's code belongs to; nothing where it is no such code."""
    told = _TARIFF.fullmatch(tariff)
    return told["product"] if told else ""


def unit_rates(recorded: Sequence[Path]) -> dict[str, list[Rate]]:
    """The rates of every tariff, newest first. Raises BadInput for a file of another form."""
    rates: dict[str, list[Rate]] = {}
    for file in recorded:
        heading, rows = files.table(file, files.lines(file))
        lacking = [name for name in COLUMNS if name not in heading]
        if lacking:
            raise BadInput(f"{file}: expected the columns {list(COLUMNS)}; it lacks {lacking}.")
        for number, row in enumerate(rows, 2):
            told = dict(zip(heading, row, strict=True))
            rates.setdefault(told["tariff"], []).append(_rate(file, number, told))
    return {
        tariff: sorted(found, key=lambda rate: rate.valid_from, reverse=True)
        for tariff, found in rates.items()
    }


def _rate(file: Path, number: int, told: dict[str, str]) -> Rate:
    try:
        return Rate(
            valid_from=parse_utc(told["valid_from"]),
            valid_to=parse_utc(told["valid_to"]) if told["valid_to"] else None,
            value_exc_vat=float(told["value_exc_vat"]),
            value_inc_vat=float(told["value_inc_vat"]),
            payment_method=told.get("payment_method") or None,
        )
    except (BadInput, ValueError) as fault:
        raise BadInput(f"{file}, row {number}: {fault}") from None
