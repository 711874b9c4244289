"""The pages that most sites have: lists, details, forms, archives, feeds' neighbours, and the tools around them.

    from segue.site import create_page, detail_page, list_page

    app.get("/films", name="films")(list_page(Film, size=20))
    app.get("/films/{id:int}", name="film")(detail_page(Film))
    app.route("/films/new", methods=["GET", "POST"])(create_page(FormOf[Film], to="film"))

- ``pagination``: paginate, for handlers that return many; Paginated, which they answer with
- ``lists``: list_page, detail_page; ``plain``: template_page, redirect_page
- ``editing``: form_page, create_page, update_page, delete_page
- ``archives``: Archive, by year, month, week and day; ``periods``: their borders
- ``sitemaps``: Sitemap; ``robots``: Robots; ``moved``: Moved, old addresses; ``flatpages``: FlatPages, pages in a database
- ``humanised``: numbers, sizes and times as people say them
- ``finding``, ``signatures``, ``plugin``: what these have in common

A page is a handler: its route says where it is, its arguments what is in it, and any of its steps can be yours.
"""

from typing import TYPE_CHECKING

from segue.frontdoor import opened_late

if TYPE_CHECKING:
    from segue.site.archives import Archive
    from segue.site.editing import create_page, delete_page, form_page, update_page
    from segue.site.flatpages import FlatPage, FlatPages
    from segue.site.humanised import Humanised
    from segue.site.lists import detail_page, list_page
    from segue.site.moved import Moved, MovedPage
    from segue.site.pagination import Paginated, paginate
    from segue.site.plain import redirect_page, template_page
    from segue.site.plugin import Site
    from segue.site.robots import Robots
    from segue.site.sitemaps import Place, Sitemap

__all__ = [
    "Archive",
    "FlatPage",
    "FlatPages",
    "Humanised",
    "Moved",
    "MovedPage",
    "Paginated",
    "Place",
    "Robots",
    "Site",
    "Sitemap",
    "create_page",
    "delete_page",
    "detail_page",
    "form_page",
    "list_page",
    "paginate",
    "redirect_page",
    "template_page",
    "update_page",
]

_IN_MODULE = {
    "Archive": "archives",
    "FlatPage": "flatpages",
    "FlatPages": "flatpages",
    "Humanised": "humanised",
    "Moved": "moved",
    "MovedPage": "moved",
    "Paginated": "pagination",
    "Place": "sitemaps",
    "Robots": "robots",
    "Site": "plugin",
    "Sitemap": "sitemaps",
    "create_page": "editing",
    "delete_page": "editing",
    "detail_page": "lists",
    "form_page": "editing",
    "list_page": "lists",
    "paginate": "pagination",
    "redirect_page": "plain",
    "template_page": "plain",
    "update_page": "editing",
}


__getattr__ = opened_late(__name__, _IN_MODULE)
