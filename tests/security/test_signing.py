"""Signed and encrypted values, links and cookies: what comes back changed, late or elsewhere is worth nothing."""

import pytest
from msgspec import Struct

from segue import App, Request, Response
from segue.core.settings.secret import Secret
from segue.security import (
    Cipher,
    InvalidSignature,
    Keys,
    SignatureExpired,
    SignedCookies,
    SignedLinks,
    Signer,
    new_key,
)
from segue.testing import Client, LiveServer


class Invitation(Struct):
    email: str
    role: str = "reader"


# --- keys ------------------------------------------------------------------------------------------------------------


def test_a_weak_key_is_refused_and_none_is_ever_shown(key: str) -> None:
    for weak in ("", "secret", "a" * 80, key[:49]):
        with pytest.raises(ValueError, match="too weak") as error:
            Keys(weak)
        assert not weak or weak not in str(error.value)
    with pytest.raises(ValueError, match="needs a key"):
        Keys()
    keys = Keys(Secret(key), new_key())
    assert key not in repr(keys)
    assert (len(keys), len(new_key())) == (2, 64)
    assert new_key() != new_key()


# --- signing ---------------------------------------------------------------------------------------------------------


def test_a_value_comes_back_as_it_was(key: str) -> None:
    signer = Signer(key, "test")
    for value in ("", "Nuages", "a.b.c", "Django Reinhardt; ö\0"):
        token = signer.sign(value)
        assert signer.unsign(token) == value
        assert not set(token) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
    packed = signer.pack(Invitation("a@example.com"))
    assert signer.unpack(packed, Invitation) == Invitation("a@example.com")
    with pytest.raises(InvalidSignature, match="not what is expected"):
        signer.unpack(packed, list[int])


@pytest.mark.row("SEC-74")
def test_a_signed_value_is_good_for_nothing_else(key: str, other_key: str) -> None:
    signer = Signer(key, "reset")
    token = signer.sign("django", name="user", now=1_000)
    assert signer.unsign(token, name="user") == "django"
    value, stamp, mac = token.split(".")
    other = Signer(key, "reset").sign("stephane", name="user", now=1_000).split(".")
    later = signer.sign("django", name="user", now=2_000).split(".")
    for changed in (
        f"{other[0]}.{stamp}.{mac}",
        f"{value}.{later[1]}.{mac}",
        f"{value}.{stamp}.{other[2]}",
        f"{value}.{stamp}.{mac[:-2]}",
        f"{value}.{stamp}",
        token[:-1],
        token + "A",
        token + "=",
        f" {token}",
        f"{token}\n",
        f"{value}=.{stamp}.{mac}",
        "..",
        "",
        "ö",
        "." * 2_000_000,
    ):
        with pytest.raises(InvalidSignature):
            signer.unsign(changed, name="user")
    # Another name, another purpose, another key; and names and purposes that only run into each other alike.
    with pytest.raises(InvalidSignature):
        signer.unsign(token, name="admin")
    with pytest.raises(InvalidSignature):
        Signer(key, "login").unsign(token, name="user")
    with pytest.raises(InvalidSignature):
        Signer(other_key, "reset").unsign(token, name="user")
    with pytest.raises(InvalidSignature):
        Signer(key, "resetu").unsign(token, name="ser")
    with pytest.raises(InvalidSignature):
        Signer(key, "rese").unsign(token, name="tuser")
    # Too old, judged by one clock.
    assert signer.unsign(token, name="user", max_age=10, now=1_010) == "django"
    with pytest.raises(SignatureExpired, match="11 seconds"):
        signer.unsign(token, name="user", max_age=10, now=1_011)


def test_every_character_of_a_token_counts(key: str) -> None:
    signer = Signer(key, "test")
    token = signer.sign("value", now=1_700_000_000)
    for at, char in enumerate(token):
        other = "A" if char != "A" else "B"
        with pytest.raises(InvalidSignature):
            signer.unsign(token[:at] + other + token[at + 1 :])


def test_keys_are_changed_without_a_break(key: str, other_key: str) -> None:
    old = Signer(key, "test").sign("value")
    both = Signer([other_key, key], "test")
    assert both.unsign(old) == "value"
    assert Signer(other_key, "test").unsign(both.sign("new")) == "new"
    with pytest.raises(InvalidSignature):
        Signer(other_key, "test").unsign(old)


# --- encryption ------------------------------------------------------------------------------------------------------


