"""SOAP 1.1 and 1.2, document/literal: an envelope in, an envelope out."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring

import msgspec

from segue.http.errors import UnsupportedMediaType
from segue.http.request import Request
from segue.http.response import Response
from segue.http.xml import XMLError, parse_xml
from segue.services.methods import BadArguments, Fault, Method, Run, attempt
from segue.services.xsd import XSI, by_name, local_name, read_value, write_value

__all__ = ["answer"]


class _Version(NamedTuple):
    namespace: str
    media_type: str


_ONE = _Version("http://schemas.xmlsoap.org/soap/envelope/", "text/xml")
_TWO = _Version("http://www.w3.org/2003/05/soap-envelope", "application/soap+xml")


class _ClientFault(Exception):
    """The sender is to blame."""


async def answer(request: Request, methods: Mapping[str, Method], run: Run, namespace: str) -> Response:
    """The reply to one call. Raises UnsupportedMediaType (415) for what is no SOAP by its content type."""
    version = next((one for one in (_ONE, _TWO) if one.media_type == request.content_type), None)
    if version is None:
        raise UnsupportedMediaType("A SOAP call has Content-Type: text/xml or application/soap+xml.")
    envelope, content = _envelope(version, namespace)
    status = 200
    try:
        method, values = _read(await request.body(), version, methods)
        reply = SubElement(content, f"tns:{method.name}Response")

        def write(result: Any) -> None:
            if method.returns is not None:
                write_value(reply, "return", result, method.returns)

        await attempt(run, method, values, write)
    except _ClientFault as error:
        status = 500 if version is _ONE else 400  # SOAP 1.1, section 6.2; SOAP 1.2 part 2, table 20
        _fault(content, version, str(error), sender=True)
    except Fault as fault:
        status = 500
        _fault(content, version, fault.message, fault)
    body = b'<?xml version="1.0" encoding="utf-8"?>\n' + tostring(envelope)
    return Response(body, status, None, f"{version.media_type}; charset=utf-8")


def _read(body: bytes, version: _Version, methods: Mapping[str, Method]) -> tuple[Method, dict[str, Any]]:
    try:
        envelope = parse_xml(body)
    except XMLError as error:
        raise _ClientFault(f"the envelope is not XML that is taken here: {error}") from None
    if envelope.tag != f"{{{version.namespace}}}Envelope":
        raise _ClientFault(f"the document is no Envelope in the namespace {version.namespace}")
    content = envelope.find(f"{{{version.namespace}}}Body")
    if content is None or len(content) != 1:
        raise _ClientFault("the Body of the envelope has one element, which names the method")
    for entry in envelope.iterfind(f"{{{version.namespace}}}Header/*"):
        if entry.get(f"{{{version.namespace}}}mustUnderstand") in ("1", "true"):
            raise _ClientFault(f"the header {local_name(entry)!r:.100} is not understood")
    call = content[0]
    method = methods.get(local_name(call))
    if method is None:
        raise _ClientFault(f"there is no method {local_name(call)!r:.100}")
    kinds = {argument.name: argument.kind for argument in method.arguments}
    try:
        named = {name: read_value(found, kinds.get(name, Any)) for name, found in by_name(call).items()}
        # A list without items has no element at all.
        return method, method.bind((), named, _from_text)
    except (BadArguments, ValueError) as error:
        raise _ClientFault(str(error)) from None


def _from_text(value: Any, kind: Any) -> Any:
    return msgspec.convert(value, kind, strict=False)


def _envelope(version: _Version, namespace: str) -> tuple[Element, Element]:
    envelope = Element(
        "soap:Envelope", {"xmlns:soap": version.namespace, "xmlns:tns": namespace, "xmlns:xsi": XSI}
    )
    return envelope, SubElement(envelope, "soap:Body")


def _fault(
    content: Element, version: _Version, message: str, fault: Fault | None = None, *, sender: bool = False
) -> None:
    for child in list(content):
        content.remove(child)
    element = SubElement(content, "soap:Fault")
    if version is _ONE:
        SubElement(element, "faultcode").text = "soap:Client" if sender else "soap:Server"
        SubElement(element, "faultstring").text = message
        detail = "detail"
    else:
        code = SubElement(element, "soap:Code")
        SubElement(code, "soap:Value").text = "soap:Sender" if sender else "soap:Receiver"
        reason = SubElement(element, "soap:Reason")
        SubElement(reason, "soap:Text", {"xml:lang": "en"}).text = message
        detail = "soap:Detail"
    if fault is not None:
        more = SubElement(element, detail)
        SubElement(more, "code").text = str(fault.code)
        if fault.data is not None:
            SubElement(more, "data").text = msgspec.json.encode(fault.data).decode()
