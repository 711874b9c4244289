"""The ten best films, reckoned each night."""

from filmclub.topten.pages import topten

__all__ = ["topten"]
