"""Films: to be found, and looked at."""

from filmclub.films.api import api
from filmclub.films.browse import films

films.include(api, at="/api")

__all__ = ["films"]
