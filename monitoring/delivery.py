"""Ways a mail leaves the outbox: by SMTP (RFC 5321, STARTTLS by RFC 3207), by Amazon SES, or not.

A mail is built, with its Message-ID, before the first try, and stays in the outbox folder. Where it
is doubtful whether a try succeeded, it is tried again: the same Message-ID tells the two apart.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any, Literal, Protocol

from lakehouse.errors import GridcastError
from lakehouse.places import Place

_SECONDS = 20.0
"""How long a server may take for one answer: one that hangs holds nobody up for long."""

_REFUSED_FOR_GOOD = 500


class NotDelivered(GridcastError):
    """The mail could not be handed over; it stays in the outbox. `may_pass`: a minute later the
    same might be taken."""

    def __init__(self, reason: str, *, may_pass: bool = False) -> None:
        super().__init__(reason)
        self.may_pass = may_pass


class Transport(Protocol):
    """Hands over one mail."""

    def send(self, mail: EmailMessage, recipients: Sequence[str]) -> str:
        """Returns what the other side said. Raises NotDelivered with the reason."""


@dataclass(frozen=True)
class Smtp:
    """A mail server. security: `starttls` asks for TLS before anything else, `tls` begins with it,
    `none` sends in the clear. Without a user there is no login."""

    host: str
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)
    seconds: float = _SECONDS

    def send(self, mail: EmailMessage, recipients: Sequence[str]) -> str:
        """Returns what the server said. Raises NotDelivered with the reason."""
        try:
            with self._connected() as server:
                refused = server.send_message(mail, to_addrs=list(recipients))
        except (OSError, smtplib.SMTPException) as fault:
            raise NotDelivered(
                f"{self.host}:{self.port} did not take the mail: {_told(fault)}",
                may_pass=_may_pass(fault),
            ) from fault
        if refused:
            told = "; ".join(f"{who}: {_answer(*said)}" for who, said in sorted(refused.items()))
            return f"taken by {self.host}, but not for {told}"
        return f"taken by {self.host}"

    def _connected(self) -> smtplib.SMTP:
        if self.security == "tls":
            return self._greeted(
                smtplib.SMTP_SSL(self.host, self.port, timeout=self.seconds, context=self.context)
            )
        return self._greeted(smtplib.SMTP(self.host, self.port, timeout=self.seconds))

    def _greeted(self, server: smtplib.SMTP) -> smtplib.SMTP:
        try:
            if self.security == "starttls":
                server.starttls(context=self.context)
            if self.user:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server


@dataclass(frozen=True)
class Ses:
    """Amazon SES (API v2), with the credentials that the environment gives."""

    region: str

    def send(self, mail: EmailMessage, recipients: Sequence[str]) -> str:
        """Returns the id that SES gave. Raises NotDelivered with the reason."""
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError

        # Asks again by itself, with back-off, what SES says may pass.
        again = {"total_max_attempts": 3, "mode": "standard"}
        patience = Config(connect_timeout=_SECONDS, read_timeout=_SECONDS, retries=again)
        try:
            client = boto3.client("sesv2", region_name=self.region, config=patience)
            told = client.send_email(
                FromEmailAddress=str(mail["From"]),
                Destination={"ToAddresses": list(recipients)},
                Content={"Raw": {"Data": mail.as_bytes(policy=SMTP)}},
            )
        except (BotoCoreError, ClientError) as fault:
            raise NotDelivered(f"SES in {self.region} did not take the mail: {fault}") from fault
        return f"taken by SES as {told['MessageId']}"


def read(file: Place) -> EmailMessage:
    """A mail of the outbox, as it was written."""
    return message_from_bytes(file.read_bytes(), policy=SMTP)


def _may_pass(fault: Exception) -> bool:
    """Not answered, or refused for now: the replies 4yz of RFC 5321, section 4.2.1."""
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        refused: dict[str, Any] = fault.recipients
        return any(code < _REFUSED_FOR_GOOD for code, _ in refused.values())
    if isinstance(fault, smtplib.SMTPResponseException):
        return 0 < fault.smtp_code < _REFUSED_FOR_GOOD
    if isinstance(fault, smtplib.SMTPException):
        return isinstance(fault, smtplib.SMTPServerDisconnected)
    return not isinstance(fault, ssl.SSLCertVerificationError)


def _told(fault: Exception) -> str:
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        refused: dict[str, Any] = fault.recipients
        return "; ".join(f"{who}: {_answer(*said)}" for who, said in sorted(refused.items()))
    if isinstance(fault, smtplib.SMTPResponseException):
        return _answer(fault.smtp_code, fault.smtp_error)
    return str(fault) or type(fault).__name__


def _answer(code: int, text: bytes | str) -> str:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {said}"
