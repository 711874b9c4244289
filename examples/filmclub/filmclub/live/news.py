"""What is told about reviews: that one is to be seen, and that one is not any more."""

from datetime import datetime
from typing import TypeAlias

from filmclub.channels import channels
from filmclub.models import Film, Member, Review
from segue import Struct
from segue.db import Deleted, Inserted, Updated

CHANNEL = "reviews"
EXCERPT = 400


class Shown(Struct, tag="shown"):
    """A review that everybody may read now."""

    id: int
    film_id: int
    film: str
    author: str
    stars: int
    text: str
    written: datetime

    @classmethod
    def of(cls, review: Review, film: Film, author: Member) -> "Shown":
        """As the feed has it: the beginning of its text."""
        text = (
            review.text if len(review.text) <= EXCERPT else f"{review.text[:EXCERPT].rsplit(maxsplit=1)[0]} …"
        )
        return cls(review.id, film.id, film.title, author.name or "", review.stars, text, review.written)


class Gone(Struct, tag="gone"):
    """A review that is not to be seen any more."""

    id: int


News: TypeAlias = Shown | Gone


@Review.on(Inserted, when="after commit")
@Review.on(Updated, when="after commit")
async def announce(change: Inserted[Review] | Updated[Review]) -> None:
    """Tells what has become of a review, whoever has written or approved it, and wherever."""
    review = change.target
    if review.state != "shown":
        await channels.publish(CHANNEL, Gone(review.id))
        return
    film, author = await Film.get(review.film.id), await Member.get(review.author.id)
    await channels.publish(CHANNEL, Shown.of(review, film, author))


@Review.on(Deleted, when="after commit")
async def withdraw(change: Deleted[Review]) -> None:
    """Tells that a review was taken back."""
    await channels.publish(CHANNEL, Gone(change.target.id))
