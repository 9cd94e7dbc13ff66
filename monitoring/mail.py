"""The report as a mail, and the outbox folder that holds it.

The message is built by the standard library and says the same in plain text and in HTML, with the
pictures inside. The same report gives the same bytes: boundaries come from the content, not from
chance, so a repeated run changes nothing.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP
from email.utils import format_datetime

from lakehouse.errors import BadInput
from lakehouse.places import Place, whole
from monitoring.report import Report, content_id

_MESSAGE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}")
_MESSAGE_ID_DOMAIN = "gridcast.invalid"  # RFC 2606: no one's domain, so it names no machine


def message(
    report: Report,
    sender: str,
    recipients: Sequence[str],
    subject: str,
    created_at: datetime,
    message_id: str,
) -> EmailMessage:
    """A multipart/alternative mail of text and HTML, the pictures inline (RFC 5322, RFC 2387).

    sender, recipients: addresses such as 'grid@example.org'; subject: one line; created_at: aware
    time for the Date header; message_id: letters, digits, '.', '_' and '-', also the file's name.
    Raises BadInput for a line break in a header, an address that is none, or a naive time.
    """
    if created_at.tzinfo is None:
        raise BadInput(f"Expected created_at with a time zone, got {created_at}. Pass it in UTC.")
    if not recipients:
        raise BadInput("Expected at least one recipient, got none. Set mail recipients.")
    mail = EmailMessage(policy=SMTP)
    mail["From"] = _address(sender)
    mail["To"] = [_address(recipient) for recipient in recipients]
    mail["Subject"] = _one_line("subject", subject)
    mail["Date"] = format_datetime(created_at)
    mail["Message-ID"] = f"<{_checked_id(message_id)}@{_MESSAGE_ID_DOMAIN}>"
    # Ask vacation responders for silence (RFC 3834).
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(report.text, cte="quoted-printable")
    mail.add_alternative(report.mail_html, subtype="html", cte="quoted-printable")
    page = list(mail.iter_parts())[-1]
    for name, png in report.pictures.items():
        page.add_related(
            *(png, "image", "png"),
            cid=f"<{content_id(name)}>",
            disposition="inline",
            filename=f"{name}.png",
        )
    if report.pictures:
        page.set_param("type", "text/html")  # which part of the related ones is the page
    _set_boundaries(mail, report)
    return mail


def put_in_outbox(mail: EmailMessage, folder: Place) -> Place:
    """Write the mail to `<message_id>.eml` in the folder and return the path.

    The file appears whole or not at all. One mail per message id: a file that is already there
    stays as it is, because it may have been sent. Raises BadInput without a usable Message-ID.
    """
    name = str(mail["Message-ID"] or "").strip("<> ").split("@")[0]
    path = folder / f"{_checked_id(name)}.eml"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    with whole(path) as draft:
        draft.write_bytes(mail.as_bytes(policy=SMTP))
    return path


def _one_line(field: str, text: str) -> str:
    if any(unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} for letter in text):
        raise BadInput(
            f"Expected the mail's {field} on one line without control characters, got {text!r}. "
            "Remove them."
        )
    return text


def _address(text: str) -> Address:
    name, _, domain = _one_line("address", text).rpartition("@")
    try:
        if not (name and domain):
            raise ValueError("there is no name and domain around an '@'")
        return Address(addr_spec=text)
    except Exception as error:  # the parser raises IndexError and others beside ValueError
        raise BadInput(
            f"Expected an address such as 'grid@example.org', got {text!r} ({error}). "
            "Correct the mail settings."
        ) from error


def _checked_id(message_id: str) -> str:
    if not _MESSAGE_ID.fullmatch(message_id):
        raise BadInput(
            "Expected a message id of letters, digits, '.', '_' and '-', at most 101 long, "
            f"got {message_id!r}. Use a hash."
        )
    return message_id


def _set_boundaries(mail: EmailMessage, report: Report) -> None:
    digest = hashlib.sha256(report.text.encode() + report.mail_html.encode())
    for png in report.pictures.values():
        digest.update(png)
    for at, part in enumerate(_multiparts(mail)):
        part.set_boundary(f"=_gridcast_{at}_{digest.hexdigest()[:32]}")


def _multiparts(mail: EmailMessage) -> Iterator[MIMEPart]:
    return (part for part in mail.walk() if part.is_multipart())
