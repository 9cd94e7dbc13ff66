"""The mail is whole, the same every time, and takes no orders from its headers."""

from __future__ import annotations

import email
import email.policy
import errno
import re
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from lakehouse.errors import BadInput
from monitoring.mail import message, put_in_outbox
from monitoring.report import Report

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
REPORT = Report(
    html="<p>page</p>",
    mail_html='<p>60 \N{DEGREE SIGN}</p><img src="cid:drift.png@gridcast.invalid" alt="d">',
    text="60 \N{DEGREE SIGN} in text\n" + "a long line " * 200,
    pictures={"drift": PNG},
)
WHEN = datetime(2024, 10, 28, 8, 30, tzinfo=UTC)


def mail(
    report: Report = REPORT,
    *,
    sender: str = "grid@example.org",
    recipients: tuple[str, ...] = ("a@example.org", "b@example.org"),
    subject: str = "Gridcast: p\N{LATIN SMALL LETTER A WITH RING ABOVE}ske",
    message_id: str = "3f2a",
) -> EmailMessage:
    return message(report, sender, recipients, subject, WHEN, message_id)


def parsed(path: Path) -> EmailMessage:
    read = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(read, EmailMessage)
    return read


def test_the_file_in_the_outbox_parses_to_the_whole_report(tmp_path: Path) -> None:
    read = parsed(put_in_outbox(mail(), tmp_path))
    assert [part.get_content_type() for part in read.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    assert not [part.defects for part in read.walk() if part.defects]
    text, html = read.get_body(("plain",)), read.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().splitlines() == REPORT.text.splitlines()
    assert html.get_content().strip() == REPORT.mail_html
    assert read["Subject"] == "Gridcast: p\N{LATIN SMALL LETTER A WITH RING ABOVE}ske"
    assert read["To"] == "a@example.org, b@example.org"
    assert read["Date"].datetime == WHEN


def test_every_picture_of_the_page_is_a_part(tmp_path: Path) -> None:
    read = parsed(put_in_outbox(mail(), tmp_path))
    parts = {
        part["Content-ID"].strip("<>"): part.get_content()
        for part in read.walk()
        if part["Content-ID"]
    }
    assert set(re.findall(r'src="cid:([^"]+)"', REPORT.mail_html)) == set(parts)
    assert list(parts.values()) == [PNG]


def test_the_lines_are_short_seven_bit_and_end_as_rfc_5322_asks(tmp_path: Path) -> None:
    raw = put_in_outbox(mail(), tmp_path).read_bytes()
    assert max(raw) < 128
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78
    assert raw.count(b"\n") == raw.count(b"\r\n")


def test_the_same_report_gives_the_same_bytes() -> None:
    assert mail().as_bytes() == mail().as_bytes()


def test_a_report_without_pictures_can_be_mailed(tmp_path: Path) -> None:
    bare = Report(html="<p>a</p>", mail_html="<p>a</p>", text="a", pictures={})
    read = parsed(put_in_outbox(mail(bare), tmp_path))
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]


def test_putting_a_mail_twice_leaves_one_file_and_the_first_bytes(tmp_path: Path) -> None:
    folder = tmp_path / "outbox" / "new"
    path = put_in_outbox(mail(), folder)
    first = path.read_bytes()
    assert put_in_outbox(mail(subject="later"), folder) == path
    assert path.name == "3f2a.eml"
    assert path.read_bytes() == first
    assert list(folder.iterdir()) == [path]


def test_a_full_disk_leaves_no_half_a_mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(draft: Path, content: bytes) -> None:
        with draft.open("wb") as half:
            half.write(content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        put_in_outbox(mail(), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ["\nBcc: x@example.org", "\r\n\r\nbody", "\x0b", "\u2028x"])
def test_headers_are_not_injected(ending: str) -> None:
    with pytest.raises(BadInput, match="one line"):
        mail(subject=f"Report{ending}")
    with pytest.raises(BadInput, match="one line"):
        mail(recipients=(f"a@example.org{ending}",))


@pytest.mark.parametrize("address", ["", "grid", "@example.org", "a@b@c", "a@example.org, b@c.d"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(BadInput, match="address"):
        mail(sender=address)


@pytest.mark.parametrize("message_id", ["", "../escape", "a/b", "a b", "a>b", ".hidden"])
def test_a_message_id_is_a_safe_file_name(message_id: str) -> None:
    with pytest.raises(BadInput, match="message id"):
        mail(message_id=message_id)


def test_a_mail_needs_someone_to_go_to_and_a_time_with_a_zone() -> None:
    with pytest.raises(BadInput, match="recipient"):
        mail(recipients=())
    with pytest.raises(BadInput, match="time zone"):
        message(REPORT, "a@b.org", ["a@b.org"], "s", WHEN.replace(tzinfo=None), "id")
