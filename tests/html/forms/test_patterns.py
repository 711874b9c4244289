"""Patterns for browsers."""

import pytest

from segue.html.forms.patterns import browser_pattern


@pytest.mark.parametrize(
    ("python", "browser"),
    [
        (r"^[a-z0-9-]+$", r"^[a-z0-9\-]+$"),
        (r"^\w+$", r"^[\p{L}\p{N}_]+$"),
        (r"^[\w.-]\d$(?!\n)", r"^[\p{L}\p{N}_\.\-][\p{Nd}]$(?!\n)"),
        (r"^[^/()]+$", r"^[^\/\(\)]+$"),
        # What need not match the whole text does not have to in a browser either.
        (r"a.c", r"[\s\S]*(?:a.c)[\s\S]*"),
        (r"^a|b$", r"[\s\S]*(?:^a|b$)[\s\S]*"),
        (r"^a\$", r"[\s\S]*(?:^a\$)[\s\S]*"),
        (r"[&&]", r"[\s\S]*(?:[\&\&])[\s\S]*"),
        # What only Python has is left to the server.
        (r"(?i)x", None),
        (r"(?P<a>x)", None),
        (r"\Ax\Z", None),
        (r"a\b", None),
        (r"x++", None),
        (r"[]a]", None),
        ("[a", None),
        ("a\\", None),
    ],
)
def test_a_pattern_says_the_same_in_a_browser(python: str, browser: str | None) -> None:
    assert browser_pattern(python) == browser
