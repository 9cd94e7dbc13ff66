"""What a report becomes: a page for everybody, and a mail for each audience about its groups."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue
from lakehouse.places import Place, whole
from lakehouse.settings import Settings
from lakehouse.tables.gold import OUTBOX
from monitoring import mail
from monitoring.report import Report
from spark_jobs import outbox
from spark_jobs.audiences import Audience, audiences


@dataclass(frozen=True)
class Delivered:
    """Where the report lies and the mail that carries it; `rows` is what gold.outbox gained."""

    page: Place
    mail: Place
    rows: int


@dataclass(frozen=True)
class Paper:
    """A kind of report at one moment. name: in its file; of: what tells it from others of its kind,
    in message ids; about: what its subject says after the findings; build: content to report."""

    name: str
    of: str
    about: str
    as_of: datetime
    build: Callable[[Any], Report]

    def message_id(self, settings: Settings, audience: Audience) -> str:
        """Equal for the same paper and audience, whatever it says."""
        told = f"{self.name} {settings.profile} {self.of} {audience.told}"
        return hashlib.sha256(told.encode()).hexdigest()[:24]


def is_delivered(
    arrow: ArrowTables, catalogue: Catalogue, settings: Settings, paper: Paper
) -> bool:
    """Whether the outbox has had a paper for all of its audiences."""
    held = set(arrow.read(OUTBOX, ["message_id"])["message_id"].to_pylist())
    return held >= {paper.message_id(settings, a) for a in audiences(settings, catalogue)}


def deliver(
    arrow: ArrowTables,
    catalogue: Catalogue,
    settings: Settings,
    content: Any,
    paper: Paper,
    run_id: str,
) -> Delivered:
    """Write the page, and put the mails in the outbox, each once."""
    page = settings.lakehouse / "reports" / f"{paper.name}-{paper.as_of:%Y%m%dT%H%MZ}.html"
    files, rows = [], 0
    for audience in audiences(settings, catalogue):
        own = _for(audience, content)
        built = paper.build(own)
        if audience.scope is None:
            page.parent.mkdir(parents=True, exist_ok=True)
            with whole(page) as draft:
                draft.write_text(built.html, encoding="utf-8")
        message_id = paper.message_id(settings, audience)
        subject = _subject(own, settings, audience, paper)
        to = audience.recipients
        letter = mail.message(built, settings.mail_sender, to, subject, paper.as_of, message_id)
        file, put = outbox.put(arrow, settings, letter, to, message_id, paper.as_of, run_id)
        files.append(file)
        rows += put
    return Delivered(page, files[0], rows)


def _for(audience: Audience, content: Any) -> Any:
    if audience.scope is None:
        return content
    return replace(audience.scope.limited(content), title=f"{content.title}: {audience.name}")


def _subject(content: Any, settings: Settings, audience: Audience, paper: Paper) -> str:
    open_now = len(content.incidents)
    found = f"{open_now} to look at" if open_now else "All well"
    groups = f" {audience.name}" if audience.scope else ""
    return f"{found}: Gridcast {settings.profile}{groups}, {paper.about}"
