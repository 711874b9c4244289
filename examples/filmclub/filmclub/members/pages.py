"""The pages of members: what everybody may see of somebody, and what somebody says of themselves."""

from collections.abc import Mapping
from typing import ClassVar

from filmclub.models import Member, Review
from segue import App, NotFound, Request, SeeOther
from segue.html import FormOf, Page, render
from segue.html.forms import Select, Textarea, Widget
from segue.i18n import LazyText, gettext, lazy_gettext as _
from segue.security import Flash

members = App("members")


@members.get("/members/{name}", documented=False)
async def profile(name: str) -> Page:
    """Somebody, and what they have reviewed."""
    shown = await Member.where(Member.name == name, Member.state == "active").first()
    if shown is None:
        raise NotFound
    reviews = (
        Review.where(Review.author == shown)
        .order_by(Review.written.desc(), Review.id.desc())
        .load(Review.film, Review.author)
        .limit(50)
    )
    return render("members/profile.html", shown=shown, reviews=await reviews)


class ProfileForm(FormOf[Member]):
    """What somebody says of themselves."""

    only = ("about", "language")
    submit = _("Save")
    labels: ClassVar[Mapping[str, str | LazyText]] = {"about": _("About you"), "language": _("Language")}
    helps: ClassVar[Mapping[str, str | LazyText]] = {"about": _("Everybody can read it.")}
    widgets: ClassVar[Mapping[str, Widget]] = {"about": Textarea(), "language": Select()}

    def options_language(self) -> list[tuple[str, str | LazyText]]:
        """Those of the site."""
        return [("", _("as my browser says")), ("en", "English"), ("de", "Deutsch"), ("fr", "Français")]


@members.route("/profile", methods=["GET", "POST"], documented=False)
async def edit(form: ProfileForm, member: Member, flash: Flash, request: Request) -> Page:
    """One's own profile."""
    form.edit(member)
    if await form.save():
        flash(gettext("Saved."), "success")
        raise SeeOther(request.url_for("members.profile", name=member.name))
    return form.render("members/edit.html")
