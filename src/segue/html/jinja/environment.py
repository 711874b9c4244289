"""The environment of Jinja2: strict, escaping everything, with the names of an app."""

import functools
from collections.abc import Callable, MutableMapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import meta, nodes
from jinja2.ext import Extension

from segue.core.ports import Codec
from segue.html.attribute import attributes
from segue.html.engine import Names
from segue.html.errors import BrokenTemplate
from segue.html.jinja.assets import ASSETS, Assets, page_assets
from segue.html.jinja.bytecode import Bytecode
from segue.html.jinja.caching import Caching
from segue.html.jinja.codegen import PageCode
from segue.html.jinja.components import Components, Prop, Use
from segue.html.jinja.context import PageContext
from segue.html.jinja.escaping import FILTERS, Misplaced, escape_in_place
from segue.html.jinja.later import LATER, Later
from segue.html.jinja.loader import Loader
from segue.html.jinja.public import public_json, shown
from segue.html.jinja.translating import Translating
from segue.html.markup import TEXT, Spot
from segue.html.script import json_for_page, json_script
from segue.html.search import Search

__all__ = ["PageEnvironment", "StrictName"]

#: Where templates begin, by their suffixes. Of others, such as a text for a mail, autoescape is all there is.
_BEGINS = {
    **dict.fromkeys((".html", ".htm", ".xhtml", ".svg", ".xml", ".jinja", ".jinja2", ".j2"), TEXT),
    **dict.fromkeys((".js", ".mjs"), Spot("raw", "script")),
    ".css": Spot("raw", "style"),
}


def _begins(name: str) -> Spot | None:
    """Where a template begins, for whose values the place matters."""
    return next((spot for end, spot in _BEGINS.items() if name.endswith(end)), None)


class StrictName(jinja2.StrictUndefined):
    """A name that is not there: whatever is done with it fails, but ``is defined`` and ``|default``."""

    __slots__ = ()


