"""To a provider of SAML by a redirect, and back by a form that its page sends."""

import binascii
import secrets
import time
import zlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from xml.etree.ElementTree import Element, SubElement, tostring

import msgspec

from segue.auth.external.person import Person, SignInFailed
from segue.auth.external.saml.answers import Expected, Said, read_answer
from segue.auth.external.saml.metadata import our_metadata
from segue.auth.external.saml.provider import SAML
from segue.auth.external.started import Started, remember_start, take_start
from segue.http.request import Request
from segue.security import Cipher, InvalidSignature, Session
from segue.security.keys import Keys

__all__ = ["FormFlow"]

_P = "{urn:oasis:names:tc:SAML:2.0:protocol}"
_A = "{urn:oasis:names:tc:SAML:2.0:assertion}"
_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
_STEP = 60.0  # seconds between the form and the page after it
_LONGEST = 700_000


class _Answer(msgspec.Struct):
    """What goes from the form to the page after it."""

    question: str
    back: str
    subject: str
    email: str
    name: str
    groups: list[str]


class FormFlow:
    """The form comes from another site, and browsers send no cookie of ours with it. So it is looked at without knowing whose it is,
    and sent on, sealed, to a page of our own, where the session says whether this visitor has asked for it.
    """

    def __init__(self, source: SAML, keys: Keys) -> None:
        self._source = source
        self._cipher = Cipher(keys, f"saml {source.name}")

    @property
    def source(self) -> SAML:
        return self._source

    async def begin(self, session: Session[Any], *, back: str, target: str, link: bool = False) -> str:
        """The login of the provider, with a question of its own."""
        source = self._source
        question = f"_{secrets.token_hex(20)}"
        remember_start(session, question, Started(source.name, "", "", back, target, time.time(), link))
        asked = {
            "ID": question,
            "Version": "2.0",
            "IssueInstant": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "Destination": source.url,
            "AssertionConsumerServiceURL": back,
            "ProtocolBinding": _POST,
        }
        if source.force:
            asked["ForceAuthn"] = "true"
        root = Element(f"{_P}AuthnRequest", asked)
        SubElement(root, f"{_A}Issuer").text = self._entity(back)
        SubElement(root, f"{_P}NameIDPolicy", AllowCreate="true")
        packed = zlib.compress(tostring(root), 9)[2:-4]  # as RFC 1951 has it
        joint = "&" if "?" in source.url else "?"
        return f"{source.url}{joint}{urlencode({'SAMLRequest': b64encode(packed).decode()})}"

    async def receive(self, request: Request, *, back: str) -> str:
        """Looks at what a form has brought; gives what the page after it is to be handed. Raises SignInFailed."""
        form = await request.form()
        sent = form.get_all("SAMLResponse")
        if len(sent) != 1 or not isinstance(sent[0], str) or len(sent[0]) > _LONGEST:
            raise SignInFailed(f"the form of {self._source.name} has no answer in it")
        try:
            data = b64decode("".join(sent[0].split()), validate=True)
        except (binascii.Error, ValueError):
            raise SignInFailed(f"the form of {self._source.name} has no answer in it") from None
        source = self._source
        said = read_answer(
            data, Expected(source.issuer, source.certificates, back, self._entity(back), source.skew)
        )
        return self._cipher.encrypt(msgspec.json.encode(self._answer(said, back)))

    async def finish(self, request: Request, session: Session[Any]) -> tuple[Person, Started]:
        """Whom the provider names, if this visitor has asked."""
        try:
            sealed = self._cipher.decrypt(request.query.get("answer", ""), max_age=_STEP)
            answer = msgspec.json.decode(sealed, type=_Answer)
        except (InvalidSignature, msgspec.DecodeError):
            raise SignInFailed(f"what came back is no answer of {self._source.name}") from None
        started = take_start(session, answer.question, self._source.name)
        if answer.back != started.back:
            raise SignInFailed(
                f"the answer of {self._source.name} was sent to another address than the one that was asked for"
            )
        claims = {
            "sub": answer.subject,
            "email": answer.email,
            "email_verified": bool(answer.email),
            "name": answer.name,
            "groups": answer.groups,
        }
        return Person.of(self._source.name, claims), started

    def metadata(self, back: str) -> bytes:
        """What the provider has to know of us."""
        return our_metadata(self._entity(back), back)

    def _entity(self, back: str) -> str:
        return self._source.entity or f"{back.removesuffix('/callback')}/metadata"

    def _answer(self, said: Said, back: str) -> _Answer:
        source, subject = self._source, said.subject
        if source.subject:
            subject = _first(said, [source.subject])
        if not subject:
            raise SignInFailed(
                f"{source.name} names nobody who will be the same the next time: have it send a persistent name, or say "
                f"in which attribute one is: SAML(subject=...)"
            )
        groups = next((said.attributes[one] for one in source.member_of if one in said.attributes), [])
        # Others may be many, and the answer goes on in an address.
        known = [one for one in groups if one in source.groups]
        return _Answer(
            said.question, back, subject, _first(said, source.email), _first(said, source.full_name), known
        )


def _first(said: Said, names: Sequence[str]) -> str:
    values = next((said.attributes[one] for one in names if said.attributes.get(one)), [""])
    return values[0]
