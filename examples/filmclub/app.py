"""Where `segue` finds the app."""

from filmclub import app

__all__ = ["app"]
