"""A mail stays in the outbox until a server has taken it, and is tried again as the same mail."""

from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP

import pytest
import stamina
from pydantic import SecretStr

from lakehouse.errors import ConfigError
from lakehouse.settings import Settings
from lakehouse.tables.gold import OUTBOX
from spark_jobs import outbox
from tests.monitoring.mail_servers import HOST, Mailbox, free_port, mail_server
from tests.small_lakehouse import SmallLakehouse, utc

NOW = utc("2024-10-20 08:00")


@pytest.fixture(autouse=True)
def without_waiting() -> Iterator[None]:
    """Between two tries no time passes."""
    with stamina.set_testing(True, attempts=10, cap=True):
        yield


def written(small: SmallLakehouse, name: str, as_of: str) -> None:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = "grid@example.org", "a@example.org", name
    mail["Message-ID"] = f"<{name}@gridcast.invalid>"
    mail.set_content("All well.")
    folder = small.folder / "outbox"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.eml").write_bytes(mail.as_bytes())
    row = OUTBOX.row(
        message_id=name, attempt=0, as_of=utc(as_of), subject=name, path=f"{name}.eml",
        recipients=["a@example.org"], state="written",
    )  # fmt: skip
    small.arrow.append(OUTBOX, [row])


def smtp(small: SmallLakehouse, settings: Settings, port: int) -> Settings:
    chosen = {"mail_transport": "smtp", "smtp_host": HOST, "smtp_port": port}
    clear = {"smtp_security": "none", "smtp_password": SecretStr("")}
    return settings.model_copy(update=chosen | clear | {"lakehouse": small.folder})


def test_a_mail_waits_for_its_server_and_goes_once(
    small: SmallLakehouse, settings: Settings
) -> None:
    for name, as_of in (("later", "2024-10-20"), ("first", "2024-10-19"), ("old", "2024-09-01")):
        written(small, name, f"{as_of} 07:30")
    port = free_port()
    here = smtp(small, settings, port)
    for _ in range(2):
        said = outbox.run(small.arrow, here, NOW, "run")
        assert len(said) == 2
        assert f"The mail 'first' waits in the outbox: {HOST}:{port}" in said[0]
    box = Mailbox()
    with mail_server(box) as port:
        here = smtp(small, settings, port)
        assert outbox.run(small.arrow, here, NOW, "run") == []
        assert outbox.run(small.arrow, here, NOW, "run") == []
    ids = [next(line for line in e.content.splitlines() if b"Message-ID" in line)
           for e in box.taken]  # fmt: skip
    assert ids == [b"Message-ID: <first@gridcast.invalid>", b"Message-ID: <later@gridcast.invalid>"]
    states = {
        name: [row["state"] for row in sorted(small.rows(OUTBOX), key=lambda row: row["attempt"])
               if row["message_id"] == name]
        for name in ("first", "later", "old")
    }  # fmt: skip
    assert states["first"] == states["later"] == ["written", "failed", "failed", "sent"]
    assert states["old"] == ["written"]


@pytest.mark.parametrize(
    ("answers", "asked", "state"),
    [
        (["451 come back later", "451 come back later", "250 taken"], 3, "sent"),
        (["451 come back later"] * 9, 3 + 1, "failed"),
        (["554 no such thing here"] * 9, 1 + 1, "failed"),
    ],
    ids=["later", "much later", "never"],
)
def test_what_may_pass_is_tried_again_and_one_mail_is_patience_enough(
    small: SmallLakehouse, settings: Settings, answers: list[str], asked: int, state: str
) -> None:
    written(small, "first", "2024-10-19 07:30")
    if state == "failed":
        written(small, "second", "2024-10-20 07:30")
    box = Mailbox(answers=list(answers))
    with mail_server(box) as port:
        said = outbox.run(small.arrow, smtp(small, settings, port), NOW, "run")
    assert len(answers) - len(box.answers) == asked
    last = [row for row in small.rows(OUTBOX) if row["attempt"] == 1]
    assert {row["state"] for row in last} == {state}
    assert len(said) == (len(last) if state == "failed" else 0)


def test_a_mail_whose_file_is_gone_stops_no_other(
    small: SmallLakehouse, settings: Settings
) -> None:
    for name in ("gone", "there"):
        written(small, name, "2024-10-20 07:30")
    (small.folder / "outbox" / "gone.eml").unlink()
    box = Mailbox()
    with mail_server(box) as port:
        [said] = outbox.run(small.arrow, smtp(small, settings, port), NOW, "run")
    assert "The mail 'gone' waits in the outbox" in said
    assert len(box.taken) == 1


def test_without_a_server_mails_stay_in_their_folder(
    small: SmallLakehouse, settings: Settings
) -> None:
    written(small, "mail", "2024-10-20 07:30")
    assert outbox.run(small.arrow, settings, NOW, "run") == []
    assert len(small.rows(OUTBOX)) == 1


@pytest.mark.parametrize(
    ("transport", "sentence"),
    [("smtp", "set smtp_host"), ("ses", "set ses_region, such as eu-north-1")],
)
def test_a_transport_that_lacks_its_address_is_told_of(
    settings: Settings, transport: str, sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        outbox.make_transport(settings.model_copy(update={"mail_transport": transport}))
