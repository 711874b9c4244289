"""What programs are told about a ticket, as CAS Protocol 2.0 and 3.0 write it."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from segue.auth.casserver.tickets import Refused, Shown
from segue.http.response import Response

__all__ = ["failure", "plain", "success"]

_NS = "http://www.yale.edu/tp/cas"
register_namespace("cas", _NS)


def success(shown: Shown, name: str, attributes: Mapping[str, Iterable[str]] | None) -> Response:
    """Whose ticket it is; ``attributes``: what is told besides (3.0), None for none."""
    root, found = _answer("authenticationSuccess")
    _text(found, "user", name)
    if attributes is not None:
        told = SubElement(found, f"{{{_NS}}}attributes")
        _text(told, "authenticationDate", datetime.fromtimestamp(shown.proven, UTC).isoformat())
        _text(told, "longTermAuthenticationRequestTokenUsed", "false" if shown.proven else "true")
        _text(told, "isFromNewLogin", "true" if shown.fresh else "false")
        for key, values in attributes.items():
            for value in values:
                _text(told, key, value)
    return _xml(root)


def failure(refused: Refused, kind: str = "authenticationFailure") -> Response:
    """Why nobody is named."""
    root, found = _answer(kind)
    found.set("code", refused.code)
    found.text = refused.told
    return _xml(root)


def plain(name: str | None) -> Response:
    """The answer of CAS 1.0."""
    return Response(
        f"yes\n{name}\n" if name is not None else "no\n\n", content_type="text/plain; charset=utf-8"
    )


def _answer(kind: str) -> tuple[Element, Element]:
    root = Element(f"{{{_NS}}}serviceResponse")
    return root, SubElement(root, f"{{{_NS}}}{kind}")


def _text(inside: Element, tag: str, text: str) -> None:
    # XML has no signs for control characters at all.
    SubElement(inside, f"{{{_NS}}}{tag}").text = "".join(one if one.isprintable() else "?" for one in text)


def _xml(root: Element) -> Response:
    return Response(
        tostring(root, encoding="utf-8", xml_declaration=True), content_type="application/xml; charset=utf-8"
    )
