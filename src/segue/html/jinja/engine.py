"""Jinja2 as an engine of Segue: whole pages, blocks of them, and streams."""

import contextlib
import difflib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from segue.core.binding.json_codec import DEFAULT_JSON
from segue.core.ports import Codec
from segue.html.engine import Names
from segue.html.gaps import gaps_of, has_gaps
from segue.html.search import Search
from segue.http.request import Request

if TYPE_CHECKING:
    import jinja2

    from segue.html.jinja.environment import PageEnvironment

__all__ = ["Jinja", "JinjaPage", "OpenedJinja"]

#: What macros that are imported see of the page: links need the request.
_GIVEN = {"request"}
_MOST_STRINGS = 200


class Jinja:
    """Jinja2: what ``Templates()`` uses where nothing else is said.

        App(plugins=[Templates(engines=[Jinja(line_statements="%")])])

    ``line_statements``: what begins a line that is a statement, ``% for film in films``. ``bytecode``: a folder that keeps
    compiled templates for the next start; only who runs the app may write there. ``extensions``: of Jinja2.
    """

    name = "jinja"
    suffixes = ("jinja", "jinja2", "j2", "html", "htm", "xhtml", "xml", "svg", "txt")

    def __init__(
        self,
        *,
        line_statements: str | None = None,
        bytecode: Path | None = None,
        extensions: Sequence[str | type[Any]] = (),
    ) -> None:
        self._options: dict[str, Any] = {"extensions": list(extensions)}
        if line_statements is not None:
            self._options["line_statement_prefix"] = line_statements
        self._bytecode = bytecode

    def open(
        self, search: Search, names: Names, *, reload: bool, codec: Codec = DEFAULT_JSON
    ) -> "OpenedJinja":
        """The engine for the templates of an app."""
        from segue.html.jinja.environment import PageEnvironment

        environment = PageEnvironment(
            search, names, codec, reload=reload, bytecode=self._bytecode, **self._options
        )
        return OpenedJinja(environment)


class OpenedJinja:
    """The templates of an app."""

    def __init__(self, environment: "PageEnvironment") -> None:
        self.environment = environment
        self._strings: dict[str, JinjaPage] = {}
        self._whole: set[str] = set()

    def string(self, source: str) -> "JinjaPage":
        """A template that is a text. Raises BrokenTemplate."""
        found = self._strings.get(source)
        if found is None:
            if len(self._strings) >= _MOST_STRINGS:
                self._strings.clear()
            found = self._strings[source] = JinjaPage(self.environment.of_string(source))
        return found

    def template(self, name: str, block: str | None) -> "JinjaPage":
        """A template, or one of its blocks. Raises TemplateError."""
        template = self.environment.loaded(name)
        if name not in self._whole:
            self._load_others(name)
        if block is None:
            return JinjaPage(template)
        from segue.html.jinja.fragments import Fragment

        return Fragment(self.environment, template, block)

    def _load_others(self, name: str) -> None:
        """Loads what a template extends and includes, so that nothing is compiled while a page is rendered."""
        from jinja2 import TemplateError

        waiting = [name]
        while waiting:
            one = waiting.pop()
            if one in self._whole:
                continue
            self._whole.add(one)
            # Whether it is there and right is told where it is used: that may never be.
            with contextlib.suppress(TemplateError, OSError, ValueError):
                self.environment.get_template(one)
            waiting += self.environment.others.get(one, ())

    def inquire(self, name: str) -> Sequence[tuple[int, str]]:
        """What is wrong in a template."""
        from segue.html.jinja.inquiry import faults

        return list(faults(self.environment, name))


class JinjaPage:
    """A template, compiled."""

    def __init__(self, template: "jinja2.Template") -> None:
        from segue.html.jinja.context import PageContext

        self._template = template
        self._environment = template.environment
        self._context = PageContext

    def render(self, values: Mapping[str, Any], request: Request | None) -> str:
        """The page. What a template raises has a note that says which of its lines did."""
        context = self._seen(values, request)
        try:
            page = "".join(self._pieces(context))
        except Exception as error:  # noqa: BLE001 -- raised again, with the lines of the template
            self._fail(error, context)
        collected = context.parent.get("segue_assets")
        if collected is None:
            return page
        if request is not None and has_gaps(request):  # what fills them may ask for more
            gaps_of(request).finish = collected.put_into
            return page
        whole: str = collected.put_into(page)
        return whole

    def _fail(self, error: Exception, context: Any) -> NoReturn:
        from jinja2 import TemplateSyntaxError

        from segue.html.jinja.environment import broken

        if isinstance(error, TemplateSyntaxError):  # of a template that this one includes
            raise broken(error, str(self._template.name)) from error
        explain(error, context)
        self._environment.handle_exception()

    def _seen(self, values: Mapping[str, Any], request: Request | None) -> Any:
        # PERF: the names of the app are not copied into the context; it asks for them (context.py).
        context = self._context(
            self._environment, {"request": request, **values}, self._template.name, self._template.blocks
        )
        context.globals_keys = _GIVEN
        return context

    def _pieces(self, context: Any) -> Iterator[str]:
        return self._template.root_render_func(context)

    async def stream(self, values: Mapping[str, Any], request: Request | None) -> AsyncIterator[str]:
        """The page, piece by piece."""
        from segue.html.jinja.assets import nonce_of
        from segue.html.jinja.later import LATER, Pending

        environment: Any = self._environment
        page = type(self)(environment.awaiting().loaded(str(self._template.name)))
        context = page._seen(values, request)
        pending = context.parent[LATER] = Pending(nonce_of(context))
        pieces: Any = page._pieces(context)
        rest = ""
        try:
            async for piece in pieces:
                if pending and not rest and "</body>" in piece:
                    # What comes later comes before the end of the page.
                    before, _, after = piece.rpartition("</body>")
                    yield before
                    rest = f"</body>{after}"
                elif rest:
                    rest += piece
                else:
                    yield piece
            async for part in pending.parts():
                yield part
            if rest:
                yield rest
        except Exception as error:  # noqa: BLE001 -- raised again, with the lines of the template
            page._fail(error, context)
        finally:
            await pending.close()
            await pieces.aclose()


def explain(error: Exception, context: Any) -> None:
    """Tells of a name that is not there what may have been meant."""
    from jinja2 import UndefinedError

    if not isinstance(error, UndefinedError) or error.message is None:
        return
    name = error.message.partition("'")[2].partition("'")[0]
    if "has no attribute" in error.message or not name or hasattr(error, "__notes__"):
        return
    known = (*context.parent, *context.vars, *context.environment.globals)
    near = difflib.get_close_matches(name, known, 1, 0.6)
    values = ", ".join(sorted(one for one in context.parent if one != "request")) or "no values"
    error.add_note(f"did you mean {near[0]!r}?" if near else f"the page was given: {values}")
