"""The plugin: an app makes pages of templates."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from segue.core.app import App
from segue.core.inspection.checks.finding import Finding
from segue.core.pages import look
from segue.core.plugins.setup import Setup
from segue.core.ports import Format
from segue.core.records import Recorded
from segue.html.engine import Engine
from segue.html.errorpages import ErrorPages, error_templates
from segue.html.errors import TemplateMissing
from segue.html.format import Template
from segue.html.forms.form import FormOf
from segue.html.forms.provider import form_provider
from segue.html.htmx import Htmx
from segue.html.jinja.engine import Jinja
from segue.html.library import SHELF, Shelf, library_of
from segue.html.page import Renderer
from segue.html.texts import TemplateTexts

__all__ = ["Forms", "Templates"]


class Templates:
    """Lets an app make pages of templates:

        app = App(plugins=[Templates()])                      # those in templates/, beside the file that says so

        @app.get("/films", template="films.html")
        async def films() -> dict[str, list[Film]]: ...

    ``folder``: where they are; ``"package:folder"`` is in a package, None is nowhere. ``texts``: templates that are no files,
    by name: for an app in one file. ``engines``: those that make pages, the first is for names that no other one knows;
    Jinja is always among them. ``reload``: files are read again when they change, as ``segue run`` has it by default.
    ``errors``: pages for errors are made of ``errors/404.html``, ``errors/500.html`` or, for all others,
    ``errors/error.html``, where they are.
    """

    name = "templates"

    def __init__(
        self,
        folder: str | os.PathLike[str] | None = "templates",
        *,
        texts: Mapping[str, str] | None = None,
        engines: Sequence[Engine] = (),
        reload: bool | None = None,
        errors: bool = True,
    ) -> None:
        self._folder = folder
        self._texts = dict(texts or {})
        self._engines = list(engines)
        if not any(one.name == "jinja" for one in self._engines):
            self._engines.append(Jinja())
        self._reload = reload
        self._errors = errors

    def setup(self, to: Setup) -> None:
        if self._folder is not None:
            to.templates(self._folder)
        to.app[SHELF] = Shelf(self._engines, self._texts, self._reload, to.app)
        to.templating(_Formats())
        to.static("/_segue", look.FOLDER, name="segue", public=True)
        app = to.app
        to.check(_check)
        if self._errors:
            templates = error_templates([folder for folder, _ in app.declared.templates], self._texts)
            ErrorPages(app, templates).declare(to)
        to.extracts(TemplateTexts(app))
        to.provide(Renderer, lambda: Renderer((app,)))
        to.provide(Htmx)
        to.bring(Forms())


class Forms:
    """Lets handlers take forms, ``form: FormOf[Film]``. Templates brings it; an app without templates lists it itself."""

    name = "forms"

    def setup(self, to: Setup) -> None:
        to.provide_each(FormOf, form_provider, subclasses=True)


class _Formats:
    """Makes formats of the names of templates."""

    def format(self, template: str, /) -> Format:
        return Template(template)

    async def text(self, app: Recorded, template: str, values: Mapping[str, Any], /) -> str | None:
        try:
            prepared = library_of((app,)).prepared(template)
        except TemplateMissing as error:
            if error.template != template:  # it is there, and asks for another one
                raise
            return None
        return await prepared.told(values, None)


def _check(app: App) -> Iterator[Finding]:
    # Loaded where somebody checks.
    from segue.html.checks import check_templates

    return check_templates(app)
