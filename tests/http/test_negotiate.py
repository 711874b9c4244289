import pytest

from segue.http.negotiate import (
    Accept,
    _cached_media_ranges,
    accept_charset,
    accept_encoding,
    accept_language,
    accepts,
)

HTML, JSON, TEXT = "text/html", "application/json", "text/plain"


class TestMedia:
    @pytest.mark.parametrize(
        ("field", "offers", "chosen"),
        [
            (None, [JSON, HTML], JSON),
            ("", [JSON, HTML], JSON),
            ("*/*", [JSON, HTML], JSON),
            ("text/html", [JSON, HTML], HTML),
            ("text/*", [JSON, HTML], HTML),
            ("TEXT/HTML", [JSON, HTML], HTML),
            ("image/png", [JSON, HTML], None),
            ("text/html;q=0.5, application/json", [HTML, JSON], JSON),
            ("text/html;q=0, */*", [HTML], None),
            ("text/html;q=0, */*", [HTML, JSON], JSON),
            ("text/*;q=0.3, text/html;q=0.7, */*;q=0.5", [TEXT, HTML], HTML),
            ("text/*;q=0.3, text/html;q=0.7, */*;q=0.5", [TEXT, JSON], JSON),
            ("application/json;q=.5, text/html;q=.5", [JSON, HTML], JSON),
            (
                "text/html, application/xhtml+xml, application/xml;q=0.9, image/avif, */*;q=0.8",
                [JSON, HTML],
                HTML,
            ),
            ('text/html;level="1", text/html;q=0.1', ["text/html;level=1"], "text/html;level=1"),
            ("text/html;level=1", [HTML], None),
            ("text/html;charset=UTF-8", ["text/html; charset=utf-8"], "text/html; charset=utf-8"),
            ("garbage, ;;, text/html", [JSON, HTML], HTML),
            (
                "*/html, text/html;q=2, text/html;q=-1, text/html;q=nan, text/html;q=1e9, application/json;q=0.1",
                [HTML, JSON],
                JSON,
            ),
            ("garbage", [JSON], JSON),
            ("text/html", [], None),
            ("*/*", [], None),
        ],
    )
    def test_the_offer_with_the_greatest_weight(
        self, field: str | None, offers: list[str], chosen: str | None
    ) -> None:
        assert accepts(field, offers) == chosen

    def test_the_closest_range_gives_the_weight(self) -> None:
        accept = Accept.parse("text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, */*;q=0.5")
        assert accept.quality("text/plain;format=flowed") == 1
        assert accept.quality("text/plain") == 0.7
        assert accept.quality("text/html") == 0.3
        assert accept.quality("image/jpeg") == 0.5
        assert [media_range.specificity for media_range in accept.ranges] == [1, 2, 3, 0]


class TestLanguage:
    @pytest.mark.parametrize(
        ("field", "offers", "chosen"),
        [
            (None, ["en", "fr"], "en"),
            ("fr-CH, en;q=.5", ["en", "fr"], "fr"),
            ("FR-ch", ["en", "fr-CH"], "fr-CH"),
            ("de", ["en", "de-AT", "de-CH"], "de-AT"),
            ("de-DE, en;q=0.5", ["de-AT", "en"], "en"),
            ("zh-Hant-x-private, en;q=0.1", ["en", "zh-Hant"], "zh-Hant"),
            ("en;q=0.1, fr;q=0.9", ["en", "fr"], "fr"),
            ("da, *;q=0.5", ["en", "fr"], "en"),
            ("en;q=0, *", ["en-GB", "fr"], "fr"),
            ("en-GB, en;q=0", ["en-US", "en-GB"], "en-GB"),
            ("ja", ["en", "fr"], None),
            ("en", [], None),
            ("*;q=0", ["en"], None),
        ],
    )
    def test_look_up(self, field: str | None, offers: list[str], chosen: str | None) -> None:
        assert accept_language(field, offers) == chosen


class TestEncoding:
    @pytest.mark.parametrize(
        ("field", "chosen"),
        [
            (None, "identity"),
            ("", "identity"),
            ("gzip", "gzip"),
            ("x-gzip", "gzip"),
            ("gzip, br", "br"),
            ("gzip, br;q=0.9", "gzip"),
            ("gzip;q=0", "identity"),
            ("*", "br"),
            ("br;q=0, *", "gzip"),
            ("identity", "identity"),
            ("identity, gzip;q=0.5", "identity"),
            ("gzip;q=0.001", "gzip"),
            ("zstd", "identity"),
            ("identity;q=0", None),
            ("*;q=0", None),
            ("*;q=0, gzip", "gzip"),
            ("identity;q=0, br;q=0, gzip;q=0", None),
        ],
    )
    def test_of_br_and_gzip(self, field: str | None, chosen: str | None) -> None:
        assert accept_encoding(field, ["br", "gzip"]) == chosen


@pytest.mark.parametrize(
    ("field", "chosen"),
    [
        (None, "utf-8"),
        ("iso-8859-1", None),
        ("iso-8859-1, utf-8;q=0.5", "utf-8"),
        ("*", "utf-8"),
        ("utf-8;q=0", None),
    ],
)
def test_charset(field: str | None, chosen: str | None) -> None:
    assert accept_charset(field, ["utf-8"]) == chosen


def test_what_clients_send_does_not_fill_the_memory() -> None:
    for n in range(1_000):
        accepts(f"text/x{n}", [HTML])
        accept_language(f"x{n}", ["en"])
    assert _cached_media_ranges.cache_info().currsize <= 256
    before = _cached_media_ranges.cache_info().misses
    accepts("text/html," + "x" * 1_000_000, [HTML])
    assert _cached_media_ranges.cache_info().misses == before


@pytest.mark.parametrize("unit", [',";', '";', ",a/b", ";a=b", "-a", ",", "*,", ";q=", "a", '\\"'])
@pytest.mark.parametrize("function", [accepts, accept_language, accept_encoding, accept_charset])
def test_time_is_linear(linear, function, unit: str) -> None:
    linear(lambda field: function(field, ["en", HTML]), lambda n: "en" + unit * n)
    linear(lambda field: function(field, ["en", HTML]), lambda n: 'text/html;a="' + unit * n)
