"""A provider of OpenID Connect for tests: a real HTTP server that signs, and that can be told to misbehave."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

from segue import App, Redirect, Request, Response
from segue.testing import LiveServer


class Idp:
    """``claims``: of who signs in. ``twist``: changes what an ID token says, ``sign``: makes the token otherwise. ``config``: further metadata."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {
            "sub": "u-7",
            "email": "ada@example.com",
            "email_verified": True,
            "name": "Ada",
        }
        self.twist: dict[str, Any] = {}
        self.sign: Any = None
        self.config: dict[str, Any] = {}
        self.answer: dict[str, Any] = {}
        self.token_status = 200
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[dict[str, str]] = []
        self.key_fetches = 0
        self.basic: list[str] = []
        self.url = ""
        self.keys: list[RSAKey] = []
        self.extra_keys: list[dict[str, Any]] = []
        self.rotate()

    def rotate(self) -> None:
        """Signs with a new key from now on; the old one is not told any more."""
        key = RSAKey.generate_key(
            2048, {"kid": secrets.token_hex(4), "use": "sig", "alg": "RS256"}, private=True
        )
        self.keys = [key]

    def id_token(self, code: dict[str, str]) -> str:
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": code["client_id"],
            "iat": now,
            "exp": now + 300,
            "nonce": code.get("nonce"),
            **self.claims,
            **self.twist,
        }
        claims = {name: value for name, value in claims.items() if value is not ...}
        if self.sign is not None:
            made: str = self.sign(claims, self.keys[0])
            return made
        return jwt.encode({"alg": "RS256", "kid": self.keys[0].kid}, claims, self.keys[0])

    def app(self) -> App:
        app = App("idp")

        @app.get("/.well-known/openid-configuration")
        async def discovery() -> dict[str, Any]:
            return {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "userinfo_endpoint": f"{self.url}/userinfo",
                "jwks_uri": f"{self.url}/keys",
                **self.config,
            }

        @app.get("/keys")
        async def keys() -> dict[str, Any]:
            self.key_fetches += 1
            return {"keys": [*[key.as_dict(private=False) for key in self.keys], *self.extra_keys]}

        @app.get("/authorize")
        async def authorize(request: Request) -> None:
            asked = {name: request.query[name] for name in request.query}
            self.asked.append(asked)
            code = secrets.token_urlsafe(8)
            self.codes[code] = asked
            answer = {"code": code, "state": asked["state"], **self.answer}
            query = "&".join(f"{name}={value}" for name, value in answer.items() if value is not None)
            raise Redirect(f"{asked['redirect_uri']}?{query}")

        @app.post("/token")
        async def token(request: Request) -> Response:
            form = await request.form()
            self.basic.append(request.headers.get("authorization", ""))
            code = self.codes.pop(str(form["code"]), None)
            challenge = base64.urlsafe_b64encode(hashlib.sha256(str(form["code_verifier"]).encode()).digest())
            proven = code is not None and challenge.rstrip(b"=").decode() == code["code_challenge"]
            if code is None or not proven or form["redirect_uri"] != code["redirect_uri"]:
                return Response(b'{"error": "invalid_grant"}', 400, content_type="application/json")
            said = {"access_token": "at-1", "token_type": "Bearer", "id_token": self.id_token(code)}
            return Response(json.dumps(said).encode(), self.token_status, content_type="application/json")

        @app.get("/userinfo")
        @app.get("/api/user")
        async def userinfo(request: Request) -> Response:
            if request.headers.get("authorization") != "Bearer at-1":
                return Response(b"", 401)
            return Response(json.dumps(self.claims).encode(), content_type="application/json")

        @app.get("/api/user/emails")
        async def emails() -> list[dict[str, Any]]:
            return [
                {"email": "old@example.com", "primary": False, "verified": True},
                {"email": "ada@example.com", "primary": True, "verified": True},
            ]

        return app

    def serve(self) -> LiveServer:
        return LiveServer(self.app())


def unsigned(claims: dict[str, Any], key: RSAKey) -> str:
    return f"{_part({'alg': 'none', 'kid': key.kid})}.{_part(claims)}."


def by_public_key(claims: dict[str, Any], key: RSAKey) -> str:
    """HS256 with the public key, as if it were a secret."""
    text = f"{_part({'alg': 'HS256', 'kid': key.kid})}.{_part(claims)}"
    mac = hmac.digest(key.as_pem(private=False), text.encode(), "sha256")
    return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def by_own_key(claims: dict[str, Any], key: RSAKey) -> str:
    """With a key that the token brings along."""
    own = RSAKey.generate_key(2048, private=True)
    header = {"alg": "RS256", "kid": key.kid, "jwk": own.as_dict(private=False)}
    return jwt.encode(header, claims, own)


def by_foreign_key(claims: dict[str, Any], key: RSAKey) -> str:
    return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, RSAKey.generate_key(2048, private=True))


def by_unknown_key(claims: dict[str, Any], key: RSAKey) -> str:
    return jwt.encode({"alg": "RS256", "kid": "nobody's"}, claims, key)


def with_critical(claims: dict[str, Any], key: RSAKey) -> str:
    head = {"alg": "RS256", "kid": key.kid, "crit": ["exp2"], "exp2": 1}
    good = jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)
    return f"{_part(head)}.{good.partition('.')[2]}"


def _part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
