"""Providers that many use. Each takes the id and the secret that it has given to you.

    SignInWith(google(GOOGLE_ID, GOOGLE_SECRET), github(GITHUB_ID, GITHUB_SECRET))

The address to register there is ``https://your.example/login/with/google/callback``, with the name of the provider.
"""

from typing import Any

from segue.auth.external.person import Person, SignInFailed
from segue.auth.external.provider import Ask, Provider
from segue.client import Http
from segue.core.settings.secret import Secret

__all__ = ["discord", "facebook", "github", "gitlab", "google", "keycloak", "microsoft", "okta"]

_Given = Secret[str] | str


def google(client_id: str, client_secret: _Given) -> Provider:
    """Google."""
    issuer = "https://accounts.google.com"
    return Provider(
        name="google", title="Google", issuer=issuer, client_id=client_id, client_secret=client_secret
    )


def microsoft(client_id: str, client_secret: _Given, *, tenant: str) -> Provider:
    """Microsoft, for the accounts of one ``tenant``: its id, or ``consumers`` as 9188040d-6c67-4c5b-b112-36a304b66dad."""
    issuer = f"https://login.microsoftonline.com/{tenant}/v2.0"
    return Provider(
        name="microsoft", title="Microsoft", issuer=issuer, client_id=client_id, client_secret=client_secret
    )


def gitlab(client_id: str, client_secret: _Given, *, issuer: str = "https://gitlab.com") -> Provider:
    """GitLab, theirs or your own."""
    return Provider(
        name="gitlab", title="GitLab", issuer=issuer, client_id=client_id, client_secret=client_secret
    )


def okta(client_id: str, client_secret: _Given, *, domain: str) -> Provider:
    """Okta or Auth0: ``domain`` is that of your organisation."""
    issuer = f"https://{domain}"
    return Provider(
        name="okta", title="Okta", issuer=issuer, client_id=client_id, client_secret=client_secret
    )


def keycloak(client_id: str, client_secret: _Given, *, url: str, realm: str) -> Provider:
    """A realm of a Keycloak server."""
    issuer = f"{url.rstrip('/')}/realms/{realm}"
    return Provider(
        name="keycloak", title="Keycloak", issuer=issuer, client_id=client_id, client_secret=client_secret
    )


def github(
    client_id: str,
    client_secret: _Given,
    *,
    url: str = "https://github.com",
    api: str = "https://api.github.com",
) -> Provider:
    """GitHub, which speaks OAuth 2.0 only; ``url`` and ``api``: of GitHub Enterprise."""

    async def ask(http: Http, token: str) -> Person:
        claims = await _asked(http, f"{api}/user", token)
        emails = await _asked(http, f"{api}/user/emails", token)
        found: dict[str, Any] = (
            next(
                (
                    one
                    for one in emails
                    if isinstance(one, dict) and one.get("primary") and one.get("verified")
                ),
                {},
            )
            if isinstance(emails, list)
            else {}
        )
        known = {
            **claims,
            "email": found.get("email", ""),
            "email_verified": bool(found),
            "name": claims.get("name") or claims.get("login", ""),
            "picture": claims.get("avatar_url", ""),
        }
        return Person.of("github", known, subject="id")

    return _plain(
        "github",
        "GitHub",
        (client_id, client_secret),
        ("read:user", "user:email"),
        (f"{url}/login/oauth/authorize", f"{url}/login/oauth/access_token"),
        ask,
    )


def facebook(client_id: str, client_secret: _Given) -> Provider:
    """Facebook, which speaks OAuth 2.0 only and does not say whether an address is verified."""
    api = "https://graph.facebook.com/v21.0"

    async def ask(http: Http, token: str) -> Person:
        claims = await _asked(http, f"{api}/me?fields=id,name,email", token)
        return Person.of("facebook", {**claims, "email_verified": False}, subject="id")

    urls = ("https://www.facebook.com/v21.0/dialog/oauth", f"{api}/oauth/access_token")
    return _plain("facebook", "Facebook", (client_id, client_secret), ("public_profile", "email"), urls, ask)


def discord(client_id: str, client_secret: _Given) -> Provider:
    """Discord, which speaks OAuth 2.0 only."""
    api = "https://discord.com/api"

    async def ask(http: Http, token: str) -> Person:
        claims = await _asked(http, f"{api}/users/@me", token)
        return Person.of(
            "discord", {**claims, "name": claims.get("global_name") or claims.get("username")}, subject="id"
        )

    urls = ("https://discord.com/oauth2/authorize", f"{api}/oauth2/token")
    return _plain("discord", "Discord", (client_id, client_secret), ("identify", "email"), urls, ask)


def _plain(
    name: str,
    title: str,
    client: tuple[str, _Given],
    scopes: tuple[str, ...],
    urls: tuple[str, str],
    ask: Ask,
) -> Provider:
    return Provider(
        name=name,
        title=title,
        client_id=client[0],
        client_secret=client[1],
        scopes=scopes,
        authorize_url=urls[0],
        token_url=urls[1],
        ask=ask,
    )


async def _asked(http: Http, url: str, token: str) -> Any:
    """What an API says about whose a token is. Raises SignInFailed."""
    reply = await http.get(url, headers={"authorization": f"Bearer {token}", "accept": "application/json"})
    if reply.status != 200:
        raise SignInFailed(f"{url} answered with {reply.status}")
    try:
        return reply.json()
    except ValueError:
        raise SignInFailed(f"{url} answered with no JSON") from None
