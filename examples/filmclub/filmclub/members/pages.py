"""The pages of members: what everybody may see of somebody."""

from filmclub.models import Member, Review
from segue import App, NotFound
from segue.html import Page, render

members = App("members")


@members.get("/members/{name}", documented=False)
async def profile(name: str) -> Page:
    """Somebody, and what they have reviewed."""
    shown = await Member.where(Member.name == name).first()
    if shown is None:
        raise NotFound
    reviews = (
        Review.where(Review.author == shown, Review.state == "shown")
        .order_by(Review.written.desc(), Review.id.desc())
        .load(Review.film)
        .limit(50)
    )
    return render("members/profile.html", shown=shown, reviews=await reviews)
