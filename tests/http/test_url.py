from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from hypothesis import given, strategies as st

from segue.http.malformed import Malformed
from segue.http.multidict import MultiDict
from segue.http.url import (
    URL,
    decode_path,
    decode_segment,
    encode_path_segment,
    encode_query,
    parse_query,
    split_authority,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


class TestPath:
    @pytest.mark.parametrize(
        ("raw", "path"),
        [
            ("/a/b", "/a/b"),
            ("/caf%C3%A9", "/café"),
            ("/a%20b+c", "/a b+c"),
            ("/a%2Fb", "/a%2Fb"),
            ("/a%2fb", "/a%2Fb"),
            ("/a%252Fb", "/a%252Fb"),
            ("/100%25", "/100%25"),
            ("/%2e%2e/x", "/../x"),
            ("", ""),
        ],
    )
    def test_it_is_decoded_but_for_the_slash_and_the_percent_sign(self, raw: str, path: str) -> None:
        assert decode_path(raw) == path

    @pytest.mark.parametrize(
        "raw",
        [
            "/%00",
            "/\0",
            "/%ff",
            "/%C3",
            "/%c0%af",
            "/%ed%a0%80",
            "/%",
            "/%2",
            "/%zz",
            "/%+1",
            "/é",
            "/\udc80",
        ],
    )
    def test_what_is_no_path_is_refused(self, raw: str) -> None:
        with pytest.raises(Malformed):
            decode_path(raw)

    @given(st.lists(TEXTS.filter(lambda text: "\0" not in text and text not in (".", "..")), min_size=1))
    def test_segments_survive(self, segments: list[str]) -> None:
        path = decode_path("/" + "/".join(map(encode_path_segment, segments)))
        assert [decode_segment(segment) for segment in path[1:].split("/")] == segments

    @given(st.text("/%2F5fa", max_size=12), st.text("/%2F5fa", max_size=12))
    def test_two_paths_never_become_one(self, one: str, other: str) -> None:
        def segments(raw: str) -> list[str]:
            return [decode_segment(segment) for segment in decode_path(raw).split("/")]

        try:
            same = decode_path(one) == decode_path(other)
            meant_the_same = segments(one) == segments(other)
        except Malformed:
            return
        assert same == meant_the_same

    @pytest.mark.parametrize("segment", [".", ".."])
    def test_dot_segments_cannot_be_written(self, segment: str) -> None:
        with pytest.raises(ValueError, match="cannot be a path segment"):
            encode_path_segment(segment)

    @pytest.mark.parametrize("unit", ["%ff%", "%41", "%", "%2F", "%25", "/", "a", "%e2%82%ac"])
    def test_time_is_linear(self, linear, unit: str) -> None:
        linear(decode_path, lambda n: "/" + unit * n)


class TestQuery:
    @pytest.mark.parametrize(
        ("raw", "pairs"),
        [
            ("", []),
            ("a=1&b=2&a=3", [("a", "1"), ("b", "2"), ("a", "3")]),
            ("a=1;b=2", [("a", "1;b=2")]),
            ("q=x+y%2B", [("q", "x y+")]),
            ("a&b=&=c&&", [("a", ""), ("b", ""), ("", "c")]),
            ("a=b=c", [("a", "b=c")]),
            ("q=100%&r=%zz&s=%4", [("q", "100%"), ("r", "%zz"), ("s", "%4")]),
            ("%C3%A9=%e2%82%ac", [("é", "€")]),
            ("é=€", [("é", "€")]),
        ],
    )
    def test_fields_are_read(self, raw: str, pairs: list[tuple[str, str]]) -> None:
        assert parse_query(raw).multi_items() == pairs
        assert parse_query(raw.encode()).multi_items() == pairs

    @pytest.mark.parametrize("raw", ["a=%ff", "%C3=b", "a=\udc80", b"a=\xff", b"\xff%20=1", "a=%ed%a0%80"])
    def test_what_is_not_utf8_is_refused_not_replaced(self, raw: str | bytes) -> None:
        with pytest.raises(Malformed):
            parse_query(raw)

    def test_fields_are_counted_before_they_are_read(self) -> None:
        assert len(parse_query("&".join(f"a{n}=1" for n in range(1000)))) == 1000
        for raw in ("a=1&" * 1000 + "a=1", "&" * 1_000_001):
            with pytest.raises(Malformed, match="more than 1000 fields"):
                parse_query(raw)

    @given(st.lists(st.tuples(TEXTS, TEXTS).filter(any)))
    def test_what_is_written_is_read(self, pairs: list[tuple[str, str]]) -> None:
        query = encode_query(pairs)
        assert query.isascii()
        assert parse_query(query, max_fields=10_000).multi_items() == pairs
        assert parse_qsl(query, keep_blank_values=True) == pairs

    @given(st.binary(max_size=30))
    def test_it_reads_as_the_standard_library_does(self, raw: bytes) -> None:
        try:
            ours = parse_query(raw).multi_items()
        except Malformed:
            return
        assert ours == parse_qsl(raw.decode(), keep_blank_values=True)

    def test_values_to_write(self) -> None:
        assert encode_query({"q": "x y~", "tag": ["a", "b"], "page": None, "n": 2, "yes": True}) == (
            "q=x+y%7E&tag=a&tag=b&n=2&yes=true"
        )
        assert encode_query(MultiDict([("a", "1"), ("a", "2")])) == "a=1&a=2"

    @pytest.mark.parametrize("unit", ["%ff%", "%41", "a=%", "+", "=", "a", "%"])
    def test_time_is_linear(self, linear, unit: str) -> None:
        linear(parse_query, lambda n: unit * n)


class TestURL:
    def test_it_is_read_and_written(self) -> None:
        url = URL.parse("HTTPS://Example.com:8443/a/b?x=1#top")
        assert url == URL(
            scheme="https", host="example.com", port=8443, path="/a/b", query="x=1", fragment="top"
        )
        assert str(url) == "https://example.com:8443/a/b?x=1#top"
        assert url.origin == "https://example.com:8443"
        assert url.params == {"x": "1"}

    @pytest.mark.parametrize(
        ("text", "written"),
        [
            ("http://example.com:80/", "http://example.com/"),
            ("http://[::1]:80/x", "http://[::1]/x"),
            ("http://[2001:DB8::1]:81", "http://[2001:db8::1]:81"),
            ("/a?b", "/a?b"),
            ("?b", "?b"),
            ("mailto:a", "mailto:a"),
            ("//example.com/a", "//example.com/a"),
            ("", ""),
            ("a:b", "a:b"),
            ("/a:b", "/a:b"),
        ],
    )
    def test_references(self, text: str, written: str) -> None:
        assert str(URL.parse(text)) == written

    @pytest.mark.parametrize(
        "text",
        [
            "http://user@example.com/",
            "http://user:pw@example.com/",
            "http://exa mple.com/",
            "http://example.com:99999/",
            "http://example.com:\u0663/",
            "http://example.com:+1/",
            "http://example.com:" + "1" * 5000,
            "http://[::1/",
            "http://a]b/",
            "http://example.com/\r\nSet-Cookie: a=b",
            "http://example.com/é",
            "http://bücher.example/",
            "http://a\\b/",
            "\x00",
        ],
    )
    def test_what_is_no_url_is_refused(self, text: str) -> None:
        with pytest.raises(Malformed):
            URL.parse(text)

    @pytest.mark.parametrize(
        "parts",
        [
            {"host": "example.com/abc?bar="},
            {"host": "example.com", "path": "a"},
            {"path": "//evil.example"},
            {"path": "/a?b"},
            {"path": "/a#b"},
            {"query": "a#b"},
            {"query": "a b"},
            {"scheme": "ht tp"},
            {"scheme": "1http"},
            {"port": 65536},
            {"port": -1},
            {"fragment": "\n"},
        ],
    )
    def test_a_part_cannot_become_another(self, parts) -> None:
        with pytest.raises(ValueError):  # noqa: PT011 -- many messages
            URL(**parts)

    def test_of_a_request_host_and_path_are_read_apart(self) -> None:
        assert (
            str(URL.of_request("https", "Example.com:443", "//evil", "a=b"))
            == "https://example.com//evil?a=b"
        )
        for host in ("example.com/abc?bar=", "a@evil", "a b", "a#", "a:b:c", "a\\b"):
            with pytest.raises(Malformed):
                URL.of_request("http", host, "/x")

    def test_changed_copies(self) -> None:
        url = URL.parse("/films?page=1")
        assert str(url.with_query({"tag": ["a", "b"]}, page=2)) == "/films?tag=a&tag=b&page=2"
        assert str(url.with_query()) == "/films"
        assert str(url.replace(path="/b", host="x")) == "//x/b?page=1"
        with pytest.raises(ValueError, match="percent-encoded"):
            url.replace(path="/é")
        with pytest.raises(AttributeError):
            url.path = "/other"  # type: ignore[misc]

    @pytest.mark.parametrize(
        ("authority", "split"),
        [
            ("Example.COM", ("example.com", None)),
            ("a:80", ("a", 80)),
            ("[::1]", ("[::1]", None)),
            ("[::1]:9", ("[::1]", 9)),
            ("a:", ("a", None)),
            ("", ("", None)),
        ],
    )
    def test_an_authority_is_split(self, authority: str, split: tuple[str, int | None]) -> None:
        assert split_authority(authority) == split

    @given(
        st.lists(st.sampled_from(["a", "b.c", "%20", "-", "~", ":", "@"])).map("".join),
        st.from_regex(r"[a-z0-9=&%]{0,8}", fullmatch=True),
    )
    def test_it_reads_as_the_standard_library_does(self, path: str, query: str) -> None:
        text = f"http://example.com/{path}?{query}"
        ours, theirs = URL.parse(text), urlsplit(text)
        assert (ours.path, ours.query) == (theirs.path, theirs.query)

    @pytest.mark.parametrize("unit", ["a", ":", "/", "?", "#", "%", "[", "@", ".", "\ufdfa", "xn--"])
    def test_time_is_linear(self, linear, unit: str) -> None:
        linear(URL.parse, lambda n: "http://" + unit * n)
        linear(URL.parse, lambda n: "http://a/" + unit * n)


def test_a_segment_is_encoded_no_more_than_needed() -> None:
    assert encode_path_segment("a/b ä!") == "a%2Fb%20%C3%A4!"
    assert encode_path_segment("a:b@c") == quote("a:b@c", safe=":@")
