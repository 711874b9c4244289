"""The forms of reviews."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from filmclub.models import Review
from segue import Meta, Struct
from segue.html import FormOf
from segue.html.forms import Radios, Textarea, Widget
from segue.i18n import LazyText, lazy_gettext as _


class ReviewForm(FormOf[Review]):
    """A review: stars and a text."""

    only = ("stars", "text")
    submit = _("Save the review")
    labels: ClassVar[Mapping[str, str | LazyText]] = {"stars": _("Stars"), "text": _("What do you think?")}
    widgets: ClassVar[Mapping[str, Widget]] = {"stars": Radios(), "text": Textarea(rows=5)}

    def options_stars(self) -> list[tuple[int, str]]:
        """From the best to the worst."""
        return [(number, "★" * number + "☆" * (5 - number)) for number in range(5, 0, -1)]


class Reason(Struct):
    """Why moderators should look at a review."""

    reason: Annotated[str, Meta(min_length=1, max_length=300)]


class ReportForm(FormOf[Reason]):
    """Asks moderators to look at a review."""

    submit = _("Report")
    labels: ClassVar[Mapping[str, str | LazyText]] = {"reason": _("What is wrong with it?")}
