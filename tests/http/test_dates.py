import math

import pytest
import time_machine
from hypothesis import given, strategies as st

from segue.http.dates import http_date, parse_http_date


@pytest.mark.parametrize(
    "text",
    ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"],
)
def test_the_three_formats_are_read(text: str) -> None:
    assert parse_http_date(text) == 784111777
    assert http_date(784111777.9) == "Sun, 06 Nov 1994 08:49:37 GMT"


@given(st.integers(min_value=-62135596800, max_value=253402300799))
def test_what_is_written_is_read(timestamp: int) -> None:
    assert parse_http_date(http_date(timestamp)) == timestamp


@pytest.mark.parametrize(("text", "year"), [("26", 2026), ("76", 2076), ("77", 1977), ("94", 1994)])
def test_a_year_of_two_digits_is_at_most_fifty_years_ahead(text: str, year: int) -> None:
    with time_machine.travel("2026-11-20", tick=False):
        assert parse_http_date(f"Sunday, 06-Nov-{text} 00:00:00 GMT") == parse_http_date(
            f"Sun, 06 Nov {year} 00:00:00 GMT"
        )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT\n",
        "Sun, \u0660\u0666 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "sun, 06 nov 1994 08:49:37 gmt",
        "9" * 5000,
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_http_date(text) is None


def test_a_leap_second_is_a_date() -> None:
    assert parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT") == parse_http_date(
        "Sat, 31 Dec 2016 23:59:59 GMT"
    )


@pytest.mark.parametrize("timestamp", [math.inf, -math.inf, 1e18, -1e12, 253402300800])
def test_a_time_without_a_date_is_an_error(timestamp: float) -> None:
    with pytest.raises(ValueError, match="not a date"):
        http_date(timestamp)
