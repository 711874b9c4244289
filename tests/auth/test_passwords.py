"""How passwords are kept, which older hashes are read, and which passwords are too weak."""

from __future__ import annotations

import hashlib
import threading
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import bcrypt
import pytest
from argon2 import PasswordHasher
from people import PASSWORD, cheap, sign_in, with_helpers

from segue import App
from segue.auth import AccountProblem, Accounts, Passwords, Strength
from segue.testing import Client

pytestmark = pytest.mark.anyio
SALT = "seasalt"


def derived(
    rounds: int, digest: str = "sha256", size: int | None = None, salt: bytes = SALT.encode()
) -> bytes:
    return hashlib.pbkdf2_hmac(digest, PASSWORD.encode(), salt, rounds, size)


def scrypted() -> bytes:
    return hashlib.scrypt(PASSWORD.encode(), salt=SALT.encode(), n=1024, r=8, p=1, dklen=64)


def b64(data: bytes) -> str:
    return b64encode(data).decode()


def passlib64(data: bytes) -> str:
    return b64(data).rstrip("=").replace("+", ".")


OLD = {
    "django": f"pbkdf2_sha256$1000${SALT}${b64(derived(1000))}",
    "django sha1": f"pbkdf2_sha1$1000${SALT}${b64(derived(1000, 'sha1'))}",
    "django scrypt": f"scrypt$1024${SALT}$8$1${b64(scrypted())}",
    "django argon2": "argon2" + PasswordHasher(1, 64, 1).hash(PASSWORD),
    "django bcrypt": "bcrypt$" + bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode(),
    "django bcrypt_sha256": "bcrypt_sha256$"
    + bcrypt.hashpw(hashlib.sha256(PASSWORD.encode()).hexdigest().encode(), bcrypt.gensalt(4)).decode(),
    "werkzeug": f"pbkdf2:sha256:1000${SALT}${derived(1000).hex()}",
    "werkzeug scrypt": f"scrypt:1024:8:1${SALT}${scrypted().hex()}",
    "passlib": f"$pbkdf2-sha256$1000${passlib64(SALT.encode())}${passlib64(derived(1000))}",
    "web2py": f"pbkdf2(1000,20,sha512)${SALT}${derived(1000, 'sha512', 20).hex()}",
    "bcrypt": bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode(),
    "cheap argon2": PasswordHasher(1, 64, 1).hash(PASSWORD),
}


@pytest.mark.parametrize("kind", OLD)
def test_an_older_hash_is_read_once_and_replaced_at_the_login(
    make_app: Callable[..., App], kind: str
) -> None:
    app = make_app(passwords=Passwords(memory=128, rounds=1, lanes=1))

    @app.post("/set-up", skip=["csrf"])
    async def set_up(accounts: Accounts) -> None:
        user = await accounts.create(email="ann@example.org")
        await accounts.write(user, password=OLD[kind])

    @app.get("/hash")
    async def kept(accounts: Accounts) -> dict[str, str]:
        user = await accounts.find("ann@example.org")
        return {"hash": user.password}

    with Client(app) as client:
        client.post("/set-up")
        assert sign_in(client, password=PASSWORD + "x").status == 422
        assert client.get("/hash").json()["hash"] == OLD[kind]
        assert sign_in(client).status == 303
        new = client.get("/hash").json()["hash"]
        assert new.startswith("$argon2id$v=19$m=128,t=1,p=1$")
        client.cookies.clear()
        assert sign_in(client).status == 303
        assert client.get("/hash").json()["hash"] == new


@pytest.mark.parametrize(
    "hash",
    ["", "x", "$argon2id$", "pbkdf2_sha256$x$y$z", "pbkdf2_sha256$1", "pbkdf2_nothing$1$a$b", "scrypt$0$a$8$1$b", "$2b$", "bcrypt$",
     "pbkdf2:sha256$a$b", "scrypt:x:8:1$a$b", "$pbkdf2-sha256$1$é$x", "pbkdf2(999999999999,20,sha512)$a$b", "!", "argon2$", "$2b$12$\x00"],
)  # fmt: skip
async def test_a_hash_that_is_none_fits_nothing(hash: str) -> None:
    for password in ("", PASSWORD):
        assert not (await cheap().verify(password, hash)).fits


async def test_one_password_however_a_keyboard_writes_it() -> None:
    passwords = cheap()
    composed, apart = "caf\u00e9 au lait, s'il vous", "cafe\u0301 au lait, s'il vous"
    kept = await passwords.hash(composed)
    assert (await passwords.verify(apart, kept)).fits
    assert kept != await passwords.hash(composed)
    assert not (await passwords.verify("x" * 5_000, kept)).fits
    with pytest.raises(ValueError, match="at most"):
        await passwords.hash("x" * 5_000)


async def test_no_more_hashes_at_once_than_there_is_memory_for() -> None:
    import asyncio

    class Counted(Passwords):
        now = most = 0
        lock = threading.Lock()

        def _verified(self, password: str, hash: str | None) -> Any:
            with self.lock:
                self.now += 1
                self.most = max(self.most, self.now)
            try:
                return super()._verified(password, hash)
            finally:
                with self.lock:
                    self.now -= 1

    passwords = Counted(memory=1024, rounds=1, lanes=1, at_once=2)
    await asyncio.gather(*[passwords.verify("x", None) for _ in range(20)])
    assert 1 <= passwords.most <= 2
    passwords.close()


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("short", "short"),
        ("aaaaaaaaaaaa", "simple"),
        ("abcabcabcabc", "simple"),
        ("xy12xy12xy12", "simple"),
        ("password1234", "common"),
        ("Passw0rd!!!!", "common"),
        ("1234qwerty1234", "common"),
        ("django.reinhardt", "known"),
        ("reinhardt1910", "known"),
        ("correct horse battery staple", None),
        ("nuages over the seine", None),
        ("长江后浪推前浪一代新人胜", None),
    ],
)
def test_which_passwords_are_too_weak(password: str, problem: str | None) -> None:
    assert Strength().problem(password, ["Django.Reinhardt", "reinhardt@example.org"]) == problem


def test_an_app_says_how_long_they_are(make_app: Callable[..., App]) -> None:
    app = make_app(passwords=cheap(shortest=20, common=False))

    @app.post("/try", skip=["csrf"])
    async def tried(accounts: Accounts, password: str) -> dict[str, str]:
        try:
            await accounts.create(email="a@example.org", password=password)
        except AccountProblem as problem:
            return {"code": problem.code, "text": str(problem)}
        return {}

    with Client(with_helpers(app)) as client:
        assert client.post("/try?password=nineteen-letters-xx").json() == {
            "code": "short",
            "text": "Write at least 20 characters.",
        }
        assert client.post("/try?password=twenty-letters-in-it").json() == {}
