"""Who is asked for somebody's name."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from segue.auth.external.person import Person
from segue.auth.external.source import Flow, WayThere
from segue.client import Http
from segue.core.settings.secret import Secret
from segue.security.keys import Keys

__all__ = ["Ask", "Provider", "checked_url"]

Ask = Callable[[Http, str], Awaitable[Person]]
"""Takes a client and an access token, and asks whose it is."""

_HERE = {"localhost", "127.0.0.1", "::1"}


class Provider(WayThere, frozen=True, kw_only=True):
    """A provider of OpenID Connect, which says all else of itself:

        Provider(name="work", title="Work", issuer="https://id.example.com", client_id="...", client_secret="...")

    or of OAuth 2.0, which needs ``authorize_url``, ``token_url``, and ``ask``: who finds out whose a token is.

    ``client_secret``: empty for a public client. ``parameters``: further ones of the request, such as ``prompt``. The rest is that of
    every Source.
    """

    client_id: str
    client_secret: Secret[str] | str = ""
    issuer: str = ""
    scopes: Sequence[str] = ("openid", "email", "profile")
    authorize_url: str = ""
    token_url: str = ""
    ask: Ask | None = None
    parameters: Mapping[str, str] = {}

    def __post_init__(self) -> None:
        # By its name: a struct with slots is made anew, and super() would mean the first one.
        WayThere.__post_init__(self)
        if not self.client_id:
            raise ValueError(f"the provider {self.name!r} needs the client_id that it has given to you")
        urls = [self.issuer] if self.issuer else [self.authorize_url, self.token_url]
        for url in urls:
            checked_url(url, f"the provider {self.name!r}")
        if not self.issuer and self.ask is None:
            raise ValueError(
                f"the provider {self.name!r} has no issuer: say by ask= how somebody is asked for"
            )

    def flow(self, http: Http, keys: Keys) -> Flow:
        """The authorization code flow."""
        from segue.auth.external.flow import CodeFlow

        return CodeFlow(self, http)

    @property
    def secret(self) -> str:
        """The secret of the client, empty for a public one."""
        return self.client_secret.reveal() if isinstance(self.client_secret, Secret) else self.client_secret


def checked_url(url: Any, whose: str) -> str:
    """A URL that secrets may be sent to: of HTTPS, or of this machine. Raises ValueError."""
    parts = urlsplit(url) if isinstance(url, str) else None
    if (
        parts is None
        or not parts.hostname
        or parts.scheme not in ("https", "http")
        or parts.username is not None
    ):
        raise ValueError(f"{whose} has a URL that is none: {url!r:.120}")
    if parts.scheme == "http" and parts.hostname not in _HERE:
        raise ValueError(
            f"{whose} has a URL without encryption: {url!r:.120}; only this machine may have one"
        )
    return str(url)
