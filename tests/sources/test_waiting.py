"""How long a source asks to wait is read in its header, or in its words."""

from datetime import UTC, datetime

import pytest

from sources.waiting import asked_wait, retry_after, said_wait

NOW = datetime(2024, 10, 18, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("292", 292.0),
        ("Fri, 18 Oct 2024 07:31:00 GMT", 60.0),
        ("Fri, 18 Oct 2024 07:00:00 GMT", 0.0),
        ("soon", None),
    ],
)
def test_retry_after_is_read_as_a_number_or_a_date(
    header: str | None, seconds: float | None
) -> None:
    assert retry_after(header, NOW) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Rate limit is exceeded. Try again in 292 seconds.", 292.0),
        ("Minutely API request limit exceeded. Please try again in one minute.", 60.0),
        ("Limit exceeded. Please try again in 5 minutes.", 300.0),
        ("Limit exceeded. Please try again after 2 hours.", 7200.0),
        ("Hourly API request limit exceeded. Please try again in the next hour.", 30 * 60.0),
        ("Daily API request limit exceeded. Please try again tomorrow.", 16.5 * 3600),
        ("Daily API request limit exceeded. Please try again in the next day.", 16.5 * 3600),
        ("Monthly limit exceeded. Please try again in the next month.", (13 * 24 + 16.5) * 3600),
        ("Too many requests within the last hour.", None),
        ("", None),
    ],
)
def test_a_wait_is_read_in_the_words_of_both_services(text: str, seconds: float | None) -> None:
    assert said_wait(text, NOW) == seconds


def test_the_header_of_a_wait_wins_over_its_words() -> None:
    assert asked_wait("7", "Try again in 292 seconds.", NOW) == 7.0
    assert asked_wait("soon", "Try again in 292 seconds.", NOW) == 292.0
    assert asked_wait(None, "no", NOW) is None
