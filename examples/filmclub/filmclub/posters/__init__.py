"""Posters of films: members send them, and pages show them as small as they need them."""

from filmclub.posters.pages import posters

__all__ = ["posters"]
