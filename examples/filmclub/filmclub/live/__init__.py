"""New reviews as they come: a page, and the events that keep it up to date."""

from filmclub.live.pages import live

__all__ = ["live"]
