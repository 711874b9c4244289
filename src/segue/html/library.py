"""The templates of an app, as its handlers see them: where they are found, what they know, which engine makes them."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from segue.core.appkey import AppKey
from segue.core.files.mediatypes import media_type
from segue.core.inspection.checks.subjects import apps_of
from segue.core.pages.assets import overrides_of
from segue.core.records import Recorded
from segue.html.builtin import built_in
from segue.html.engine import Compiled, Engine, Names, Opened
from segue.html.errors import TemplateError
from segue.html.gaps import filled, has_gaps
from segue.html.jinja.engine import OpenedJinja
from segue.html.patching import patches_of
from segue.html.search import Search
from segue.html.sending import Telling, telling
from segue.http.request import Request

if TYPE_CHECKING:
    from segue.html.recording import Rendered

__all__ = ["SHELF", "Library", "Prepared", "Shelf", "library_of", "page_type", "ready", "waits"]

_TEMPLATE_SUFFIXES = (".jinja", ".jinja2", ".j2", ".mako", ".pt")


class Prepared(NamedTuple):
    """A template that is ready to be rendered, and the media type of its page."""

    name: str
    compiled: Compiled
    content_type: str
    library: "Library"

    def text(self, values: Mapping[str, Any], request: Request | None) -> str:
        """The page, where nothing has to be awaited for it, with the gaps that were left in it."""
        library = self.library
        if library.contexts:
            values = {**library.common(request), **values}
        if library.listening:
            library.record(self.name, values, request)
        return self.compiled.render(values, request)

    async def told(self, values: Mapping[str, Any], request: Request | None) -> str:
        """The page, with those told who receive signals, and with contexts that are awaited."""
        library = self.library
        common = [await one if inspect.isawaitable(one) else one for one in library.each_common(request)]
        given = {name: value for one in common for name, value in one.items()} | await ready(values)
        if library.telling is not None and request is not None:
            await library.telling.before(request, self.name, given)
        if library.listening:
            library.record(self.name, given, request)
        page = self.compiled.render(given, request)
        if request is not None and has_gaps(request):
            page = await filled(request, page)
        if library.telling is not None and request is not None:
            await library.telling.after(request, self.name, given, page)
        return page


def waits(values: Mapping[str, Any]) -> bool:
    """Whether one of the values of a page has still to be awaited, such as a query."""
    # PERF: it is asked for every page, and 0.05 us for each value.
    for value in values.values():  # noqa: SIM110 -- any() makes a generator, which is half of the time
        if hasattr(type(value), "__await__"):
            return True
    return False


async def ready(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a page, those that have to be awaited too, one after the other."""
    return {
        name: await value if hasattr(type(value), "__await__") else value for name, value in values.items()
    }


class Library:
    """The templates that handlers of one app see: its own, and those of the apps around it, which hide them."""

    def __init__(self, shelf: "Shelf", apps: Sequence[Recorded]) -> None:
        root = apps[0]
        self.development = root.development
        self.reload = root.development if shelf.reload is None else shelf.reload
        # Those that the own app includes come last: it may use what it does not have.
        every = [*apps, *[one for one in apps_of(apps[-1]) if one not in apps]]
        texts: dict[str, str] = {}
        for app in reversed(every):
            texts.update(_texts(app))
        self.search = Search(
            [folder for app in every for folder, _ in app.declared.templates],
            texts,
            overrides_of(apps),
            patches_of(apps),
        )
        self.names = _names(apps)
        self.contexts = [function for app in apps for function, _ in app.declared.pages.contexts]
        self.telling: Telling | None = telling(apps)
        self.direct = self.telling is None and not any(map(inspect.iscoroutinefunction, self.contexts))
        #: Who wants to see what is rendered: tests, and the toolbar.
        self.listening = shelf.listening
        if self.development and _tell_toolbar not in self.listening:
            self.listening.append(_tell_toolbar)
        self._codec = root.defaults.get("json")
        self._engines = {one.name: one for one in shelf.engines}
        self._by_suffix = {suffix: one for one in reversed(shelf.engines) for suffix in one.suffixes}
        self._default = shelf.engines[0]
        self._opened: dict[str, Opened] = {}
        self._prepared: dict[str, Prepared] = {}

    def prepared(self, name: str) -> Prepared:
        """A template by its name, ``films.html``, ``films.html#list``, ``mako:films.txt``. Raises TemplateError."""
        known = self._prepared.get(name)
        if known is not None and not self.reload:
            return known
        engine, path, block = self.split(name)
        made = self._prepared[name] = Prepared(
            name, self.opened(engine).template(path, block), page_type(path), self
        )
        return made

    def is_prepared(self, *names: str) -> bool:
        """Whether all of these were asked for before, so that nothing has to be compiled for them."""
        return all(name in self._prepared for name in names)

    @property
    def suffixes(self) -> frozenset[str]:
        """Of files that are templates."""
        return frozenset(self._by_suffix)

    def split(self, name: str) -> tuple[Engine, str, str | None]:
        """The engine, the name of the template for it, and the block."""
        path, _, block = name.partition("#")
        prefix, colon, rest = path.partition(":")
        if colon and prefix in self._engines:
            return self._engines[prefix], rest, block or None
        engine = self._by_suffix.get(path.rpartition(".")[2], self._default)
        return engine, path, block or None

    def opened(self, engine: Engine) -> Opened:
        """An engine at work."""
        found = self._opened.get(engine.name)
        if found is None:
            found = self._opened[engine.name] = engine.open(self.search, self.names, reload=self.reload)
        return found

    def string(self, source: str) -> Compiled:
        """A template that is a text, compiled."""
        return self.jinja.string(source)

    @property
    def jinja(self) -> OpenedJinja:
        """Jinja at work. Raises TemplateError where it is not among the engines."""
        for engine in self._engines.values():
            opened = self.opened(engine)
            if isinstance(opened, OpenedJinja):
                return opened
        raise TemplateError("Jinja is not among the engines of this app, and a text is a template of Jinja")

    def each_common(self, request: Request | None) -> list[Any]:
        """What each function of ``template_context`` gives."""
        return [] if request is None else [function(request) for function in self.contexts]

    def common(self, request: Request | None) -> dict[str, Any]:
        """What all of them give."""
        return {name: value for one in self.each_common(request) for name, value in one.items()}

    def record(self, name: str, values: Mapping[str, Any], request: Request | None) -> None:
        """Keeps what is rendered."""
        from segue.html.recording import Rendered

        for listener in self.listening:
            listener(Rendered(name, dict(values), request))


