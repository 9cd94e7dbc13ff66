"""How numbers, times and shares read in the report. A value that is not known reads as a dash."""

from __future__ import annotations

import math
from datetime import date
from zoneinfo import ZoneInfo

import pandas as pd

NOT_KNOWN = "\N{EN DASH}"
_MINUS = "\N{MINUS SIGN}"
_NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"


def number(value: float, unit: str = "") -> str:
    """Three significant digits, thousands apart, with the unit: '1 240 MWh', '0.0315 kWh'."""
    if pd.isna(value) or math.isinf(value):
        return NOT_KNOWN
    value = float(f"{value:.3g}") if abs(value) < 100 else float(round(value))
    whole = abs(value) >= 100 or value == 0
    decimals = 0 if whole else max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{decimals}f}".replace(",", _NARROW_SPACE).replace("-", _MINUS)
    return f"{text} {unit}".strip()


def ratio(value: float) -> str:
    """A share or a multiple, with two decimals."""
    return NOT_KNOWN if pd.isna(value) else f"{value:.2f}"


def count(value: float) -> str:
    """A whole number, thousands apart."""
    return NOT_KNOWN if pd.isna(value) else f"{int(value):,}".replace(",", _NARROW_SPACE)


def things(value: int, noun: str, plural: str = "") -> str:
    """'1 record', '2 records', '3 series'."""
    return f"{count(value)} {noun if value == 1 else plural or noun + 's'}"


def share(value: float, *, signed: bool = False) -> str:
    """A fraction as a whole percentage: 0.123 is '12 %', signed '+12 %'."""
    if pd.isna(value) or math.isinf(value):
        return NOT_KNOWN
    whole = round(100 * value)
    return (f"{whole:+d}" if signed and whole else f"{whole}").replace("-", _MINUS) + " %"


def moment(value: object, zone: ZoneInfo) -> str:
    """An instant in local time with its zone: '14 Nov 2024, 10:00 CET'. value: an aware time."""
    instant = pd.Timestamp(value)  # type: ignore[arg-type]
    if pd.isna(instant):
        return NOT_KNOWN
    local = instant.tz_convert(zone)
    return f"{local.day} {local:%b %Y, %H:%M %Z}"


def day(value: object) -> str:
    """A calendar day: '14 Nov 2024'."""
    stamp = pd.Timestamp(value)  # type: ignore[arg-type]
    return NOT_KNOWN if pd.isna(stamp) else f"{stamp.day} {stamp:%b %Y}"


def days(first: date, last: date) -> str:
    """A span of days: '12 Nov 2024' or '12 Nov 2024 to 14 Nov 2024'."""
    return day(first) if first == last else f"{day(first)} to {day(last)}"


def short_days(first: date, last: date) -> str:
    """A span of days in a narrow column: '19 to 25 Oct', '28 Oct to 3 Nov'."""
    begin, end = pd.Timestamp(first), pd.Timestamp(last)
    begun = f"{begin.day}" if begin.month == end.month else f"{begin.day} {begin:%b}"
    return f"{begun} to {end.day} {end:%b}".replace(" ", "\N{NO-BREAK SPACE}")


def age(span: pd.Timedelta) -> str:
    """How long ago, in days and hours: '9 d 4 h'. Negative spans, in the future, say so."""
    if pd.isna(span):
        return NOT_KNOWN
    hours = round(abs(span.total_seconds()) / 3600)
    text = f"{hours // 24} d {hours % 24} h" if hours >= 24 else f"{hours} h"
    return f"{text} ahead" if span < pd.Timedelta(0) else text
