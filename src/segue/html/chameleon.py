"""Chameleon as an engine: templates that stay well-formed pages, for who draws them in an editor of pages."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.parsers import expat

from segue.html.engine import Names
from segue.html.errors import BrokenTemplate, TemplateMissing, UnknownBlock
from segue.html.mentions import Mentions
from segue.html.search import Search
from segue.http.request import Request

__all__ = ["Chameleon", "check_well_formed"]

_DOCTYPE = re.compile(r"\s*(?:<\?xml.*?\?>\s*)?<!doctype\b", re.IGNORECASE | re.DOTALL)


class Chameleon:
    """Templates of Chameleon (TAL, METAL): ``films.pt``, or ``chameleon:films.html``.

        App(plugins=[Templates(engines=[Chameleon()])])        # pip install 'segue[chameleon]'

    A template is well-formed XML, and one that is not is an error when the app is frozen: an element that is not closed, a
    quote that is missing. ``films.pt#list`` is the macro of that name. Other templates are ``templates['layout.pt']``:

        <html metal:use-macro="templates['layout.pt']">
    """

    name = "chameleon"
    suffixes = ("pt",)

    def open(self, search: Search, names: Names, *, reload: bool) -> "OpenedChameleon":
        """The engine for the templates of an app. Raises ImportError where Chameleon is not installed."""
        return OpenedChameleon(search, names, reload=reload)


class OpenedChameleon:
    """The templates of an app, by their names: in a template they are ``templates``."""

    def __init__(self, search: Search, names: Names, *, reload: bool) -> None:
        try:
            from chameleon import PageTemplate
        except ImportError as error:
            raise ImportError("templates of Chameleon need it: pip install 'segue[chameleon]'") from error
        self._make: Any = PageTemplate
        self._search = search
        self._reload = reload
        self._mentions = Mentions(names)
        self._made: dict[str, tuple[Any, Any]] = {}

    def template(self, name: str, block: str | None) -> "ChameleonPage":
        """A template, or one of its macros. Raises TemplateError."""
        template = self[name]
        if block is not None and block not in template.macros.names:
            raise UnknownBlock(name, block, list(template.macros.names))
        return ChameleonPage(self, name, block, self._mentions)

    def __getitem__(self, name: str) -> Any:
        known = self._made.get(name)
        if known is not None and (not self._reload or known[1].is_fresh()):
            return known[0]
        from chameleon.exc import TemplateError as Wrong

        found = self._search.find(name)
        check_well_formed(name, found.file, found.text)
        self._mentions.read(found.text)
        try:
            template = self._make(found.text, filename=found.file)
            template.cook_check()
        except Wrong as error:
            line, _ = getattr(error, "location", (1, 0))
            raise BrokenTemplate(name, found.file, int(line), str(error.args[0]), found.text) from error
        self._made[name] = (template, found)
        return template

    def inquire(self, name: str) -> Sequence[tuple[int, str]]:
        """What is wrong in a template."""
        try:
            self[name]
        except BrokenTemplate as error:
            return [(error.line, error.wrong)]
        except TemplateMissing as error:
            return [(1, str(error))]
        return []


class ChameleonPage:
    """A template of Chameleon, compiled."""

    def __init__(self, opened: OpenedChameleon, name: str, block: str | None, mentions: Mentions) -> None:
        self._opened = opened
        self._mentions = mentions
        template: Any = opened[name]
        if block is not None:
            template = _macro_of(name, block)
        self._render = template.render

    def render(self, values: Mapping[str, Any], request: Request | None) -> str:
        """The page. What its expressions raise tells the line of the template, as Chameleon does."""
        page: str = self._render(**{"templates": self._opened, **self._mentions.given(values, request)})
        return page


def _macro_of(name: str, block: str) -> Any:
    from chameleon import PageTemplate

    page: Any = PageTemplate(f"<tal:block metal:use-macro=\"templates['{name}'].macros['{block}']\" />")
    return page


def check_well_formed(name: str, file: str, text: str) -> None:
    """Raises BrokenTemplate where a template is no well-formed XML, with the line and the element that is open."""
    has_root = _DOCTYPE.match(text) is not None or text.lstrip().startswith("<?xml")
    checked = (
        _DOCTYPE.sub(lambda found: found[0][:-7] + "DOCTYPE", text, count=1) if has_root else f"<_>{text}</_>"
    )
    opened: list[tuple[str, int]] = []
    parser = expat.ParserCreate()
    parser.UseForeignDTD(True)  # names of characters, such as &nbsp;, are the browser's affair
    parser.StartElementHandler = lambda tag, _: opened.append((tag, parser.CurrentLineNumber))
    parser.EndElementHandler = lambda _: opened.pop()
    try:
        parser.Parse(checked, True)
    except expat.ExpatError as error:
        wrong = expat.ErrorString(error.code) or "it is not well-formed"
        raise BrokenTemplate(name, file, error.lineno, "".join(_told(wrong, opened)), text) from None


def _told(wrong: str, opened: Sequence[tuple[str, int]]) -> Iterator[str]:
    yield f"this is not well-formed: {wrong}"
    inner = [one for one in opened if one[0] != "_"]
    if inner:
        tag, line = inner[-1]
        yield f"; <{tag}> of line {line} is open: close it with </{tag}>, or write <{tag}/> if it is empty"
