"""Signing in with SAML: there and back, and every answer that is somebody else's, changed, wrapped, old, or for others."""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from people import KEY, Browsers

sys.path.insert(0, str(Path(__file__).parent))

from samlidp import ISSUER, LOGIN, Pair, SamlIdp, at
from signxml.algorithms import CanonicalizationMethod, SignatureMethod

from segue import App, Request
from segue.auth import LoginRequired
from segue.auth.external.person import Person
from segue.auth.external.plugin import SignInWith
from segue.auth.external.saml.provider import SAML
from segue.core.identity import identity_of
from segue.security import EncryptedCookie, MemorySessions, Sessions
from segue.testing import Client, expected_log

ORIGIN = "https://films.example"
BACK = f"{ORIGIN}/login/with/corp/callback"
ENTITY = f"{ORIGIN}/login/with/corp/metadata"


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair()


@pytest.fixture
def idp(pair: Pair) -> SamlIdp:
    one = SamlIdp()
    one.pair, one.back, one.entity = pair, BACK, ENTITY
    return one


def corp(idp: SamlIdp, **options: Any) -> SAML:
    return SAML.of(idp.metadata(), name="corp", title="Corp", **options)


def site(idp: SamlIdp, *, store: Any = None, **options: Any) -> App:
    def done(person: Person, request: Request) -> str:
        return f"{person.subject} {person.email} {sorted(person.groups)}"

    elsewhere = SignInWith(corp(idp, **options), done=done, origin=ORIGIN)
    return App(plugins=[elsewhere, Sessions(store or MemorySessions(), key=KEY)])


def begun(client: Client) -> str:
    """The question that a visitor has asked."""
    return SamlIdp().asked(client.get("/login/with/corp", follow_redirects=False).headers["location"])["ID"]


def brought(client: Client, answer: str | bytes, **fields: str) -> Any:
    """What the page of the provider makes a browser send, and where that leads: no cookie of ours is with it."""
    data = answer.encode() if isinstance(answer, str) else answer
    fields = {"SAMLResponse": base64.b64encode(data).decode(), **fields}
    other_site = {"sec-fetch-site": "cross-site", "origin": "https://idp.example"}
    with Browsers(client)("a page of the provider"):
        return client.post(
            "/login/with/corp/callback", data=fields, headers=other_site, follow_redirects=False
        )


def arrived(client: Client, answer: str | bytes) -> Any:
    sent = brought(client, answer)
    return client.get(sent.headers["location"]) if sent.status == 303 else sent


def open_client(app: App) -> Client:
    return Client(app)


def test_what_is_asked(idp: SamlIdp) -> None:
    with open_client(site(idp, force=True)) as client:
        url = client.get("/login/with/corp", follow_redirects=False).headers["location"]
        asked = idp.asked(url)
        assert (asked["issuer"], asked["AssertionConsumerServiceURL"], asked["Destination"]) == (
            ENTITY,
            BACK,
            LOGIN,
        )
        assert (asked["ForceAuthn"], asked["Version"], len(asked["ID"]) >= 33) == ("true", "2.0", True)
        assert begun(client) != asked["ID"]
        told = client.get("/login/with/corp/metadata")
        assert told.headers["content-type"] == "application/samlmetadata+xml"
        assert f'entityID="{ENTITY}"' in told.text
        assert f'Location="{BACK}"' in told.text


@pytest.mark.parametrize("signs", ["assertion", "response", "both"])
def test_there_and_back(idp: SamlIdp, signs: str) -> None:
    with open_client(site(idp, groups={"film": "editors"})) as client:
        question = begun(client)
        inside = idp.assertion(question)
        if signs != "response":
            inside = idp.signed(inside)
        whole = idp.response(inside, question)
        done = arrived(client, idp.signed(whole) if signs != "assertion" else whole)
        assert (done.status, done.text) == (200, "ada-7 ada@example.com ['film']")


@pytest.mark.requires("xmlsec1")
@pytest.mark.parametrize("signs", ["assertion", "response"])
def test_an_answer_that_another_program_has_signed(idp: SamlIdp, signs: str, tmp_path: Path) -> None:
    with open_client(site(idp)) as client:
        question = begun(client)
        inside = idp.assertion(question)
        if signs == "assertion":
            inside = idp.signed_by_xmlsec(inside, tmp_path)
        whole = idp.response(inside, question)
        done = arrived(client, idp.signed_by_xmlsec(whole, tmp_path) if signs == "response" else whole)
        assert done.text.startswith("ada-7 ")


