"""What both sides say of themselves (SAML Metadata 2.0)."""

import textwrap
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring

from segue.http.xml import XMLError, parse_xml

__all__ = ["ProviderSays", "our_metadata", "read_metadata"]

_MD = "urn:oasis:names:tc:SAML:2.0:metadata"
_DS = "http://www.w3.org/2000/09/xmldsig#"
_PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"


class ProviderSays(NamedTuple):
    """A provider: its name, the address of its login, and the certificates that it signs with, in PEM."""

    issuer: str
    url: str
    certificates: tuple[str, ...]


def read_metadata(data: bytes, issuer: str = "") -> ProviderSays:
    """What a provider says of itself; ``issuer``: which one, where there are several. Raises ValueError."""
    try:
        root = parse_xml(data)
    except XMLError as error:
        raise ValueError(f"the metadata of the provider cannot be read: {error}") from None
    described = (
        [root] if root.tag == f"{{{_MD}}}EntityDescriptor" else root.findall(f".//{{{_MD}}}EntityDescriptor")
    )
    found = [
        one
        for one in described
        if one.find(f"{{{_MD}}}IDPSSODescriptor") is not None and issuer in ("", one.get("entityID"))
    ]
    if len(found) != 1:
        names = ", ".join(str(one.get("entityID")) for one in found[:5]) or "none"
        raise ValueError(
            f"the metadata is to have one provider, or say which one by issuer=; there is {names}"
        )
    descriptor = found[0].find(f"{{{_MD}}}IDPSSODescriptor")
    services = [] if descriptor is None else descriptor.findall(f"{{{_MD}}}SingleSignOnService")
    url = next((one.get("Location") for one in services if one.get("Binding") == _REDIRECT), None)
    keys = [] if descriptor is None else descriptor.findall(f"{{{_MD}}}KeyDescriptor")
    certificates = tuple(
        _pem(certificate.text or "")
        for key in keys
        if key.get("use", "signing") == "signing"
        for certificate in key.iter(f"{{{_DS}}}X509Certificate")
    )
    if not url or not certificates:
        raise ValueError(
            "the metadata names no login that is asked by a redirect, or no certificate that answers are signed with"
        )
    return ProviderSays(found[0].get("entityID", ""), url, certificates)


def our_metadata(entity: str, back: str) -> bytes:
    """What we say of ourselves, for the provider."""
    root = Element(f"{{{_MD}}}EntityDescriptor", entityID=entity)
    wants = {
        "AuthnRequestsSigned": "false",
        "WantAssertionsSigned": "true",
        "protocolSupportEnumeration": _PROTOCOL,
    }
    descriptor = SubElement(root, f"{{{_MD}}}SPSSODescriptor", wants)
    SubElement(
        descriptor,
        f"{{{_MD}}}AssertionConsumerService",
        Binding=_POST,
        Location=back,
        index="0",
        isDefault="true",
    )
    data: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return data


def _pem(text: str) -> str:
    lines = textwrap.wrap("".join(text.split()), 64)
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])
