"""What proxies say about the request that they pass on: `Forwarded` (RFC 7239) and the older `X-Forwarded-*`.

Anyone can write these fields. Here they are only read; whom to believe, and from which hop on, is decided by
who knows the peer's address.
"""

import re

import msgspec

from segue.http.headers import Headers
from segue.http.malformed import Malformed
from segue.http.parameters import parse_header, split_list

__all__ = ["MAX_HOPS", "Hop", "claimed", "parse_forwarded", "parse_x_forwarded", "split_node"]

MAX_HOPS = 32

_node = re.compile(
    r"(?P<address>\[[0-9A-Fa-f:.]{2,45}\]|[0-9.]{7,15}|unknown|_[A-Za-z0-9._\-]{1,255})"
    r"(?::(?P<port>[0-9]{1,5}|_[A-Za-z0-9._\-]{1,255}))?",
    re.IGNORECASE,
).fullmatch
_bare_ipv6 = re.compile(r"[0-9A-Fa-f:]{2,39}(?:[0-9.]{7,15})?").fullmatch
_host = re.compile(r"(?:[A-Za-z0-9._\-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?").fullmatch
_has_port = re.compile(r":[0-9]{1,5}\Z").search
_port = re.compile(r"[0-9]{1,5}").fullmatch
_proto = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]{0,31}").fullmatch


class Hop(msgspec.Struct, frozen=True, kw_only=True):
    """What one proxy says about the request that reached it. An empty text: it did not say.

    - `client`: the address that it got the request from, without port and brackets; or `unknown`, or `_name`.
    - `port`: that address's port, if given as a number.
    - `by`: the interface it came in on, as sent. `host`: the `Host` it had. `proto`: `http` or `https`.
    """

    client: str = ""
    port: int | None = None
    by: str = ""
    host: str = ""
    proto: str = ""


def split_node(node: str) -> tuple[str, int | None]:
    """An RFC 7239 node, or an address as found in `X-Forwarded-For`, as address and port.

    ::

        split_node("[2001:db8::1]:443")    # ("2001:db8::1", 443)

    Raises `Malformed`. Whether the address exists is not checked.
    """
    match = _node(node)
    if match is None:
        if node.count(":") > 1 and _bare_ipv6(node):
            return node.lower(), None
        raise Malformed("a forwarded address is not an address")
    port = match["port"]
    number = int(port) if port is not None and not port.startswith("_") else None
    if number is not None and number > 65535:
        raise Malformed("a forwarded port is not a port")
    return match["address"].strip("[]").lower(), number


def parse_forwarded(field: str) -> list[Hop]:
    """The hops of a `Forwarded` field: the client's first proxy at the start, the nearest at the end.

    ::

        parse_forwarded('for=192.0.2.60;proto=https, for="[2001:db8::1]:4711"')

    Raises `Malformed`; more than `MAX_HOPS` are that too.
    """
    elements = split_list(field)
    if len(elements) > MAX_HOPS:
        raise Malformed(f"a request was forwarded more than {MAX_HOPS} times")
    hops: list[Hop] = []
    for element in elements:
        # The element is all parameters; a header's value is a first part and then parameters.
        _, params = parse_header(";" + element)
        client, port = split_node(params["for"]) if "for" in params else ("", None)
        hops.append(
            Hop(
                client=client,
                port=port,
                by=params.get("by", ""),
                host=_checked_host(params.get("host", "")),
                proto=_checked_proto(params.get("proto", "")),
            )
        )
    return hops


def parse_x_forwarded(
    client: str = "", *, proto: str = "", host: str = "", port: str = "", by: str = ""
) -> list[Hop]:
    """The hops of `X-Forwarded-For` and its sisters, in the order of `parse_forwarded`.

    `client`, `proto`, `host` and `port` are the values of `X-Forwarded-For`, `-Proto`, `-Host` and `-Port`, `by`
    that of `-By`. No standard says how these lists go together: a single value is said of every hop, since most
    proxies set one and do not append; longer lists are aligned at the nearest hop. `port` is the port
    that the client connected to, and becomes part of `host`.

    Raises `Malformed`; more than `MAX_HOPS` are that too.
    """
    clients = split_list(client)
    sisters = [split_list(field) for field in (proto, host, port, by)]
    count = max(len(clients), *map(len, sisters))
    if count > MAX_HOPS:
        raise Malformed(f"a request was forwarded more than {MAX_HOPS} times")
    nodes = [("", None)] * (count - len(clients)) + [split_node(node) for node in clients]
    hops: list[Hop] = []
    for index, (address, number) in enumerate(nodes):
        said = [_at(values, index - count) for values in sisters]
        hops.append(
            Hop(
                client=address,
                port=number,
                by=said[3],
                host=_checked_host(_with_port(said[1], said[2])),
                proto=_checked_proto(said[0]),
            )
        )
    return hops


def claimed(headers: Headers) -> tuple[Hop, ...]:
    """The hops that ``Forwarded`` tells of, or else the ``X-Forwarded-*`` fields; none if they cannot be read."""
    try:
        field = headers.joined("forwarded")
        if field is not None:
            return tuple(parse_forwarded(field))
        said = [
            headers.joined(f"x-forwarded-{part}") or "" for part in ("for", "proto", "host", "port", "by")
        ]
        return tuple(parse_x_forwarded(said[0], proto=said[1], host=said[2], port=said[3], by=said[4]))
    except Malformed:
        return ()


def _at(values: list[str], from_end: int) -> str:
    if len(values) == 1:
        return values[0]
    return values[from_end] if -from_end <= len(values) else ""


def _with_port(host: str, port: str) -> str:
    if port and not _port(port):
        raise Malformed("a forwarded port is not a port")
    return f"{host}:{port}" if host and port and not _has_port(host) else host


def _checked_host(host: str) -> str:
    if host and not _host(host):
        raise Malformed("a forwarded host is not a host")
    return host.lower()


def _checked_proto(proto: str) -> str:
    if proto and not _proto(proto):
        raise Malformed("a forwarded protocol is not the scheme of a URL")
    return proto.lower()