WRONG: dict[str, dict[str, Any]] = {
    "another issuer": {"issuer": "https://evil.example"},
    "another audience": {"audience": "https://other.example"},
    "no audience": {"audience": None},
    "another recipient": {"recipient": "https://other.example/acs"},
    "no recipient": {"recipient": None},
    "another question": {"question": "_other"},
    "no question": {"question": None},
    "not confirmed until": {"confirmed": None},
    "confirmed until before": {"confirmed": at(-90)},
    "over": {"after": at(-90)},
    "to come": {"before": at(86_400)},  # reckoned when tests are collected
    "no time": {"after": "tomorrow"},
    "no zone": {"after": "2999-01-01T00:00:00"},
    "held by a key": {"method": "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"},
    "another name each time": {"format": "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"},
    "nobody": {"name": " "},
    "nobody has signed in": {"statement": ""},
    "a session that is over": {
        "statement": f'<saml:AuthnStatement AuthnInstant="{at(0)}" SessionNotOnOrAfter="{at(-90)}"/>'
    },
}


def _answering(idp: SamlIdp, question: str, changes: dict[str, Any]) -> str:
    idp.values = changes
    return idp.good(question)


@pytest.mark.parametrize("what", WRONG)
def test_an_assertion_that_is_not_for_here_and_now(idp: SamlIdp, what: str) -> None:
    with open_client(site(idp)) as client:
        answer = _answering(idp, begun(client), WRONG[what])
        with expected_log("segue.auth", "nobody was signed in"):
            assert arrived(client, answer).status == 400


def test_clocks_that_differ_a_little(idp: SamlIdp) -> None:
    for changes in ({"before": at(50)}, {"after": at(-50), "confirmed": at(-50)}):
        with open_client(site(idp)) as client:
            assert arrived(client, idp.good(begun(client), **changes)).status == 200
        with open_client(site(idp, skew=0.0)) as client, expected_log("segue.auth", "nobody was signed in"):
            assert arrived(client, idp.good(begun(client), **changes)).status == 400


def test_an_answer_is_good_once_and_for_who_has_asked(idp: SamlIdp) -> None:
    for store in (MemorySessions(), EncryptedCookie()):
        with open_client(site(idp, store=store)) as client:
            browsers = Browsers(client)
            question = begun(client)
            answer = idp.good(question)
            with browsers("somebody else's"):
                begun(client)
                with expected_log("segue.auth", "belongs to nothing"):
                    assert arrived(client, answer).status == 400
            assert arrived(client, answer).status == 200
            with expected_log("segue.auth", "belongs to nothing"):
                assert arrived(client, answer).status == 400


def test_an_answer_that_nobody_has_asked_for(idp: SamlIdp) -> None:
    with open_client(site(idp)) as client:
        for question in (None, "", "_made-up"):
            idp.values = {"question": question}
            with expected_log("segue.auth", "nobody was signed in"):
                assert arrived(client, idp.good("_x")).status == 400


def _wrapped_beside(idp: SamlIdp, signed: str, evil: str, question: str) -> str:
    return idp.response(evil + signed, question)


def _wrapped_after(idp: SamlIdp, signed: str, evil: str, question: str) -> str:
    return idp.response(signed + evil, question)


def _wrapped_in_extensions(idp: SamlIdp, signed: str, evil: str, question: str) -> str:
    return idp.response(f"<samlp:Extensions>{signed}</samlp:Extensions>{evil}", question)


def _wrapped_in_advice(idp: SamlIdp, signed: str, evil: str, question: str) -> str:
    return idp.response(
        evil.replace("</saml:Assertion>", f"<saml:Advice>{signed}</saml:Advice></saml:Assertion>"), question
    )


def _with_the_signature_moved(idp: SamlIdp, signed: str, evil: str, question: str) -> str:
    start, end = signed.index("<ds:Signature"), signed.index("</ds:Signature>") + len("</ds:Signature>")
    signature, bare = signed[start:end], signed[:start] + signed[end:]
    holding = signature.replace("</ds:Signature>", f"<ds:Object>{bare}</ds:Object></ds:Signature>")
    return idp.response(evil.replace("<saml:Subject>", f"{holding}<saml:Subject>", 1), question)


def _with_the_same_id(idp: SamlIdp, signed: str, evil: str, question: str) -> str:
    return _with_the_signature_moved(idp, signed, evil.replace('ID="_evil"', 'ID="_a1"'), question)


def _without_a_signature(idp: SamlIdp, signed: str, evil: str, question: str) -> str:
    return idp.response(evil, question)


def _changed(idp: SamlIdp, signed: str, evil: str, question: str) -> str:
    return idp.response(signed.replace("ada-7", "eve"), question)


WRAPPINGS = [_wrapped_beside, _wrapped_after, _wrapped_in_extensions, _wrapped_in_advice, _with_the_signature_moved, _with_the_same_id, _without_a_signature, _changed]  # fmt: skip


@pytest.mark.parametrize("wrap", WRAPPINGS, ids=lambda one: one.__name__.strip("_"))
def test_a_signature_that_stands_somewhere_else(idp: SamlIdp, wrap: Callable[..., str]) -> None:
    """XML signature wrapping (Somorovsky and others, 2012): what is signed is one thing, and what is read must not be another."""
    with open_client(site(idp)) as client:
        question = begun(client)
        signed = idp.signed(idp.assertion(question))
        evil = idp.assertion(question, id="_evil", name="eve", email="eve@example.com")
        with expected_log("segue.auth", "nobody was signed in"):
            done = arrived(client, wrap(idp, signed, evil, question))
        assert (done.status, "eve" in done.text) == (400, False)


