"""What moderators work with: the queue of reviews that wait, or that members have reported."""

from collections.abc import Sequence

from filmclub.models import Report, Review, State
from filmclub.reviews.rules import MODERATORS
from segue.auth import in_group
from segue.grid import Action, Column, Grid, Has, Values
from segue.i18n import lazy_gettext as _, ngettext


async def put(reviews: Sequence[Review], state: State) -> None:
    """Shows or hides reviews; what was reported of them is settled by that."""
    for review in reviews:
        review.state = state
        await review.save()
    await Report.where(Report.review.id.is_in([one.id for one in reviews])).delete()


async def show(reviews: Sequence[Review]) -> str:
    """Lets everybody see them."""
    await put(reviews, "shown")
    return ngettext("%(num)s review is shown now.", "%(num)s reviews are shown now.", len(reviews))


async def hide(reviews: Sequence[Review]) -> str:
    """Lets nobody but their authors see them."""
    await put(reviews, "hidden")
    return ngettext("%(num)s review is hidden now.", "%(num)s reviews are hidden now.", len(reviews))


moderator = in_group(MODERATORS)

moderation = Grid(
    Review,
    name="moderation",
    title=_("Moderation"),
    columns=[
        Column(Review.film.title, _("Film")),
        Column(Review.author.name, _("Member")),
        Column(Review.stars, _("Stars")),
        Column(Review.text, _("Review")),
        Column(Review.state, _("State")),
        Column(Review.reports.count(), _("Reports")),
        Column(Review.written, _("Written")),
    ],
    search=[Review.text, Review.author.name, Review.film.title],
    filters=[
        Values(Review.state, _("State")),
        Has(Review.reports, _("Reported")),
        Values(Review.stars, _("Stars")),
    ],
    sort="-written",
    can={"read": moderator, "show": moderator, "hide": moderator},
    actions=[Action(_("Show"), show, name="show"), Action(_("Hide"), hide, name="hide")],
    exports=[],
)
