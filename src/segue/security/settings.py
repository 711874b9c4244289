"""What is configured about security: the section [security], SECURITY_KEY and its likes."""

from msgspec import Struct

from segue.core.settings.secret import Secret

__all__ = ["SecuritySettings"]


class SecuritySettings(Struct):
    """``[security]`` in ``segue.toml``, or ``SECURITY_KEY``, ``SECURITY_OLD_KEYS``, ``SECURITY_HOSTS``, ``SECURITY_SESSIONS``.

    ``key``: the secret key that signs. ``old_keys``: those before it, which still verify. ``hosts``: that the app answers
    for, as ``AllowedHosts`` takes them. ``sessions``: where sessions are kept, as ``Sessions`` takes it.
    """

    key: Secret[str] | None = None
    old_keys: list[Secret[str]] = []
    hosts: list[str] = []
    sessions: str | None = None
