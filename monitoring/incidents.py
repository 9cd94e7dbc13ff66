"""What needs a person: conditions that begin and end, and the mail about each.

An incident is one condition about one thing, from when it was first found until it no longer is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from lakehouse.time import iso
from monitoring.advice import ADVICE, TITLES
from monitoring.report import Report, render

OPENED, ENDED, TOLD = "opened", "ended", "told"


@dataclass(frozen=True)
class Condition:
    """What was found: its kind, what it is about (a series, place or group), and in a sentence
    how."""

    kind: str
    about: str
    reason: str


@dataclass(frozen=True)
class Change:
    """One incident that opened or ended, or an event that is only told."""

    incident_id: str
    event: str
    condition: Condition
    at: datetime

    @property
    def subject(self) -> str:
        """One line for a mail."""
        ended = "over: " if self.event == ENDED else ""
        return f"{ended}{TITLES[self.condition.kind]}: {self.condition.about}"


def changes(
    open_now: Mapping[str, Condition], found: Iterable[Condition], at: datetime
) -> list[Change]:
    """What opened and what ended at a moment. open_now: by incident_id; found: what holds now.

    An open incident whose reason reads otherwise stays the same one.
    """
    holds = {(one.kind, one.about): one for one in found}
    known = {(one.kind, one.about) for one in open_now.values()}
    opened = [
        Change(incident_id(one, at), OPENED, one, at)
        for key, one in sorted(holds.items())
        if key not in known
    ]
    ended = [
        Change(name, ENDED, one, at)
        for name, one in sorted(open_now.items())
        if (one.kind, one.about) not in holds
    ]
    return [*opened, *ended]


def incident_id(condition: Condition, at: datetime) -> str:
    """Equal for the same condition found at the same moment."""
    told = f"{condition.kind} {condition.about} {iso(at)}"
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def alert(change: Change, since: datetime, profile: str, when: str) -> Report:
    """The mail about a change, as text and HTML. since: when the incident opened; when: `change.at`
    for a person."""
    values = {
        "title": change.subject[:1].upper() + change.subject[1:],
        "profile": profile,
        "when": when,
        "reason": change.condition.reason,
        "advice": "" if change.event == ENDED else ADVICE[change.condition.kind],
        "since": iso(since) if change.event == ENDED else "",
    }
    html = render("alert.html.j2", **values)
    return Report(html=html, mail_html=html, text=render("alert.txt.j2", **values), pictures={})
