"""The user model of apps that have none of their own."""

from segue.auth.models.account import Account

__all__ = ["User"]


class User(Account, table="segue_user"):
    """An account and nothing else. For more fields derive from :class:`Account`, now or later."""
