"""Pages of posters: sending one, taking it away."""

from typing import Annotated

from filmclub.models import Film, Member, Poster, Size
from filmclub.moderators import is_moderator
from segue import App, File, Forbidden, Meta, Request, SeeOther, Struct
from segue.auth import SignedIn
from segue.html import FormOf, Page
from segue.html.forms import ImageInput, Label
from segue.i18n import gettext as _, lazy_gettext
from segue.security import Flash, Limiter
from segue.storage import FileRefused, Images, Kept, Storage

posters = App("posters")

#: What a poster has to be: a picture, large enough to be looked at. It is written anew, so that nothing else travels in it.
CHECK = Images(
    formats=("JPEG", "PNG", "WEBP"),
    min_width=160,
    min_height=240,
    max_width=2_000,
    max_height=3_000,
    shrink=True,
)
LARGEST = 5_000_000
WIDTHS = (160, 320, 640)
RATE = "20 per hour"


class NewPoster(Struct):
    """What is asked of somebody who sends a poster."""

    file: Annotated[
        File,
        ImageInput(accept=("image/jpeg", "image/png", "image/webp"), max_size=LARGEST),
        Label(
            lazy_gettext("Picture"),
            lazy_gettext("JPEG, PNG or WebP, at most 5 MB, at least 160 x 240 pixels."),
        ),
    ]
    credit: Annotated[
        str,
        Meta(max_length=200),
        Label(lazy_gettext("Source"), lazy_gettext("Who has made it, or where it is from.")),
    ] = ""


class PosterForm(FormOf[NewPoster]):
    """The form for it."""

    submit = lazy_gettext("Send the poster")


# A little more than the largest picture: what is larger gets a message in the form, and what is much larger is not taken at all.
@posters.route("/films/{id:int}/poster", methods=["GET", "POST"], max_body=2 * LARGEST, documented=False)
async def send(
    id: int,
    form: PosterForm,
    request: Request,
    *,
    member: Member,
    identity: SignedIn,
    media: Storage,
    limiter: Limiter,
    flash: Flash,
) -> Page:
    """Sends a poster; one that is there is replaced by whoever has sent it, or by a moderator."""
    film = await Film.get(id)
    present = await Poster.where(Poster.film == film).first()
    if present is not None and not may_change(present, identity):
        raise Forbidden(_("This film has a poster already."))
    if form.valid:
        await limiter.take("posters", str(member.id), RATE)
        try:
            kept = await media.save(form.value.file, folder="posters", check=CHECK)
        except FileRefused as refused:
            form.refuse("file", str(refused.detail))
        else:
            await put_up(film, member, kept, form.value.credit, media)
            flash(_("Thank you for the poster."))
            raise SeeOther(request.url_for("films.show", id=id))
    return form.render("posters/send.html", film=film, poster=present)


@posters.post("/films/{id:int}/poster/remove", documented=False)
async def remove(id: int, identity: SignedIn, media: Storage, request: Request) -> None:
    """Takes a poster away."""
    poster = await Poster.where(Poster.film.id == id).one()
    if not may_change(poster, identity):
        raise Forbidden
    await poster.delete()
    await take_down(poster, media)
    raise SeeOther(request.url_for("films.show", id=id))


def may_change(poster: Poster, identity: SignedIn) -> bool:
    """Whether somebody may replace a poster, or take it away."""
    return is_moderator(identity) or (poster.sender is not None and poster.sender.id == identity.user.id)


async def put_up(film: Film, member: Member, kept: Kept, credit: str, media: Storage) -> None:
    """A picture that was kept becomes the poster of a film, in all sizes; the files of the one before are deleted."""
    sizes = [
        Size(width, width * 3 // 2, await media.thumbnail(kept.name, width, width * 3 // 2, crop=True))
        for width in WIDTHS
    ]
    before = await Poster.where(Poster.film == film).first()
    values = {"sender": member, "file": kept.name, "sizes": sizes, "credit": credit}
    await Poster.create_or_update(values, film=film)
    if before is not None:
        await take_down(before, media)


async def take_down(poster: Poster, media: Storage) -> None:
    """Deletes the files of a poster that is not shown any more."""
    for size in poster.sizes:
        await media.delete(size.name)
    await media.delete(poster.file)
