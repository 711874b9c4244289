import pytest

from segue.http.forwarded import MAX_HOPS, Hop, parse_forwarded, parse_x_forwarded, split_node
from segue.http.malformed import Malformed


@pytest.mark.parametrize(
    ("node", "address"),
    [
        ("192.0.2.60", ("192.0.2.60", None)),
        ("192.0.2.60:80", ("192.0.2.60", 80)),
        ("[2001:DB8::1]:4711", ("2001:db8::1", 4711)),
        ("[2001:db8::1]", ("2001:db8::1", None)),
        ("2001:db8::1", ("2001:db8::1", None)),
        ("::ffff:192.0.2.60", ("::ffff:192.0.2.60", None)),
        ("unknown", ("unknown", None)),
        ("_hidden", ("_hidden", None)),
        ("_SEVKISEK:_p", ("_sevkisek", None)),
    ],
)
def test_nodes(node: str, address: tuple[str, int | None]) -> None:
    assert split_node(node) == address


@pytest.mark.parametrize(
    "node",
    [
        "",
        "evil.example",
        "1.2.3.4:",
        "1.2.3.4:99999",
        "1.2.3.4:\u0663",
        "1.2.3.4\n",
        "1.2.3.4 ",
        "[::1",
        "a" * 5000,
        "_",
    ],
)
def test_what_is_no_node_is_refused(node: str) -> None:
    with pytest.raises(Malformed):
        split_node(node)


def test_forwarded() -> None:
    assert parse_forwarded(
        'for=192.0.2.60;proto=https;by=203.0.113.43;host=Example.com, For="[2001:db8::1]:4711"'
    ) == [
        Hop(client="192.0.2.60", proto="https", by="203.0.113.43", host="example.com"),
        Hop(client="2001:db8::1", port=4711),
    ]
    assert parse_forwarded("") == []


@pytest.mark.parametrize(
    "field",
    [
        "for",
        "for=1.2.3.4;for=5.6.7.8",
        'for="1.2.3.4',
        "for=evil.example",
        "for=1.2.3.4;proto=java script",
        'for=1.2.3.4;proto="https://"',
        'for=1.2.3.4;host="a/b"',
        'for=1.2.3.4;host="a@b"',
        ", ".join(["for=1.2.3.4"] * (MAX_HOPS + 1)),
    ],
)
def test_a_bad_forwarded_is_refused_as_a_whole(field: str) -> None:
    with pytest.raises(Malformed):
        parse_forwarded(field)


def test_x_forwarded() -> None:
    assert parse_x_forwarded(
        "192.0.2.60, 198.51.100.2:80", proto="https", host="Example.com", port="8443"
    ) == [
        Hop(client="192.0.2.60", proto="https", host="example.com:8443"),
        Hop(client="198.51.100.2", port=80, proto="https", host="example.com:8443"),
    ]
    assert parse_x_forwarded("1.1.1.1, 2.2.2.2, 3.3.3.3", proto="https, http") == [
        Hop(client="1.1.1.1"),
        Hop(client="2.2.2.2", proto="https"),
        Hop(client="3.3.3.3", proto="http"),
    ]
    assert parse_x_forwarded(proto="https") == [Hop(proto="https")]
    assert parse_x_forwarded(host="a:80", port="443") == [Hop(host="a:80")]
    assert parse_x_forwarded("") == []


@pytest.mark.parametrize(
    "fields",
    [
        {"client": "a, b"},
        {"client": "1.2.3.4", "host": "a/b"},
        {"client": "1.2.3.4", "port": "x"},
        {"client": "1.2.3.4", "host": "a", "port": "443/evil"},
        {"client": "1.2.3.4", "proto": "https\x00"},
        {"client": ",".join(["1.2.3.4"] * (MAX_HOPS + 1))},
    ],
)
def test_a_bad_x_forwarded_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(Malformed):
        parse_x_forwarded(**fields)


@pytest.mark.parametrize("unit", ["for=1.2.3.4,", ";", ",", '"', "for=", "1.2.3.4,", ":", "[", "_", "."])
def test_time_is_linear(linear, unit: str) -> None:
    linear(parse_forwarded, lambda n: unit * n)
    linear(parse_x_forwarded, lambda n: unit * n)
