"""Who is counted as one: an address, of IPv6 the network that one customer has."""

import ipaddress

from segue.http.request import Request

__all__ = ["client_network"]

_CUSTOMER = 64  # bits: within them a customer has any number of addresses


def client_network(request: Request) -> str:
    """The address of the client; of IPv6 its first 64 bits. What a header says counts behind ``Proxies`` only."""
    address = "" if request.client is None else request.client[0]
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address or "local"
    if known.version == 6:
        mapped = known.ipv4_mapped
        if mapped is not None:
            return str(mapped)
        return str(ipaddress.ip_network((known, _CUSTOMER), strict=False))
    return str(known)