@pytest.mark.requires("cryptography")
def test_an_encrypted_value_can_be_neither_read_nor_changed(key: str, other_key: str) -> None:
    from base64 import urlsafe_b64decode

    cipher = Cipher(key, "note")
    token = cipher.encrypt("the secret", name="a", now=1_000)
    assert cipher.decrypt(token, name="a") == b"the secret"
    assert cipher.encrypt("the secret", name="a", now=1_000) != token
    assert b"secret" not in urlsafe_b64decode(token + "==")
    for at in range(0, len(token), 7):
        changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        with pytest.raises(InvalidSignature):
            cipher.decrypt(changed, name="a")
    for wrong in ("", "AAAA", token[:40], token + "A", "ö"):
        with pytest.raises(InvalidSignature):
            cipher.decrypt(wrong, name="a")
    with pytest.raises(InvalidSignature):
        cipher.decrypt(token, name="b")
    with pytest.raises(InvalidSignature):
        Cipher(key, "other").decrypt(token, name="a")
    with pytest.raises(SignatureExpired):
        cipher.decrypt(token, name="a", max_age=10, now=1_011)
    rotated = Cipher([other_key, key], "note")
    assert rotated.decrypt(token, name="a") == b"the secret"
    with pytest.raises(InvalidSignature):
        cipher.decrypt(rotated.encrypt("new"))


# --- links -----------------------------------------------------------------------------------------------------------


@pytest.mark.row("P4-09")
def test_a_signed_link_leads_there_until_it_expires_and_nowhere_else(key: str, other_key: str, ask) -> None:
    links = SignedLinks(key)
    app = App()

    @app.get("/files/{name}", requires=[links.verified])
    async def file(name: str, size: int = 0) -> str:
        return f"{name} {size}"

    with LiveServer(app) as server:
        good = links.sign("/files/a.txt?size=3", expires=3_600)
        assert ask(server, "GET", good).text == "a.txt 3"
        assert ask(server, "GET", links.sign("/files/a.txt")).text == "a.txt 0"
        for bad in (
            "/files/a.txt?size=3",
            good.replace("a.txt", "b.txt"),
            good.replace("size=3", "size=4"),
            good.replace("size=3", "size=3&size=4"),
            good + "&size=4",
            good.replace("?size=3&", "?"),
            good[:-1],
            good.replace("_signature=", "_signature=1"),
            good + "&" + good.partition("&")[2],
            links.sign("/files/a.txt?size=3", expires=-1),
            SignedLinks(key, "other").sign("/files/a.txt?size=3"),
            SignedLinks(other_key).sign("/files/a.txt?size=3"),
        ):
            assert ask(server, "GET", bad).status == 403, bad
    old = links.sign("/files/a.txt")
    assert SignedLinks([other_key, key]).is_genuine(old)
    assert links.is_genuine(links.sign("https://example.com/x?a=1#part").partition("#")[0])
    assert links.sign("/x#part").endswith("#part")
    with pytest.raises(ValueError, match="already"):
        links.sign(good)


# --- cookies ---------------------------------------------------------------------------------------------------------


@pytest.mark.row("BO8", "TO7")
def test_a_signed_cookie_that_was_changed_or_is_old_is_as_if_it_were_not_there(
    key: str, other_key: str, time_machine_travel
) -> None:
    cookies = SignedCookies(key)
    app = App()

    @app.get("/set/{name}/{value}")
    async def write(name: str, value: str) -> Response:
        response = Response("set")
        cookies.write(response, name, value, secure=False)
        return response

    @app.get("/read/{name}")
    async def read(request: Request, name: str, days: int = 30) -> str:
        return cookies.read(request, name, default="none", max_age=days * 86_400)

    with Client(app) as client:
        assert client.get("/read/user").text == "none"
        client.get("/set/user/django")
        assert client.get("/read/user").text == "django"
        genuine = client.cookies["user"]
        for bad in (
            genuine[:-1],
            genuine + "x",
            "x",
            "",
            "a.b.c",
            f"A{genuine[1:]}",
            genuine.replace(".", "!"),
        ):
            client.cookies.set("user", bad)
            assert client.get("/read/user").text == "none", bad
        # It is worth nothing under another name.
        client.cookies.set("admin", genuine)
        assert client.get("/read/admin").text == "none"
        client.cookies.set("user", genuine)
        with time_machine_travel(31 * 86_400):
            assert client.get("/read/user").text == "none"
            assert client.get("/read/user?days=32").text == "django"
    # The key is changed: what was signed with the old one is read, what is written is signed with the new one.
    cookies = SignedCookies([other_key, key])
    with Client(app) as client:
        client.cookies.set("user", genuine)
        assert client.get("/read/user").text == "django"
        client.get("/set/user/stephane")
        renewed = client.cookies["user"]
    cookies = SignedCookies(key)
    with Client(app) as client:
        client.cookies.set("user", renewed)
        assert client.get("/read/user").text == "none"
