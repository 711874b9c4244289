"""A provider of SAML for tests: it writes what it is told to, and signs it with signxml or with the program xmlsec1."""

from __future__ import annotations

import base64
import datetime
import subprocess
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree.ElementTree import fromstring

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

ISSUER = "https://idp.example/saml"
LOGIN = "https://idp.example/login"
SIGNATURE = """<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>
<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>
<ds:Reference URI="#{id}"><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>
<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms>
<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/></ds:Reference></ds:SignedInfo>
<ds:SignatureValue/></ds:Signature>"""


def at(seconds: float) -> str:
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Pair:
    """A key and its certificate, which is over by default: providers often have such ones."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "idp.example")])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=20))
            .not_valid_after(now - datetime.timedelta(days=10))
            .sign(self.key, hashes.SHA256())
        )
        self.pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
        self.private = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


class SamlIdp:
    """``values``: what stands in the next answer."""

    def __init__(self) -> None:
        self.pair = Pair()
        self.back = self.entity = ""
        self.values: dict[str, Any] = {}

    def metadata(self) -> bytes:
        inside = "".join(self.pair.pem.splitlines()[1:-1])
        return f"""<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ISSUER}">
<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing">
<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>
{inside}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.example/other"/>
<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{LOGIN}"/>
</md:IDPSSODescriptor></md:EntityDescriptor>""".encode()

    def asked(self, url: str) -> dict[str, str]:
        """What a request asks."""
        assert url.startswith(LOGIN)
        packed = base64.b64decode(parse_qs(urlsplit(url).query)["SAMLRequest"][0])
        root = fromstring(zlib.decompress(packed, -15))
        issuer = root.findtext("{urn:oasis:names:tc:SAML:2.0:assertion}Issuer") or ""
        return {**root.attrib, "issuer": issuer}

    def assertion(self, question: str, **changes: Any) -> str:
        v = {
            "id": "_a1", "issuer": ISSUER, "name": "ada-7", "format": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent", "question": question, "recipient": self.back,
            "audience": self.entity, "before": at(-5), "after": at(60), "confirmed": at(60), "method": "urn:oasis:names:tc:SAML:2.0:cm:bearer", "email": "ada@example.com",
            "more": "", "statement": f'<saml:AuthnStatement AuthnInstant="{at(0)}"><saml:AuthnContext/></saml:AuthnStatement>', "group": "film",
        }  # fmt: skip
        v.update(self.values)
        v.update(changes)
        audience = (
            ""
            if v["audience"] is None
            else f"<saml:AudienceRestriction><saml:Audience>{v['audience']}</saml:Audience></saml:AudienceRestriction>"
        )
        data = f"{self._attribute('InResponseTo', v['question'])}{self._attribute('Recipient', v['recipient'])}{self._attribute('NotOnOrAfter', v['confirmed'])}"
        return (
            f'<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{v["id"]}" Version="2.0" IssueInstant="{at(0)}">'
            f'<saml:Issuer>{v["issuer"]}</saml:Issuer><saml:Subject><saml:NameID Format="{v["format"]}">{v["name"]}</saml:NameID>'
            f'<saml:SubjectConfirmation Method="{v["method"]}"><saml:SubjectConfirmationData{data}/></saml:SubjectConfirmation></saml:Subject>'
            f"<saml:Conditions{self._attribute('NotBefore', v['before'])}{self._attribute('NotOnOrAfter', v['after'])}>{audience}</saml:Conditions>{v['statement']}"
            f'<saml:AttributeStatement><saml:Attribute Name="mail"><saml:AttributeValue>{v["email"]}</saml:AttributeValue></saml:Attribute>'
            f'<saml:Attribute Name="memberOf"><saml:AttributeValue>{v["group"]}</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>{v["more"]}</saml:Assertion>'
        )

    def response(self, inside: str, question: str = "", **changes: Any) -> str:
        v = {
            "destination": self.back,
            "status": "urn:oasis:names:tc:SAML:2.0:status:Success",
            "issuer": ISSUER,
            **changes,
        }
        return (
            f'<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r1" Version="2.0" '
            f'IssueInstant="{at(0)}" Destination="{v["destination"]}" InResponseTo="{question}"><saml:Issuer>{v["issuer"]}</saml:Issuer>'
            f'<samlp:Status><samlp:StatusCode Value="{v["status"]}"/></samlp:Status>{inside}</samlp:Response>'
        )

    def signed(self, text: str, pair: Pair | None = None, **options: Any) -> str:
        pair = pair or self.pair
        root = etree.fromstring(text)
        method = options.get("method", SignatureMethod.RSA_SHA256)
        signer = XMLSigner(
            signature_algorithm=method, digest_algorithm=DigestAlgorithm.SHA256, c14n_algorithm=options.get("c14n", CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0)
        )  # fmt: skip
        done = signer.sign(
            root, key=pair.private, cert=pair.pem, reference_uri=root.get("ID"), id_attribute="ID"
        )
        return etree.tostring(done).decode()

    def signed_by_xmlsec(self, text: str, folder: Path) -> str:
        """By another program altogether."""
        root = etree.fromstring(text)
        issuer = root.find("{urn:oasis:names:tc:SAML:2.0:assertion}Issuer")
        issuer.addnext(etree.fromstring(SIGNATURE.format(id=root.get("ID"))))
        (folder / "in.xml").write_bytes(etree.tostring(root))
        (folder / "key.pem").write_bytes(self.pair.private)
        kind = (
            "urn:oasis:names:tc:SAML:2.0:assertion:Assertion"
            if root.tag.endswith("Assertion")
            else "urn:oasis:names:tc:SAML:2.0:protocol:Response"
        )
        command = [
            "xmlsec1",
            "--sign",
            "--privkey-pem",
            str(folder / "key.pem"),
            "--id-attr:ID",
            kind,
            "--output",
            str(folder / "out.xml"),
            str(folder / "in.xml"),
        ]
        subprocess.run(command, check=True, capture_output=True)
        return etree.tostring(etree.parse(str(folder / "out.xml")).getroot()).decode()

    def good(self, question: str, **changes: Any) -> str:
        """An answer as it should be: the assertion is signed."""
        return self.response(self.signed(self.assertion(question, **changes)), question)

    @staticmethod
    def _attribute(name: str, value: str | None) -> str:
        return "" if value is None else f' {name}="{value}"'
