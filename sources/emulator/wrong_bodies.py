"""What faults do to a body: all three services' answers, seen as rows.

Energi Data Service and Octopus answer with lists of records; of Open-Meteo's columns of hours each
hour is a row. A body that is no such answer stays as it is.
"""

import json
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sources.emulator.faults import Rule

Row = dict[str, Any]
Change = Callable[[list[Row], Rule, datetime], list[Row]]

#: Where records lie in an answer, and where it says how many there are.
_LISTS = {"records": "total", "results": "count"}
_TIMES = ("HourUTC", "TimeUTC", "time", "valid_from")


def changed(body: bytes, rules: Sequence[Rule], now: datetime) -> bytes:
    """The body after the faults of these rules, in their order. `now` is the emulator's clock."""
    due = [rule for rule in rules if rule.kind in CHANGES]
    if due:
        answer = json.loads(body)
        for rule in due:
            _change(answer, rule, now)
        body = json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()
    for rule in rules:
        if rule.kind == "truncated":
            body = body[: int(len(body) * rule["share"])]
    return body


def _change(answer: Any, rule: Rule, now: datetime) -> None:
    change = CHANGES[rule.kind]
    for place in answer if isinstance(answer, list) else [answer]:
        for name, count in _LISTS.items():
            if name in place:
                before = len(place[name])
                place[name] = change(place[name], rule, now)
                place[count] += len(place[name]) - before
        if "hourly" in place:
            place["hourly"] = _columns(place["hourly"], rule, now)


def _columns(hourly: dict[str, list[Any]], rule: Rule, now: datetime) -> dict[str, list[Any]]:
    rows = [dict(zip(hourly, hour, strict=True)) for hour in zip(*hourly.values(), strict=True)]
    rows = CHANGES[rule.kind](rows, rule, now)
    names = list(rows[0]) if rows else list(hourly)
    return {name: [row[name] for row in rows] for name in names}


def _wrong_types(rows: list[Row], rule: Rule, _: datetime) -> list[Row]:
    return [row | dict.fromkeys(_figures(row, rule), "n/a") for row in rows]


def _renamed(rows: list[Row], rule: Rule, _: datetime) -> list[Row]:
    column = rule["column"] or next((name for row in rows for name in _figures(row, rule)), None)
    to = rule["to"] or f"{column}_new"
    return [{to if name == column else name: row[name] for name in row} for row in rows]


def _reordered(rows: list[Row], _: Rule, __: datetime) -> list[Row]:
    return [{name: row[name] for name in reversed(row)} for row in rows]


def _duplicated(rows: list[Row], _: Rule, __: datetime) -> list[Row]:
    return [row for row in rows for _ in range(2)]


def _shuffled(rows: list[Row], _: Rule, __: datetime) -> list[Row]:
    return random.Random("gridcast").sample(rows, len(rows))


def _empty(_: list[Row], __: Rule, ___: datetime) -> list[Row]:
    return []


def _correction(rows: list[Row], rule: Rule, now: datetime) -> list[Row]:
    def corrected(row: Row) -> Row:
        turn = _turn(row, rule)
        if turn is None or (now < turn) != (rule["differs"] == "until"):
            return row
        return row | {name: round(row[name] + rule["add"], 6) for name in _figures(row, rule)}

    return [corrected(row) for row in rows]


def _scaled(rows: list[Row], rule: Rule, now: datetime) -> list[Row]:
    if rule["corrected"] and now >= rule["corrected"]:
        return rows

    def scaled(row: Row) -> Row:
        time = _time(row)
        before = time is None or (rule["since"] and time < rule["since"])
        if before or (rule["until"] and time >= rule["until"]) or not _has_key(row, rule):
            return row
        return row | {name: round(row[name] * rule["factor"], 6) for name in _figures(row, rule)}

    return [scaled(row) for row in rows]


def _disappears(rows: list[Row], rule: Rule, now: datetime) -> list[Row]:
    turns = [(row, _turn(row, rule)) for row in rows]
    return [row for row, turn in turns if turn is None or now < turn]


CHANGES: dict[str, Change] = {
    "wrong_types": _wrong_types,
    "renamed": _renamed,
    "reordered": _reordered,
    "duplicated": _duplicated,
    "shuffled": _shuffled,
    "empty": _empty,
    "correction": _correction,
    "scaled": _scaled,
    "disappears": _disappears,
}


def _figures(row: Row, rule: Rule) -> list[str]:
    """The columns of a row that hold a number; only the rule's own, where it names one."""
    chosen = rule["column"]
    return [
        name
        for name, value in row.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and chosen in ("", name)
    ]


def _turn(row: Row, rule: Rule) -> datetime | None:
    """When a rule's change comes for a record; None for a record that it is not about."""
    time = _time(row)
    if time is None or not _written(row).startswith(rule["time"]) or not _has_key(row, rule):
        return None
    turn: datetime = rule["at"] or time + timedelta(days=rule["days"])
    return turn


def _has_key(row: Row, rule: Rule) -> bool:
    return rule["key"] in ("", *map(str, row.values()))


def _written(row: Row) -> str:
    """A record's time as it says it."""
    return next((str(row[name]) for name in _TIMES if name in row), "")


def _time(row: Row) -> datetime | None:
    try:
        time = datetime.fromisoformat(_written(row))
    except ValueError:
        return None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time
