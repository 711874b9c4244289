"""A connection to a directory: bind, search, and encryption, as RFC 4511 writes them."""

import asyncio
import ssl
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from segue.auth.external.person import SignInFailed

__all__ = ["Entry", "LDAPConnection"]

_LONGEST = 1_000_000
_SUCCESS = 0
_SIZE_EXCEEDED = 4
_NO_SUCH_OBJECT = 32
_INVALID_CREDENTIALS = 49
#: What a directory says about a bind that it understands and does not allow.
_REFUSED = frozenset({_NO_SUCH_OBJECT, 34, 48, _INVALID_CREDENTIALS, 50, 53})
_START_TLS = b"1.3.6.1.4.1.1466.20037"


class Entry(NamedTuple):
    """What a directory knows under a name: attributes, in small letters, with their values."""

    dn: str
    attributes: Mapping[str, Sequence[bytes]]

    def first(self, attribute: str) -> str:
        """The first value of an attribute as text; empty for none."""
        values = self.attributes.get(attribute.lower(), ())
        return values[0].decode("utf-8", "replace") if values else ""

    def all(self, attribute: str) -> list[str]:
        """Its values as texts."""
        return [one.decode("utf-8", "replace") for one in self.attributes.get(attribute.lower(), ())]


class LDAPConnection:
    """One connection, for one question after the other.

    The messages are those of pyasn1-modules (RFC 2251, which RFC 4511 has kept on the wire). A filter is built of values, never of text: nothing that somebody types
    can be read as a part of it.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from pyasn1_modules import rfc2251  # type: ignore[import-untyped] # it has no types

        self._spec: Any = rfc2251
        self._reader = reader
        self._writer = writer
        self._number = 0

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Encrypts the connection from here on. Raises SignInFailed."""
        request = self._spec.ExtendedRequest()
        request["requestName"] = _START_TLS
        answer = await self._one("extendedReq", request)
        if int(answer["resultCode"]) != _SUCCESS:
            raise SignInFailed(f"the directory does not encrypt the connection: {_told(answer)}")
        # Whoever stands in between could have put an answer there, which would count as one that was encrypted.
        if self._reader._buffer:  # type: ignore[attr-defined] # there is no public way to ask whether something is left
            raise SignInFailed("the directory said something before the connection was encrypted")
        await self._writer.start_tls(context, server_hostname=host)

    async def bind(self, dn: str, password: str) -> bool:
        """Whether the directory takes a name and a password."""
        request = self._spec.BindRequest()
        request["version"] = 3
        request["name"] = dn.encode()
        request["authentication"]["simple"] = password.encode()
        answer = await self._one("bindRequest", request)
        code = int(answer["resultCode"])
        if code != _SUCCESS and code not in _REFUSED:
            raise SignInFailed(f"the directory does not say whether a password is right: {_told(answer)}")
        return code == _SUCCESS

    async def search(
        self,
        base: str,
        any_of: Iterable[tuple[str, str]],
        all_of: Iterable[tuple[str, str]],
        attributes: Iterable[str],
        most: int,
    ) -> list[Entry]:
        """The entries below ``base`` in which one of some attributes has a value, and all of others; at most so many and one more."""
        spec = self._spec
        request = spec.SearchRequest()
        request["baseObject"] = base.encode()
        request["scope"] = "wholeSubtree"
        request["derefAliases"] = "neverDerefAliases"
        request["sizeLimit"] = most + 1
        request["timeLimit"] = 10
        request["typesOnly"] = False
        either = spec.Filter2()
        for position, (name, value) in enumerate(any_of):
            either["or"][position]["equalityMatch"]["attributeDesc"] = name.encode()
            either["or"][position]["equalityMatch"]["assertionValue"] = value.encode()
        request["filter"]["and"][0] = either
        for position, (name, value) in enumerate(all_of, 1):
            request["filter"]["and"][position]["equalityMatch"]["attributeDesc"] = name.encode()
            request["filter"]["and"][position]["equalityMatch"]["assertionValue"] = value.encode()
        for position, name in enumerate(attributes):
            request["attributes"][position] = name.encode()
        number = await self._send("searchRequest", request)
        found: list[Entry] = []
        while True:
            kind, answer = await self._receive(number)
            if kind == "searchResEntry" and len(found) <= most:
                found.append(_entry(answer))
            elif kind == "searchResDone":
                code = int(answer["resultCode"])
                if code not in (_SUCCESS, _SIZE_EXCEEDED, _NO_SUCH_OBJECT):
                    raise SignInFailed(f"the directory does not search: {_told(answer)}")
                return found
            elif kind not in ("searchResEntry", "searchResRef"):  # where else one could ask is not followed
                raise SignInFailed(f"the directory answers a search with {kind}")

    async def close(self) -> None:
        """Says goodbye."""
        self._writer.close()

    async def _one(self, kind: str, request: Any) -> Any:
        return (await self._receive(await self._send(kind, request)))[1]

    async def _send(self, kind: str, request: Any) -> int:
        from pyasn1.codec.ber.encoder import encode  # type: ignore[import-untyped] # it has no types

        self._number += 1
        message = self._spec.LDAPMessage()
        message["messageID"] = self._number
        message["protocolOp"][kind] = request
        self._writer.write(encode(message))
        await self._writer.drain()
        return self._number

    async def _receive(self, number: int) -> tuple[str, Any]:
        """The next answer to a question: its kind, and what it says."""
        from pyasn1.codec.ber.decoder import decode  # type: ignore[import-untyped] # it has no types
        from pyasn1.error import PyAsn1Error  # type: ignore[import-untyped] # it has no types

        head = await self._reader.readexactly(2)
        size = head[1]
        if size >= 0x80:
            more = await self._reader.readexactly(size & 0x7F)
            head, size = head + more, int.from_bytes(more, "big")
        if head[0] != 0x30 or len(head) > 6 or size > _LONGEST:
            raise SignInFailed("the directory says something that is no message")
        data = head + await self._reader.readexactly(size)
        try:
            message, _ = decode(data, asn1Spec=self._spec.LDAPMessage())
            answered, chosen = int(message["messageID"]), message["protocolOp"]
            kind = str(chosen.getName())
        except (PyAsn1Error, RecursionError, ValueError) as error:
            raise SignInFailed(f"the directory says something that is no message: {error!s:.120}") from None
        if answered != number:
            raise SignInFailed("the directory answers what nobody has asked")
        return kind, chosen.getComponent()


def _entry(answer: Any) -> Entry:
    attributes = {
        bytes(one["type"]).decode("utf-8", "replace").lower(): [bytes(value) for value in one["vals"]]
        for one in answer["attributes"]
    }
    return Entry(bytes(answer["objectName"]).decode("utf-8", "replace"), attributes)


def _told(answer: Any) -> str:
    text = bytes(answer["errorMessage"]).decode("utf-8", "replace")
    return f"{int(answer['resultCode'])} {text!r:.120}"
