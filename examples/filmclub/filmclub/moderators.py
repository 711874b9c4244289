"""Who looks after the club: admins, and the group `moderators` (`segue auth join NAME moderators`)."""

from segue.auth import SignedIn

__all__ = ["is_moderator"]


def is_moderator(identity: SignedIn) -> bool:
    """Whether somebody may take away what others have written."""
    return identity.user.is_admin or "group:moderators" in identity.principals
