"""What is on the site, to be taken along: as CSV, JSON Lines, RSS or PDF."""

from filmclub.exports.pages import exports

__all__ = ["exports"]
