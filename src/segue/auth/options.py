"""What an app decides about its accounts."""

from typing import Literal, TypedDict

import msgspec

__all__ = ["AuthOptions", "AuthSettings", "Decided"]

_DAY = 86_400.0


class AuthOptions(TypedDict, total=False):
    """The named arguments of ``Auth``."""

    registration: Literal["open", "approval", "closed"]
    """Who may register: anybody (default), anybody whom somebody approves afterwards, nobody."""
    confirm: bool
    """Whether the owner of an address has to answer a mail before the account can be used (default)."""
    names: bool
    """People choose a user name too, and may sign in with it."""
    remember: float
    """Seconds for which a browser may be remembered (30 days); 0 does not offer it."""
    fresh: float
    """Seconds after which dangerous acts ask for the password again (15 minutes)."""
    on_change: Literal["ask", "end", "ignore"]
    """What happens when a session is suddenly used by another browser: dangerous acts ask for the password (default), the session
    ends, or nothing."""
    bound_to: Literal["browser", "network", "both"]
    """What has to stay the same for that: what the browser says that it is (default), the network of its address, or both. Telephones change their network
    all the time."""
    limit: str
    """How many tries to sign in there may be, for each account and for each address of a client (``"10 per 3 minutes"``)."""
    origin: str
    """What links in mails begin with: ``"https://example.com"``. By default ``AUTH_ORIGIN``."""


class Decided(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """:class:`AuthOptions` with all defaults filled in."""

    registration: Literal["open", "approval", "closed"] = "open"
    confirm: bool = True
    names: bool = False
    remember: float = 30 * _DAY
    fresh: float = 900.0
    on_change: Literal["ask", "end", "ignore"] = "ask"
    bound_to: Literal["browser", "network", "both"] = "browser"
    limit: str = "10 per 3 minutes"
    origin: str = ""


class AuthSettings(msgspec.Struct):
    """``[auth]`` in ``segue.toml``, or ``AUTH_ORIGIN``: what links in mails begin with."""

    origin: str = ""
