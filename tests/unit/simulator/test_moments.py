"""Moments in texts. Which bug turns these red: a time read in another zone than was meant."""

from datetime import UTC, date, datetime

import pytest

from simulator.moments import MomentError, midnight_ms, read, read_day


def ms(*moment: int) -> int:
    return round(datetime(*moment, tzinfo=UTC).timestamp() * 1000)


NOW = ms(2025, 6, 17, 2)  # still the 16th in New York


@pytest.mark.parametrize(
    ("text", "at_ms", "is_zoned"),
    [
        ("20250616-14:00:00", ms(2025, 6, 16, 14), True),
        ("20250616 10:00:00 US/Eastern", ms(2025, 6, 16, 14), True),
        ("20250616 10:00:00 UTC", ms(2025, 6, 16, 10), True),
        ("20250616 10:00:00", ms(2025, 6, 16, 14), False),
        ("10:00:00", ms(2025, 6, 16, 14), False),
        ("10:00:00 UTC", ms(2025, 6, 17, 10), True),
    ],
)
def test_a_text_without_a_zone_is_told_in_the_reader_s(text, at_ms, is_zoned) -> None:
    moment = read(text, NOW, "US/Eastern")
    assert (moment.ms, moment.is_zoned) == (at_ms, is_zoned)


@pytest.mark.parametrize("text", ["", "20250616", "20250631 10:00:00", "10:00:00 Moon/Base", "10"])
def test_what_tells_no_moment_is_refused(text) -> None:
    with pytest.raises(MomentError):
        read(text, NOW)


def test_a_day_alone_is_a_day_and_no_moment() -> None:
    assert read_day("20250616") == date(2025, 6, 16)
    assert read_day("20250631") is None
    assert read_day("20250616 10:00:00") is None
    assert midnight_ms(date(2025, 6, 16), "US/Eastern") == ms(2025, 6, 16, 4)
