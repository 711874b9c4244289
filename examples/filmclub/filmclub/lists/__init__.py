"""Lists of films: private, unless their owner gives away a link."""

from filmclub.lists.pages import lists

__all__ = ["lists"]
