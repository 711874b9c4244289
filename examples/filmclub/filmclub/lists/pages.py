"""Pages of lists: a member's own, and the one that somebody with a link sees. What the member may see is the business of the models."""

from typing import Literal

from filmclub.lists.models import MOST_FILMS, MOST_LISTS, Entry, FilmList, new_link
from filmclub.models import Film, Member
from segue import App, Form, NotFound, Request, SeeOther
from segue.auth import LoginRequired
from segue.db import Database, Query
from segue.html import FormOf, Page, render
from segue.i18n import gettext as _
from segue.security import Flash

#: Lists are for members; the one page for others says so.
lists = App("lists", plugins=[LoginRequired()])


class ListForm(FormOf[FilmList]):
    """What is asked about a list."""

    only = ("title", "about")


@lists.route("/lists", methods=["GET", "POST"], documented=False)
async def index(form: ListForm, member: Member, request: Request) -> Page:
    """The member's lists, and a form for a new one."""
    count = await FilmList.where(FilmList.owner == member).count()
    if form.valid and count >= MOST_LISTS:
        form.refuse("", _("You have %(most)s lists, and cannot have more.", most=str(MOST_LISTS)))
    elif (
        form.valid
        and await FilmList.where(FilmList.owner == member, FilmList.title == form.value.title).exists()
    ):
        form.refuse("title", _("You have a list of this name."))
    if form.valid:
        made = await form.save(owner=member)
        if made is not None:
            raise SeeOther(request.url_for("lists.show", id=made.id))
    own = FilmList.where(FilmList.owner == member).order_by(FilmList.title)
    return form.render("lists/index.html", lists=await own.select(FilmList, FilmList.entries.count()))


@lists.route("/lists/{id:int}", methods=["GET", "POST"], documented=False)
async def show(id: int, form: ListForm, request: Request) -> Page:
    """A list of one's own: its films in their order, its name, the link to it."""
    shown = await FilmList.get(id)
    form.edit(shown)
    if await form.save():
        raise SeeOther(request.url_for("lists.show", id=id))
    entries = await entries_of(shown)
    link = f"{request.url.origin}{request.url_for('lists.shared', link=shown.link)}" if shown.link else ""
    return form.render("lists/show.html", list=shown, entries=entries, link=link)


@lists.post("/lists/{id:int}/delete", documented=False)
async def delete(id: int, request: Request, flash: Flash) -> None:
    """Throws a list away."""
    gone = await FilmList.get(id)
    await gone.delete()
    flash(_("The list “%(title)s” is gone.", title=gone.title))
    raise SeeOther(request.url_for("lists.index"))


@lists.post("/lists/{id:int}/link", documented=False)
async def share(id: int, request: Request, shared: Form[bool] = False) -> None:
    """Gives a list a link, or takes the link away: whoever has the old one sees nothing any more."""
    changed = await FilmList.get(id)
    changed.link = new_link() if shared else None
    await changed.save()
    raise SeeOther(request.url_for("lists.show", id=id))


@lists.get("/lists/shared/{link}", documented=False, skip=["login-required"])
async def shared(link: str) -> Page:
    """The list of somebody else, for whoever has the link."""
    found = await FilmList.where(FilmList.link == link).load(FilmList.owner).unscoped().first()
    if found is None:
        raise NotFound(_("There is no such list, or it is not shared any more."))
    page = render("lists/shared.html", list=found, entries=await entries_of(found, unscoped=True))
    # The address is the key: it is not given to other sites, and no search engine keeps it.
    return page.with_status(
        200,
        {"referrer-policy": "no-referrer", "x-robots-tag": "noindex", "cache-control": "private, no-store"},
    )


async def entries_of(of: FilmList, *, unscoped: bool = False) -> list[Entry]:
    """What is on a list, in its order."""
    found = Entry.where(Entry.list == of).order_by(Entry.place, Entry.id).load(Entry.film.director)
    return await (found.unscoped() if unscoped else found)


@lists.post("/films/{id:int}/lists", documented=False)
async def add(id: int, list: Form[int], request: Request, flash: Flash) -> None:
    """Puts a film at the end of a list."""
    film, chosen = await Film.get(id), await FilmList.get(list)
    entries = Entry.where(Entry.list == chosen)
    if await entries.count() >= MOST_FILMS:
        flash(_("The list is full."))
    elif await entries.where(Entry.film == film).exists():
        flash(_("It is on the list “%(title)s” already.", title=chosen.title))
    else:
        last = await entries.aggregate(Entry.place.max())
        await Entry.get_or_create({"place": (last or 0) + 1}, list=chosen, film=film)
        flash(_("It is on the list “%(title)s” now.", title=chosen.title))
    raise SeeOther(request.url_for("films.show", id=id))


Move = Literal["up", "down", "away"]


@lists.post("/lists/{id:int}/films/{entry:int}", documented=False)
async def move(id: int, entry: int, to: Form[Move], request: Request, db: Database) -> None:
    """Moves a film on a list up or down, or takes it away."""
    async with db.transaction():
        order = await entries_of(await FilmList.get(id))
        place = next((number for number, one in enumerate(order) if one.id == entry), None)
        if place is None:
            raise NotFound
        if to == "away":
            await order.pop(place).delete()
        else:
            other = min(max(place + (1 if to == "down" else -1), 0), len(order) - 1)
            order.insert(other, order.pop(place))
        for number, one in enumerate(order, 1):
            if one.place != number:
                one.place = number
                await one.save()
    raise SeeOther(request.url_for("lists.show", id=id))


@lists.get("/api/lists")
async def own_lists() -> Query[FilmList]:
    """The lists of whoever asks."""
    return FilmList.order_by(FilmList.title).load(FilmList.entries.order_by(Entry.place))


@lists.get("/api/lists/{id:int}")
async def own_list(id: int) -> Query[Entry]:
    """What is on a list of whoever asks, in its order."""
    return Entry.where(Entry.list == await FilmList.get(id)).order_by(Entry.place, Entry.id).load(Entry.film)
