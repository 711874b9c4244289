"""Who may do what with reviews: said once, and obeyed by every query, page, export and API."""

from filmclub.models import Review
from segue.auth import Who, protect
from segue.db import Condition

MODERATORS = "moderators"


def moderates(who: Who) -> bool:
    """Whether somebody is a moderator."""
    return who.has(f"group:{MODERATORS}")


def seen_by(who: Who) -> Condition | bool:
    """Everybody sees what is shown, and what they wrote themselves; moderators see all."""
    return moderates(who) or who.owns(Review.author.id) | (Review.state == "shown")


def written_by(who: Who) -> Condition | bool:
    """Whoever wrote it, and moderators."""
    return moderates(who) or who.owns(Review.author.id)


def own(who: Who) -> Condition | bool:
    """Nobody writes in the name of somebody else."""
    return who.owns(Review.author.id)


protect(Review, view=seen_by, add=own, change=written_by, delete=written_by)
