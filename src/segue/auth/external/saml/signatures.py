"""Who has signed what in an answer: only what a signature covers is ever read (XML Signature, by signxml)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from xml.etree.ElementTree import Element

from segue.auth.external.person import SignInFailed
from segue.http.xml import XMLError, parse_xml

__all__ = ["ASSERTION", "PROTOCOL", "signed_part"]

ASSERTION = "{urn:oasis:names:tc:SAML:2.0:assertion}"
PROTOCOL = "{urn:oasis:names:tc:SAML:2.0:protocol}"
_LONGEST = 500_000


def signed_part(data: bytes, certificates: Sequence[str]) -> Element:
    """The response, or the one assertion in it, as one of these certificates has signed it.

    It is read anew from the bytes that the signature covers: whatever else stands in the document, and however it is arranged there, is never looked at. Raises SignInFailed.
    """
    if len(data) > _LONGEST:
        raise SignInFailed("the answer is too long")
    try:
        parse_xml(data)  # before anything else reads it: no declarations, no entities, nothing deep
    except XMLError as error:
        raise SignInFailed(f"the answer is no XML that is taken: {error}") from None
    etree, verifier, refusals = _signxml()
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.LxmlError as error:
        raise SignInFailed(f"the answer is no XML that is taken: {error!s:.120}") from None
    if root.tag != f"{PROTOCOL}Response":
        raise SignInFailed(f"the answer is no response of SAML, but {root.tag!r:.80}")
    parts = [root, *root.findall(f"{ASSERTION}Assertion")]
    if len(parts) != 2:
        encrypted = root.find(f"{ASSERTION}EncryptedAssertion") is not None
        raise SignInFailed(
            "assertions that are encrypted are not read"
            if encrypted
            else f"the answer has {len(parts) - 1} assertions"
        )
    for part in parts:
        if part.find("{http://www.w3.org/2000/09/xmldsig#}Signature") is None:
            continue
        # Alone: what a reference names can only be in the part that stands there.
        alone = etree.tostring(part)
        for certificate in certificates:
            try:
                found = verifier(alone, certificate)
            except refusals:
                continue
            try:
                return _expected(parse_xml(found), part.tag, part.get("ID"))
            except XMLError as error:
                raise SignInFailed(f"what is signed is no XML that is taken: {error}") from None
        raise SignInFailed("nobody whom we know has signed the answer")
    raise SignInFailed("nobody has signed the answer")


def _expected(signed: Element, tag: str, id: str | None) -> Element:
    """What is signed, if that is the part in which the signature stands."""
    if signed.tag != tag or not id or signed.get("ID") != id:
        raise SignInFailed(f"something else is signed than what has the signature: {signed.tag!r:.80}")
    return signed


def _signxml() -> tuple[Any, Any, tuple[type[Exception], ...]]:
    """The parser of lxml, a function that verifies, and what it raises. Raises ImportError."""
    try:
        from cryptography.x509 import load_pem_x509_certificate
        from lxml import etree  # type: ignore[import-untyped] # it has no types
        from signxml.algorithms import SignatureMethod
        from signxml.exceptions import SignXMLException
        from signxml.verifier import SignatureConfiguration, XMLVerifier
    except ImportError:
        raise ImportError("answers of SAML are verified by signxml: pip install 'segue[saml]'") from None
    names = [f"{kind}_SHA{bits}" for kind in ("RSA", "ECDSA") for bits in (256, 384, 512)]
    names += [f"SHA{bits}_RSA_MGF1" for bits in (256, 384, 512)]
    config = SignatureConfiguration(
        location="./", signature_methods=frozenset(SignatureMethod[one] for one in names)
    )

    def verify(data: bytes, certificate: str) -> bytes:
        # A certificate of metadata is a key in a frame: whether its time is over says nothing (SAML Metadata Interoperability Profile, section 2.6.1).
        then = load_pem_x509_certificate(certificate.encode()).not_valid_before_utc
        asked = replace(config, verification_time=then)
        found = XMLVerifier().verify(data, x509_cert=certificate, expect_config=asked, id_attribute="ID")
        signed: bytes = (found[0] if isinstance(found, list) else found).signed_data
        return signed

    # Malformed input makes it and lxml raise what they like.
    return etree, verify, (SignXMLException, ValueError, TypeError, KeyError, etree.LxmlError)
