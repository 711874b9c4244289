"""The pages of reviews: writing one, changing it, taking it back, telling moderators of it."""

from filmclub.models import Film, Member, Report, Review, State
from filmclub.reviews.forms import ReportForm, ReviewForm
from segue import App, Request, SeeOther
from segue.auth import signed_in
from segue.html import Page
from segue.i18n import gettext as _
from segue.security import Flash

reviews = App("reviews")


@reviews.route("/films/{id:int}/review", methods=["GET", "POST"], documented=False)
async def write(id: int, form: ReviewForm, member: Member, flash: Flash, request: Request) -> Page:
    """A member's review of a film: a new one, or the one that is there. Two pages that are open at a time do not overwrite each other."""
    film = await Film.get(id)
    review = await Review.where(Review.film == film, Review.author == member).first()
    if review is None:
        if form.valid:
            review = form.create(film=film, author=member, state=await first_state(member))
            await review.save()
            flash(thanks(review), "success")
            raise SeeOther(request.url_for("films.show", id=id))
        return form.render("reviews/write.html", film=film, review=None)
    form.edit(review)
    if await form.save():
        if review.state == "hidden":
            review.state = "waiting"
            await review.save()
        flash(thanks(review), "success")
        raise SeeOther(request.url_for("films.show", id=id))
    return form.render("reviews/write.html", film=film, review=review)


async def first_state(member: Member) -> State:
    """Who has written something that moderators let pass is trusted; of everybody else they look at it first."""
    trusted = await Review.where(Review.author == member, Review.state == "shown").exists()
    return "shown" if trusted else "waiting"


def thanks(review: Review) -> str:
    """What its author is told."""
    if review.state == "shown":
        return _("Thank you. Your review is below.")
    return _("Thank you. Others will see your review once a moderator has read it.")


@reviews.post("/reviews/{id:int}/delete", requires=[signed_in()], documented=False)
async def delete(id: int, flash: Flash, request: Request) -> None:
    """Takes a review back. The rules say whose."""
    review = await Review.where(Review.id == id).one()
    film = review.film.id
    await review.delete()
    flash(_("The review was deleted."), "success")
    raise SeeOther(request.url_for("films.show", id=film))


@reviews.route("/reviews/{id:int}/report", methods=["GET", "POST"], documented=False)
async def report(id: int, form: ReportForm, member: Member, flash: Flash, request: Request) -> Page:
    """Tells moderators of a review, once for each member."""
    review = await Review.where(Review.id == id).load(Review.film, Review.author).one()
    if form.valid:
        await Report.create_or_update({"reason": form.value.reason}, review=review, by=member)
        flash(_("Thank you. A moderator will look at it."), "success")
        raise SeeOther(request.url_for("films.show", id=review.film.id))
    return form.render("reviews/report.html", review=review)
