"""The account of whoever acts, for code that cannot be handed it.

An app with ``Auth`` finds out who sends each of its requests from the moment on that this module is loaded when it is frozen, or a model
is guarded by ``protect``. Whoever uses neither pays nothing.
"""

from typing import Any

from segue.auth.permissions.acting import whoever_acts

__all__ = ["current_user"]


def current_user() -> Any:
    """The account of whoever acts now; None for somebody unknown, and in ``with unrestricted():``.

        from segue.auth import current_user

        def mine() -> Query[Post]:
            return Post.where(Post.author == current_user())

    A parameter of the type of your user model says the same and can be tested without an app: prefer it where you can. Raises
    ConfigurationError where nobody said who acts.
    """
    who = whoever_acts()
    return None if who is None else who.user
