"""Mail goes out by SMTP or SES, and a server that does not take it is told of in a sentence."""

from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from monitoring.delivery import NotDelivered, Ses, Smtp, read
from tests.monitoring.mail_servers import (
    HOST,
    Mailbox,
    certificate,
    free_port,
    hanging_server,
    mail_server,
    only,
)

TO = ("a@example.org", "b@example.org")


@pytest.fixture
def mail() -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = "grid@example.org", ", ".join(TO)
    mail["Subject"], mail["Message-ID"] = "All well", "<fixed@gridcast.invalid>"
    mail.set_content("Prices in €/MWh.")
    return mail


def test_a_mail_arrives_as_it_was_written(mail: EmailMessage, tmp_path: Path) -> None:
    (tmp_path / "mail.eml").write_bytes(mail.as_bytes())
    box = Mailbox()
    with mail_server(box) as port:
        said = Smtp(HOST, port, "none").send(read(tmp_path / "mail.eml"), TO)
    [taken] = box.taken
    assert said == f"taken by {HOST}"
    assert (taken.mail_from, tuple(taken.rcpt_tos)) == ("grid@example.org", TO)
    assert b"Message-ID: <fixed@gridcast.invalid>" in taken.content
    assert read(tmp_path / "mail.eml").get_content().splitlines() == ["Prices in €/MWh."]


def test_with_starttls_and_a_login(mail: EmailMessage, tmp_path: Path) -> None:
    server, client = certificate(tmp_path)
    box = Mailbox()
    options = {"tls_context": server, "require_starttls": True, "auth_required": True}
    with mail_server(box, authenticator=only("grid", "secret"), **options) as port:
        good = Smtp(HOST, port, user="grid", password="secret", context=client)
        good.send(mail, TO)
        with pytest.raises(NotDelivered, match=r"did not take the mail: 535 .*[Aa]uth") as wrong:
            Smtp(HOST, port, user="grid", password="wrong", context=client).send(mail, TO)
        with pytest.raises(NotDelivered, match="certificate verify failed") as stranger:
            Smtp(HOST, port, user="grid", password="secret").send(mail, TO)
    assert not wrong.value.may_pass
    assert not stranger.value.may_pass
    assert len(box.taken) == 1
    assert "secret" not in repr(good)


def test_a_server_without_tls_gets_nothing_where_tls_is_asked_for(mail: EmailMessage) -> None:
    box = Mailbox()
    with mail_server(box) as port, pytest.raises(NotDelivered, match="STARTTLS"):
        Smtp(HOST, port).send(mail, TO)
    assert box.taken == []


def test_an_address_that_is_refused_is_named(mail: EmailMessage) -> None:
    box = Mailbox(strangers=TO[:1])
    with mail_server(box) as port:
        said = Smtp(HOST, port, "none").send(mail, TO)
        assert "but not for a@example.org: 550 nobody of that name here" in said
        box.strangers = TO
        with pytest.raises(NotDelivered, match=r"a@example.org: 550 .*; b@example.org: 550"):
            Smtp(HOST, port, "none").send(mail, TO)
    assert len(box.taken) == 1


def test_a_server_that_is_down_or_hangs_is_told_of(mail: EmailMessage) -> None:
    with pytest.raises(NotDelivered, match=r"did not take the mail: .*refused") as down:
        Smtp(HOST, free_port(), "none").send(mail, TO)
    with hanging_server() as port, pytest.raises(NotDelivered, match="timed out") as hangs:
        Smtp(HOST, port, "none", seconds=0.2).send(mail, TO)
    assert down.value.may_pass
    assert hangs.value.may_pass


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")


@pytest.mark.usefixtures("aws")
def test_by_ses(mail: EmailMessage) -> None:
    with mock_aws():
        boto3.client("ses", region_name="eu-north-1").verify_email_identity(
            EmailAddress="grid@example.org"
        )
        said = Ses("eu-north-1").send(mail, TO)
        sent = boto3.client("ses", region_name="eu-north-1").get_send_quota()
    assert said.startswith("taken by SES as ")
    assert sent["SentLast24Hours"] >= 1


@pytest.mark.usefixtures("aws")
def test_what_ses_refuses_is_told_of(mail: EmailMessage) -> None:
    with mock_aws(), pytest.raises(NotDelivered, match="SES in eu-north-1 did not take the mail"):
        Ses("eu-north-1").send(mail, TO)