class PageEnvironment(jinja2.Environment):
    """Compiles the templates of an app; ``values`` are those that are made when a page mentions them."""

    context_class = PageContext
    code_generator_class = PageCode
    #: What the templates of one page share beside the request.
    carried = (ASSETS, LATER)

    def __init__(
        self,
        search: Search,
        names: Names,
        codec: Codec,
        *,
        reload: bool,
        bytecode: Path | None = None,
        extensions: Sequence[str | type[Extension]] = (),
        **options: Any,
    ) -> None:
        #: What components take, and where they are used, by the names of templates: kept when one is parsed.
        self.props: dict[str, dict[str, Prop]] = {}
        self.uses: dict[str, list[Use]] = {}
        #: The others that a template names, known since it was parsed.
        self.others: dict[str, frozenset[str]] = {}
        how = f"{sorted(options.items(), key=str)} {extensions}"
        cache = None if bytecode is None else Bytecode(bytecode, how)
        super().__init__(
            loader=Loader(search),
            autoescape=True,
            undefined=StrictName,
            finalize=shown,
            auto_reload=reload,
            bytecode_cache=cache,
            cache_size=-1,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            extensions=[
                Components,
                Assets,
                Later,
                Caching,
                Translating,
                "jinja2.ext.do",
                "jinja2.ext.loopcontrols",
                *extensions,
            ],
            **options,
        )
        self.search = search
        self._codec = codec
        self._options: dict[str, Any] = {"extensions": extensions, **options}
        self._awaiting: PageEnvironment | None = None
        self.names = names
        self.values = dict(names.values)
        known: dict[str, Any] = self.globals
        known.update({"attributes": attributes, "page_assets": page_assets, **names.globals})
        for name, function in names.asking.items():
            self.globals[name] = _asking(function)
        encode = public_json(codec)
        self.filters["tojson"] = functools.partial(json_for_page, encode=encode)
        self.filters["json_script"] = functools.partial(json_script, encode=encode)
        self.filters["xmlattr"] = attributes
        self.filters.update(FILTERS)
        self.filters.update({name: _unfolded(function) for name, function in names.filters.items()})
        self.tests.update(names.tests)
        self._spots: dict[str, dict[str, Spot]] = {}

    def awaiting(self) -> "PageEnvironment":
        """The same, for templates that await: they are slower, and so compiled only for pages that are streamed."""
        if self._awaiting is None:
            self._awaiting = PageEnvironment(
                self.search,
                self.names,
                self._codec,
                reload=self.auto_reload,
                **self._options,
                enable_async=True,
            )
        return self._awaiting

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """What templates have besides their context, which finds the globals by itself."""
        return {} if d is None else d

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        if name is not None:
            self.uses.pop(name, None)
            self.props.pop(name, None)
        tree = super()._parse(source, name, filename)
        if name is not None:
            named = filter(None, meta.find_referenced_templates(tree))
            self.others[name] = frozenset([*named, *[one.component for one in self.uses.get(name, ())]])
        begins = TEXT if name is None else _begins(name)
        if begins is not None:
            try:
                spots = escape_in_place(tree, begins, self._spots_above(tree))
            except Misplaced as error:
                raise jinja2.TemplateSyntaxError(str(error), error.line, name, filename) from None
            if name is not None:
                self._spots[name] = spots
        return tree

    def _spots_above(self, tree: nodes.Template) -> dict[str, Spot]:
        """Where the blocks begin of the template that this one extends."""
        extends = tree.find(nodes.Extends)
        if extends is None or not isinstance(extends.template, nodes.Const):
            return {}
        above = str(extends.template.value)
        if above not in self._spots or self.auto_reload:
            self._spots[above] = {}  # two that extend each other end here
            try:
                text, file, _ = Loader(self.search).get_source(self, above)
                self._parse(text, above, file)
            except jinja2.TemplateNotFound:
                pass  # told where it is loaded
        return self._spots[above]

    def props_of(self, name: str) -> dict[str, Prop]:
        """What a component takes."""
        if name not in self.props:
            self.tree_of(name)
            self.props.setdefault(name, {})
        return self.props[name]

    def tree_of(self, name: str) -> nodes.Template:
        """The syntax tree of a template. Raises TemplateMissing and BrokenTemplate."""
        text, file, _ = Loader(self.search).get_source(self, name)
        try:
            return self._parse(text, name, file)
        except jinja2.TemplateSyntaxError as error:
            error.source = text
            raise broken(error, name) from error

    def of_string(self, source: str) -> jinja2.Template:
        """A template that is a text. Raises BrokenTemplate."""
        try:
            return self.from_string(source)
        except jinja2.TemplateSyntaxError as error:
            raise broken(error, "<text>") from error

    def loaded(self, name: str) -> jinja2.Template:
        """A template. Raises TemplateMissing and BrokenTemplate."""
        try:
            return self.get_template(name)
        except jinja2.TemplateSyntaxError as error:
            raise broken(error, name) from error


def broken(error: jinja2.TemplateSyntaxError, name: str) -> BrokenTemplate:
    """A syntax error of Jinja2 as ours."""
    return BrokenTemplate(
        error.name or name, error.filename or "", error.lineno, error.message or "", error.source or ""
    )


def _unfolded(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter of the app, called whenever a page is rendered: Jinja2 would call it once for ``{{ 9.9|price }}``, for all
    readers.
    """
    if hasattr(function, "jinja_pass_arg"):
        return function

    @jinja2.pass_context
    def filtering(_context: Any, /, *args: Any, **named: Any) -> Any:
        return function(*args, **named)

    return filtering


def _asking(function: Callable[..., Any]) -> Callable[..., Any]:
    @jinja2.pass_context
    def asking(context: Any, /, *args: Any, **named: Any) -> Any:
        return function(context.parent.get("request"), *args, **named)

    return asking