def test_signatures_of_others(idp: SamlIdp) -> None:
    with open_client(site(idp)) as client:
        question = begun(client)
        plain = idp.assertion(question)
        other = idp.response(idp.signed(plain, Pair()), question)
        bare = idp.response(
            idp.signed(plain, c14n=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0), question
        )
        hmac = bare.replace(SignatureMethod.RSA_SHA256.value, SignatureMethod.HMAC_SHA256.value)
        old = bare.replace(SignatureMethod.RSA_SHA256.value, "http://www.w3.org/2000/09/xmldsig#rsa-sha1")
        for answer in (other, hmac, old):
            with expected_log("segue.auth", "nobody whom we know"):
                assert arrived(client, answer).status == 400


@pytest.mark.parametrize(
    "c14n",
    [
        CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
        CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0_WITH_COMMENTS,
    ],
)
def test_a_comment_in_a_name_ends_no_name(idp: SamlIdp, c14n: CanonicalizationMethod) -> None:
    """CVE-2017-11427 and its family: `admin@example.com<!-- -->.evil.example` was read as the administrator."""
    with open_client(site(idp)) as client:
        question = begun(client)
        plain = idp.assertion(
            question, name="admin<!-- x -->.evil", email="admin@example.com<!-- -->.evil.example"
        )
        done = arrived(client, idp.response(idp.signed(plain, c14n=c14n), question))
        assert done.text == "admin.evil admin@example.com.evil.example []"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"no XML",
        b"<a/>",
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">&x;</samlp:Response>',
        b'<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"/>',
        b'<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"><saml:EncryptedAssertion/></samlp:Response>',
        b"<a>" * 100_000,
    ],
)
def test_what_is_no_answer(idp: SamlIdp, answer: bytes) -> None:
    with open_client(site(idp)) as client:
        begun(client)
        with expected_log("segue.auth", "nobody was signed in"):
            assert brought(client, answer).status == 400
        with expected_log("segue.auth", "nobody was signed in"):
            assert client.get("/login/with/corp/callback?answer=abc").status == 400


def test_an_answer_that_says_no_or_is_for_another_address(idp: SamlIdp) -> None:
    with open_client(site(idp)) as client:
        question = begun(client)
        for changes in (
            {"status": "urn:oasis:names:tc:SAML:2.0:status:Responder"},
            {"destination": "https://other.example/acs"},
            {"issuer": "https://evil.example"},
        ):
            with expected_log("segue.auth", "nobody was signed in"):
                assert (
                    arrived(
                        client, idp.signed(idp.response(idp.assertion(question), question, **changes))
                    ).status
                    == 400
                )


def test_an_account_and_its_groups_in_an_app_that_is_closed(
    make_app: Callable[..., App], idp: SamlIdp
) -> None:
    elsewhere = SignInWith(corp(idp, registers=True, groups={"film": "editors", "old": "readers"}))
    app = make_app(elsewhere, LoginRequired(), models=elsewhere.models, registration="closed")

    @app.get("/who")
    async def who(request: Request) -> list[str]:
        identity: Any = await identity_of(request)
        return [identity.user.email, *sorted(one for one in identity.principals if "group" in one)]

    with open_client(app) as client:
        for group in ("film", "old", "none"):
            idp.values = {"group": group}
            question = begun(client)
            assert arrived(client, idp.good(question)).status in (303, 404)
            known = {"film": ["group:editors"], "old": ["group:readers"], "none": []}[group]
            assert client.get("/who").json() == ["ada@example.com", *known]


def test_a_mistake_in_the_declaration_is_told(idp: SamlIdp) -> None:
    with pytest.raises(ValueError, match="a list of the certificates"):
        SAML(name="corp", title="Corp", issuer=ISSUER, url=LOGIN, certificates=["abc"])
    with pytest.raises(ValueError, match="without encryption"):
        SAML(name="corp", title="Corp", issuer=ISSUER, url="http://idp.example/", certificates=[idp.pair.pem])
    with pytest.raises(ValueError, match="five minutes"):
        corp(idp, skew=3600.0)
    with pytest.raises(ValueError, match="one provider"):
        SAML.of(b"<a/>", name="corp", title="Corp")
    with pytest.raises(ValueError, match="cannot be read"):
        SAML.of(b"<!DOCTYPE a><a/>", name="corp", title="Corp")
    closed = App(
        plugins=[SignInWith(corp(idp), done=lambda person, request: "x"), Sessions(MemorySessions(), key=KEY)]
    )
    with pytest.raises(Exception, match="for one address only"):
        closed.freeze()
