"""The outbox: mails go in once, and are tried until somebody has taken them."""

from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from typing import Any

import stamina

from lakehouse.arrow import ArrowTables
from lakehouse.errors import ConfigError
from lakehouse.places import Place
from lakehouse.settings import Settings
from lakehouse.tables.gold import OUTBOX
from lakehouse.time import DAY
from monitoring import mail
from monitoring.delivery import NotDelivered, Ses, Smtp, Transport, read

WRITTEN, SENT, FAILED = "written", "sent", "failed"
GIVE_UP_DAYS = 14
"""A report that old tells nobody anything. It stays in the outbox folder."""
_TRIES = 3


def run(arrow: ArrowTables, settings: Settings, at: datetime, run_id: str) -> list[str]:
    """Try what waits, oldest first; returns a sentence for each mail that still waits.

    Each try is a row of gold.outbox. What may pass is tried three times with back-off, until one
    mail fails so: a server that refuses or hangs stops nothing else, and holds nobody up for long.
    """
    transport = make_transport(settings)
    if transport is None:
        return []
    said: list[str] = []
    for row in waiting(arrow, at):
        attempt = row["attempt"] + 1
        try:
            letter = read(settings.lakehouse / "outbox" / row["path"])
            tries = 1 if said else _TRIES
            state, reason = SENT, _handed_over(transport, letter, row["recipients"], tries)
        except (NotDelivered, OSError) as fault:
            state, reason = FAILED, str(fault)
            said.append(f"The mail '{row['subject']}' waits in the outbox: {reason}")
        tried = {"attempt": attempt, "state": state, "reason": reason, "run_id": run_id}
        arrow.insert_new(OUTBOX, [row | tried])
    return said


def _handed_over(
    transport: Transport, letter: EmailMessage, recipients: Sequence[str], tries: int
) -> str:
    """What the other side said. Raises NotDelivered."""
    for attempt in stamina.retry_context(
        on=lambda fault: isinstance(fault, NotDelivered) and fault.may_pass,
        attempts=tries,
        timeout=None,
        wait_initial=2.0,
        wait_max=30.0,
    ):
        with attempt:
            said = transport.send(letter, recipients)
    return said


def put(
    arrow: ArrowTables,
    settings: Settings,
    letter: EmailMessage,
    recipients: Sequence[str],
    message_id: str,
    as_of: datetime,
    run_id: str,
) -> tuple[Place, int]:
    """Put a mail into the outbox folder and gold.outbox, once; returns its file, and rows."""
    folder = settings.lakehouse / "outbox"
    file = mail.put_in_outbox(letter, folder)
    row = {
        "message_id": message_id,
        "attempt": 0,
        "as_of": as_of,
        "subject": str(letter["Subject"]),
        "recipients": list(recipients),
        "state": WRITTEN,
        "reason": "",
        "path": file.name,
        "run_id": run_id,
    }
    return file, arrow.insert_new(OUTBOX, [row])


def waiting(arrow: ArrowTables, at: datetime) -> list[dict[str, Any]]:
    """The newest row of each mail that was not sent, and is not too old; oldest mail first."""
    newest: dict[str, dict[str, Any]] = {}
    for row in sorted(arrow.rows(OUTBOX), key=lambda row: row["attempt"]):
        newest[row["message_id"]] = row
    young = (row for row in newest.values() if row["as_of"] > at - GIVE_UP_DAYS * DAY)
    return sorted((r for r in young if r["state"] != SENT), key=lambda row: row["as_of"])


def make_transport(settings: Settings) -> Transport | None:
    """How a profile sends mail; None leaves it in the outbox folder. Raises ConfigError."""
    if settings.mail_transport == "folder":
        return None
    if settings.mail_transport == "ses":
        if not settings.ses_region:
            raise ConfigError("mail_transport is ses; set ses_region, such as eu-north-1.")
        return Ses(settings.ses_region)
    if not settings.smtp_host:
        raise ConfigError("mail_transport is smtp; set smtp_host, the name of the mail server.")
    return Smtp(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_security,
        settings.smtp_user,
        settings.smtp_password.get_secret_value(),
    )
