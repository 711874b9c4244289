"""Reviews: what members think of films."""

from filmclub.reviews.pages import reviews

__all__ = ["reviews"]
