from datetime import UTC, datetime
from http.cookies import SimpleCookie

import pytest
from hypothesis import given, strategies as st

from segue.http.cookies import Cookie, parse_cookies
from segue.http.malformed import Malformed

NAMES = st.from_regex(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", fullmatch=True).filter(
    lambda name: not name.startswith("__")
)
VALUES = st.text(st.sampled_from([chr(c) for c in range(0x21, 0x7F) if chr(c) not in '",;\\']))


class TestParse:
    def test_a_name_may_have_many_values(self) -> None:
        cookies = parse_cookies("a=1; b=2; a=3")
        assert cookies.get_all("a") == ["1", "3"]
        assert cookies["a"] == "1"
        assert cookies["b"] == "2"

    @pytest.mark.parametrize(
        ("header", "pairs"),
        [
            ("", []),
            ("a=b=c", [("a", "b=c")]),
            ('a="b"', [("a", "b")]),
            ('a="', [("a", '"')]),
            ("a=b]_csrf=inj", [("a", "b]_csrf=inj")]),
            ("=__Host-id=x; =y; z", []),
            ("a=1;b=2 ;\tc=3", [("a", "1"), ("b", "2"), ("c", "3")]),
            ("a=1, b=2", [("a", "1, b=2")]),
            ('a="x; b=2"', [("a", '"x'), ("b", '2"')]),
            ("a=; ;;", [("a", "")]),
            ("a=\\073", [("a", "\\073")]),
        ],
    )
    def test_only_the_semicolon_separates(self, header: str, pairs: list[tuple[str, str]]) -> None:
        assert parse_cookies(header).multi_items() == pairs

    def test_there_is_an_end_to_them(self) -> None:
        assert len(parse_cookies("; ".join(f"c{n}=1" for n in range(1000)))) == 1000
        with pytest.raises(Malformed, match="more than 1000 cookies"):
            parse_cookies(";" * 1000)

    @given(st.lists(st.tuples(NAMES, VALUES)))
    def test_what_is_set_is_read(self, pairs: list[tuple[str, str]]) -> None:
        header = "; ".join(Cookie(name, value).header().partition(";")[0] for name, value in pairs)
        assert parse_cookies(header).multi_items() == pairs

    @pytest.mark.parametrize("unit", ["\\", ";", "=", '"', "a=1; ", 'a="\\"; ', "]", " "])
    def test_time_is_linear(self, linear, unit: str) -> None:
        linear(lambda header: parse_cookies(header, max_cookies=10_000_000), lambda n: 'a="' + unit * n)
        linear(parse_cookies, lambda n: unit * n)


class TestCookie:
    def test_the_defaults_are_the_safe_ones(self) -> None:
        assert Cookie("a", "b").header() == "a=b; Path=/; HttpOnly; SameSite=Lax"

    def test_every_attribute(self) -> None:
        cookie = Cookie(
            "a",
            "b",
            max_age=3600,
            expires=784111777,
            domain="example.com",
            path="/x",
            secure=True,
            http_only=False,
            same_site="none",
            partitioned=True,
        )
        assert cookie.header() == (
            "a=b; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Max-Age=3600; Domain=example.com; Path=/x; Secure; "
            "SameSite=None; Partitioned"
        )
        assert Cookie(
            "a", "b", expires=datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC), same_site=None
        ).header() == ("a=b; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Path=/; HttpOnly")

    def test_unset(self) -> None:
        assert Cookie.unset("a", path="/x", domain="example.com").header() == (
            "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Domain=example.com; Path=/x; HttpOnly; SameSite=Lax"
        )
        assert "Secure" in Cookie.unset("__Host-id").header()

    @pytest.mark.parametrize(
        "text", ["\r", "\n", "\0", ";", "\r\nSet-Cookie: x=y", "é", "\x7f", "a; Domain=evil"]
    )
    @pytest.mark.parametrize("part", ["name", "value", "domain", "path"])
    def test_nothing_can_split_the_header(self, part: str, text: str) -> None:
        parts = {"name": "a", "value": "b", "path": "/"}
        with pytest.raises(ValueError):  # noqa: PT011 -- each part has its own message
            Cookie(**{**parts, part: parts.get(part, "") + text})  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "parts",
        [
            {"name": ""},
            {"name": "a b"},
            {"name": "a="},
            {"value": "a b"},
            {"value": 'a"b'},
            {"value": "a,b"},
            {"value": "a\\b"},
            {"value": "x" * 4096},
            {"path": "x"},
            {"path": ""},
            {"path": "/" + "x" * 1024},
            {"domain": ""},
            {"domain": "exa mple"},
            {"domain": "-a"},
            {"max_age": 1.5},
            {"max_age": True},
            {"max_age": "1; Domain=x"},
            {"expires": float("nan")},
            {"expires": float("inf")},
            {"expires": -1e12},
            {"expires": datetime(2026, 1, 1)},  # noqa: DTZ001 -- the mistake under test
            {"same_site": "Lax; Domain=x"},
            {"same_site": "none"},
            {"partitioned": True},
            {"name": "__Secure-a"},
            {"name": "__secure-a"},
            {"name": "__Host-a"},
            {"name": "__Host-a", "secure": True, "domain": "example.com"},
            {"name": "__hOsT-a", "secure": True, "path": "/x"},
            {"name": "__Http-a", "secure": True, "http_only": False},
            {"name": "__Host-Http-a", "secure": True, "http_only": False},
        ],
    )
    def test_what_a_browser_would_drop_is_refused(self, parts) -> None:
        with pytest.raises(ValueError):  # noqa: PT011 -- each has its own message
            Cookie(**{"name": "a", "value": "b", **parts})

    @pytest.mark.parametrize("name", ["__Host-a", "__Secure-a", "__Http-a", "__Host-Http-a"])
    def test_a_prefix_that_keeps_its_promise(self, name: str) -> None:
        assert Cookie(name, "b", secure=True).header() == f"{name}=b; Path=/; Secure; HttpOnly; SameSite=Lax"

    @given(NAMES, VALUES)
    def test_the_standard_library_reads_what_is_written(self, name: str, value: str) -> None:
        read = SimpleCookie()
        read.load(Cookie(name, value).header())
        # It knows fewer characters of names, and names of its own.
        if name in read:
            assert read[name].value == value
