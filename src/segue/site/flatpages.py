"""Pages that people write into a database: an imprint, an about page."""

from segue.core.plugins.setup import Setup
from segue.db import Field, Model, field
from segue.html import render
from segue.http.request import Request
from segue.http.response import Response
from segue.site.unanswered import Unanswered

__all__ = ["FlatPage", "FlatPages"]

TEMPLATE = "segue.site:templates/site/flat.html"


class FlatPage(Model, abstract=True):
    """What a table of pages has: ``class Text(FlatPage): ...``; then ``FlatPages(Text)``.

    ``content`` is HTML, which is shown as it is: only those whom you trust may write it. ``template``: another one than that of
    the plugin. ``visible``: whether it is there for everybody.
    """

    path: Field[str] = field(max_length=300, unique=True)
    title: Field[str] = field(max_length=200)
    content: Field[str] = field(text=True, default="")
    template: Field[str] = field(max_length=200, default="")
    visible: Field[bool] = field(default=True)


class FlatPages:
    """Plugin: what no route answers, and is a page in a table, is shown.

        class Text(FlatPage): ...

        App(plugins=[Database(), Templates(), FlatPages(Text)])

    ``model``: see FlatPage. ``template``: has ``page`` and ``content``; the built-in one extends ``segue/page.html``.
    """

    name = "flatpages"

    def __init__(self, model: type[FlatPage], template: str = TEMPLATE) -> None:
        self._model = model
        self._template = template

    def setup(self, to: Setup) -> None:
        """Looks after what was not answered."""
        app = to.app

        async def look(request: Request) -> Response | None:
            model = self._model
            found = await model.where(model.path == request.path, model.visible == True).first()  # noqa: E712 -- an expression
            if found is None:
                return None
            from markupsafe import Markup

            values = {"page": found, "title": found.title, "content": Markup(found.content)}  # noqa: S704 -- see FlatPage
            page = render(found.template or self._template, values)
            made = page.__response__(request, app)
            return made if isinstance(made, Response) else await made

        to.middleware(Unanswered(look))