class Shelf:
    """What the plugin keeps of an app: how it is set, and the libraries of its handlers."""

    def __init__(
        self, engines: Sequence[Engine], texts: Mapping[str, str], reload: bool | None, app: Recorded
    ) -> None:
        self.engines = engines
        self.texts = texts
        self.reload = reload
        self.app = app
        self.listening: list[Callable[[Rendered], None]] = []
        self._libraries: dict[tuple[Recorded, ...], Library] = {}

    def library(self, apps: tuple[Recorded, ...]) -> Library:
        """The templates for handlers of the last of ``apps``, which the others include."""
        found = self._libraries.get(apps)
        if found is None:
            found = self._libraries[apps] = Library(self, apps)
        return found

    def libraries(self) -> list[Library]:
        """Those that were asked for until now."""
        return list(self._libraries.values())


SHELF: AppKey[Shelf] = AppKey("segue.html.templates")


def library_of(apps: tuple[Any, ...]) -> Library:
    """The templates for handlers of the last of ``apps``. Raises TemplateError where no app makes pages of templates."""
    for app in reversed(apps):
        if SHELF in app:
            library: Library = app[SHELF].library(apps)
            return library
    raise TemplateError(
        f"the app {apps[-1].name!r} makes no pages of templates: write App(plugins=[Templates()]), from segue.html"
    )


def _tell_toolbar(page: "Rendered") -> None:
    """Leaves a line about a page for the toolbar: segue.debug.history."""
    if page.request is not None:
        made = page.request.made = {} if page.request.made is None else page.request.made
        values = ", ".join(f"{name}: {type(value).__qualname__}" for name, value in page.values.items())
        made.setdefault("panels", {}).setdefault("Templates", []).append((page.template, values))


def _texts(app: Any) -> Mapping[str, str]:
    """The templates that an app has as text."""
    texts: Mapping[str, str] = app[SHELF].texts if SHELF in app else {}
    return texts


def page_type(path: str) -> str:
    """The ``Content-Type`` of the page of a template, by its name: ``feed.xml``, ``mail.txt.j2``, ``films.mako``."""
    for suffix in _TEMPLATE_SUFFIXES:
        path = path.removesuffix(suffix)
    last = path.rpartition("/")[2]
    if "." not in last:
        return "text/html; charset=utf-8"
    kind = media_type(path)
    return f"{kind}; charset=utf-8" if kind.startswith("text/") and "charset" not in kind else kind


def _names(apps: Sequence[Recorded]) -> Names:
    """What all of the apps have declared for templates; the inner app's names hide those of the outer one."""
    found = built_in(apps)
    for app in apps:
        for one in app.declared.pages.names:
            if one.kind == "global":
                found.asking.pop(one.name, None)
                found.globals.pop(one.name, None)
                found.values.pop(one.name, None)
                table: dict[str, Any] = found.asking if one.asks else found.globals
                table[one.name] = one.what
            elif one.kind == "value":
                found.asking.pop(one.name, None)
                found.globals.pop(one.name, None)
                found.values[one.name] = (one.what, one.asks)
            elif one.kind == "filter":
                found.filters[one.name] = one.what
            else:
                found.tests[one.name] = one.what
    return Names(found.globals, found.asking, found.values, found.filters, found.tests, found.texts)
