import pytest

from segue.http.conditional import ETag, Precondition, evaluate, may_send_range, parse_etags
from segue.http.dates import http_date
from segue.http.headers import Headers

NOW = 784111777
BEFORE, AT, AFTER = http_date(NOW - 1), http_date(NOW), http_date(NOW + 1)
PROCEED, NOT_MODIFIED, FAILED = Precondition.PROCEED, Precondition.NOT_MODIFIED, Precondition.FAILED


def headers(*fields: tuple[str, str]) -> Headers:
    return Headers([(name.encode(), value.encode()) for name, value in fields])


class TestETag:
    def test_written(self) -> None:
        assert str(ETag("abc")) == '"abc"'
        assert str(ETag("abc", weak=True)) == 'W/"abc"'

    def test_compared(self) -> None:
        strong, weak = ETag("a"), ETag("a", weak=True)
        assert strong.strongly_equals(ETag("a"))
        assert not strong.strongly_equals(weak)
        assert not weak.strongly_equals(weak)
        assert strong.weakly_equals(weak)
        assert not strong.weakly_equals(ETag("b"))

    @pytest.mark.parametrize("value", ['a"b', "a b", "a\r\n", "\0", "€"])
    def test_what_is_none(self, value: str) -> None:
        with pytest.raises(ValueError, match="not an entity tag"):
            ETag(value)

    @pytest.mark.parametrize(
        ("field", "tags"),
        [
            ('"a"', [ETag("a")]),
            ('"a", W/"b,c" ,,"é"', [ETag("a"), ETag("b,c", weak=True), ETag("é")]),
            (" * ", "*"),
            ("", []),
            ("a", []),
            ('"a" "b"', []),
            ('"a", w/"b"', [ETag("a")]),
            ('"a', []),
            ('"*"', [ETag("*")]),
        ],
    )
    def test_read(self, field: str, tags: object) -> None:
        assert parse_etags(field) == tags

    @pytest.mark.parametrize("unit", ['"', ",", 'W/"', '"a",', "a", " ", '"a" '])
    def test_time_is_linear(self, linear, unit: str) -> None:
        linear(parse_etags, lambda n: unit * n)
        linear(parse_etags, lambda n: '"' + unit * n)


@pytest.mark.parametrize(
    ("method", "fields", "outcome"),
    [
        ("GET", [], PROCEED),
        ("GET", [("if-none-match", '"v"')], NOT_MODIFIED),
        ("HEAD", [("if-none-match", 'W/"v"')], NOT_MODIFIED),
        ("GET", [("if-none-match", '"x"'), ("if-none-match", '"v"')], NOT_MODIFIED),
        ("GET", [("if-none-match", '"x"')], PROCEED),
        ("GET", [("if-none-match", "*")], NOT_MODIFIED),
        ("PUT", [("if-none-match", "*")], FAILED),
        ("PUT", [("if-none-match", '"v"')], FAILED),
        ("GET", [("if-modified-since", AT)], NOT_MODIFIED),
        ("GET", [("if-modified-since", AFTER)], NOT_MODIFIED),
        ("GET", [("if-modified-since", BEFORE)], PROCEED),
        ("GET", [("if-modified-since", "yesterday")], PROCEED),
        ("POST", [("if-modified-since", AT)], PROCEED),
        # If-None-Match is there: If-Modified-Since is not looked at.
        ("GET", [("if-none-match", '"x"'), ("if-modified-since", AT)], PROCEED),
        ("PUT", [("if-match", '"v"')], PROCEED),
        ("PUT", [("if-match", '"x", "v"')], PROCEED),
        ("PUT", [("if-match", 'W/"v"')], FAILED),
        ("PUT", [("if-match", '"x"')], FAILED),
        ("PUT", [("if-match", "*")], PROCEED),
        ("PUT", [("if-match", "garbage")], FAILED),
        ("GET", [("if-match", '"x"')], FAILED),
        ("PUT", [("if-unmodified-since", AT)], PROCEED),
        ("PUT", [("if-unmodified-since", BEFORE)], FAILED),
        ("PUT", [("if-unmodified-since", "never")], PROCEED),
        # If-Match is there: If-Unmodified-Since is not looked at.
        ("PUT", [("if-match", '"v"'), ("if-unmodified-since", BEFORE)], PROCEED),
        # Both must hold, and the first failure decides.
        ("GET", [("if-match", '"v"'), ("if-none-match", '"v"')], NOT_MODIFIED),
        ("GET", [("if-match", '"x"'), ("if-none-match", '"v"')], FAILED),
        ("OPTIONS", [("if-match", '"x"')], PROCEED),
    ],
)
def test_preconditions_in_the_order_of_the_standard(
    method: str, fields: list[tuple[str, str]], outcome: Precondition
) -> None:
    assert evaluate(method, headers(*fields), etag=ETag("v"), last_modified=NOW + 0.5) is outcome


def test_what_does_not_exist_matches_nothing() -> None:
    assert evaluate("PUT", headers(("if-none-match", "*")), exists=False) is PROCEED
    assert evaluate("PUT", headers(("if-match", "*")), exists=False) is FAILED
    assert evaluate("PUT", headers(("if-match", '"v"')), exists=False) is FAILED


def test_without_validators_dates_are_ignored() -> None:
    fields = headers(("if-unmodified-since", BEFORE), ("if-modified-since", AFTER))
    assert evaluate("GET", fields) is PROCEED


@pytest.mark.parametrize(
    ("field", "sent"),
    [
        (None, True),
        ('"v"', True),
        ('W/"v"', False),
        ('"x"', False),
        ('"v", "x"', False),
        ("*", False),
        (AT, True),
        (BEFORE, False),
        (AFTER, False),
        ("", False),
    ],
)
def test_if_range(field: str | None, sent: bool) -> None:
    assert may_send_range(field, etag=ETag("v"), last_modified=NOW + 0.5) is sent


def test_if_range_without_validators() -> None:
    assert not may_send_range('"v"', etag=None, last_modified=None)
    assert not may_send_range(AT, etag=None, last_modified=None)
