"""Whether a request comes from the machine that answers it: only such ones are shown what an app is made of."""

import ipaddress

from segue.http.malformed import Malformed
from segue.http.request import Request
from segue.http.url import split_authority

__all__ = ["is_local"]

_HOSTS = frozenset({"", "localhost", "127.0.0.1", "[::1]"})
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "x-forwarded-host")


def is_local(request: Request) -> bool:
    """Whether a client on this machine asks for it by a name of this machine, and no proxy stands between.

    The peer's address alone says too little: a page of any site can make a browser ask 127.0.0.1 by a name of its own
    (DNS rebinding), and behind a proxy every request comes from here.
    """
    client = request.connection.client
    if client is not None and client[0] and not _is_loopback(client[0]):
        return False
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        host, _ = split_authority(request.host)
    except Malformed:
        return False
    return host.lower() in _HOSTS


def _is_loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return bool((mapped or found).is_loopback)
