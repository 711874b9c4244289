"""Hashes that other frameworks have written: read once, and replaced when their owner signs in."""

import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable

__all__ = ["fits_older"]

_MEMORY = 256 * 1024 * 1024


def fits_older(password: str, hash: str) -> bool:
    """Whether a password fits a hash of an older kind; False for one that is not known.

    - ``pbkdf2_sha256$600000$salt$...``, ``scrypt$...``, ``bcrypt$...``, ``bcrypt_sha256$...``, ``argon2$...``: Django
    - ``pbkdf2:sha256:600000$salt$...``, ``scrypt:32768:8:1$salt$...``: Werkzeug, so Flask
    - ``$pbkdf2-sha256$29000$salt$...``: passlib, so Pyramid and TurboGears
    - ``pbkdf2(1000,20,sha512)$salt$...``: web2py, py4web
    - ``$2b$12$...``: bcrypt
    """
    for begins, fits in _KINDS:
        if hash.startswith(begins):
            try:
                return fits(password.encode(), hash)
            except (ValueError, Base64Error, IndexError, UnicodeError):
                return False
    return False


def _django_pbkdf2(password: bytes, hash: str) -> bool:
    name, rounds, salt, told = hash.split("$")
    digest = name.removeprefix("pbkdf2_")
    found = hashlib.pbkdf2_hmac(digest, password, salt.encode(), int(rounds))
    return hmac.compare_digest(b64encode(found).decode(), told)


def _django_scrypt(password: bytes, hash: str) -> bool:
    _, work, salt, block, lanes, told = hash.split("$")
    found = _scrypt(password, salt.encode(), int(work), int(block), int(lanes))
    return hmac.compare_digest(b64encode(found).decode(), told)


def _django_argon2(password: bytes, hash: str) -> bool:
    from argon2 import PasswordHasher
    from argon2.exceptions import Argon2Error, InvalidHashError

    try:
        return PasswordHasher().verify(hash.removeprefix("argon2"), password)
    except (Argon2Error, InvalidHashError):
        return False


def _django_bcrypt(password: bytes, hash: str) -> bool:
    name, _, told = hash.partition("$")
    if name == "bcrypt_sha256":
        password = hashlib.sha256(password).hexdigest().encode()
    return _bcrypt(password, told.removeprefix("$") if told.startswith("$$") else told)


def _bcrypt(password: bytes, hash: str) -> bool:
    try:
        import bcrypt
    except ImportError:
        raise ImportError(
            "an account has a bcrypt hash, which the package bcrypt reads: pip install bcrypt"
        ) from None
    # It has never looked at more than 72 bytes.
    return bcrypt.checkpw(password[:72], hash.encode("ascii"))


def _werkzeug_pbkdf2(password: bytes, hash: str) -> bool:
    method, salt, told = hash.split("$")
    _, digest, rounds = method.split(":")
    return hmac.compare_digest(hashlib.pbkdf2_hmac(digest, password, salt.encode(), int(rounds)).hex(), told)


def _werkzeug_scrypt(password: bytes, hash: str) -> bool:
    method, salt, told = hash.split("$")
    _, work, block, lanes = method.split(":")
    return hmac.compare_digest(
        _scrypt(password, salt.encode(), int(work), int(block), int(lanes)).hex(), told
    )


def _passlib_pbkdf2(password: bytes, hash: str) -> bool:
    _, name, rounds, salt, told = hash.split("$")
    digest = name.removeprefix("pbkdf2-").replace("pbkdf2", "sha1")
    found = hashlib.pbkdf2_hmac(digest, password, _passlib64(salt), int(rounds))
    return hmac.compare_digest(found, _passlib64(told))


def _web2py(password: bytes, hash: str) -> bool:
    method, salt, told = hash.split("$")
    found = re.fullmatch(r"pbkdf2\(([0-9]{1,9}),([0-9]{1,4}),(\w{1,20})\)", method)
    if found is None:
        return False
    made = hashlib.pbkdf2_hmac(found[3], password, salt.encode(), int(found[1]), int(found[2]))
    return hmac.compare_digest(made.hex(), told)


def _scrypt(password: bytes, salt: bytes, work: int, block: int, lanes: int) -> bytes:
    return hashlib.scrypt(password, salt=salt, n=work, r=block, p=lanes, maxmem=_MEMORY, dklen=64)


def _passlib64(text: str) -> bytes:
    return b64decode(text.replace(".", "+") + "=" * (-len(text) % 4))


_KINDS: tuple[tuple[str, Callable[[bytes, str], bool]], ...] = (
    ("pbkdf2_", _django_pbkdf2),
    ("scrypt$", _django_scrypt),
    ("argon2$", _django_argon2),
    ("bcrypt", _django_bcrypt),
    ("$2", _bcrypt),
    ("pbkdf2:", _werkzeug_pbkdf2),
    ("scrypt:", _werkzeug_scrypt),
    ("$pbkdf2", _passlib_pbkdf2),
    ("pbkdf2(", _web2py),
)
