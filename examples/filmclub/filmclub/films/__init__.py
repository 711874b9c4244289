"""Films: to be found, and looked at."""

from filmclub.films.browse import films

__all__ = ["films"]
