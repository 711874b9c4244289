"""Reviews: what members think of films, and who looks after that."""

from filmclub.reviews import rules  # noqa: F401 -- from now on they hold # pyright: ignore[reportUnusedImport] -- the same
from filmclub.reviews.moderation import moderation
from filmclub.reviews.pages import reviews

reviews.include(moderation, at="/moderation")

__all__ = ["reviews"]
