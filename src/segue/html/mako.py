"""Mako as an engine: Python in templates, everything escaped."""

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

from segue.html.engine import Names
from segue.html.errors import BrokenTemplate, TemplateMissing, UnknownBlock
from segue.html.mentions import Mentions
from segue.html.search import Search
from segue.http.request import Request

__all__ = ["Mako"]


def _mako(name: str) -> Any:
    """A module of Mako, which has no types. Raises ImportError, which says what to install."""
    try:
        return importlib.import_module(f"mako.{name}")
    except ImportError as error:
        raise ImportError("templates of Mako need it: pip install 'segue[mako]'") from error


class Mako:
    """Templates of Mako: ``films.mako``, or ``mako:films.html``.

        App(plugins=[Templates(engines=[Mako()])])        # pip install 'segue[mako]'

    Expressions are escaped (``${film | n}`` is not), unknown names are errors. ``films.mako#list`` is a block or a def.
    """

    name = "mako"
    suffixes = ("mako",)

    def open(self, search: Search, names: Names, *, reload: bool) -> "OpenedMako":
        """The engine for the templates of an app. Raises ImportError where Mako is not installed."""
        return OpenedMako(search, names, reload=reload)


class OpenedMako:
    """The templates of an app; those that inherit, include and import each other find each other here."""

    def __init__(self, search: Search, names: Names, *, reload: bool) -> None:
        self._make = _mako("template").Template
        self._search = search
        self._reload = reload
        self._mentions = Mentions(names)
        self._made: dict[str, tuple[Any, Any]] = {}

    def template(self, name: str, block: str | None) -> "MakoPage":
        """A template, or one of its blocks. Raises TemplateError."""
        template = self.get_template(name)
        if block is not None and not template.has_def(block):
            raise UnknownBlock(name, block, template.list_defs())
        return MakoPage(name, template, block, self._mentions)

    def get_template(self, uri: str) -> Any:
        """The template of Mako for a name: Mako itself asks for those that a template names."""
        known = self._made.get(uri)
        if known is not None and (not self._reload or known[1].is_fresh()):
            return known[0]
        exceptions = _mako("exceptions")
        found = self._search.find(uri)
        self._mentions.read(found.text)
        try:
            template = self._make(
                text=found.text,
                uri=uri,
                filename=found.file,
                lookup=self,
                default_filters=["h"],
                strict_undefined=True,
                output_encoding=None,
            )
        except (exceptions.CompileException, exceptions.SyntaxException) as error:
            wrong = str(error).partition(" in file ")[0].partition(" at line: ")[0]
            raise BrokenTemplate(uri, found.file, error.lineno, wrong, found.text) from error
        self._made[uri] = (template, found)
        return template

    def adjust_uri(self, uri: str, relativeto: str) -> str:
        """What a name in a template means: Mako asks."""
        return uri

    def filename_to_uri(self, filename: str) -> str:
        """The name of a file: Mako asks."""
        return filename

    def inquire(self, name: str) -> Sequence[tuple[int, str]]:
        """What is wrong in a template."""
        try:
            self.get_template(name)
        except BrokenTemplate as error:
            return [(error.line, error.wrong)]
        except TemplateMissing as error:
            return [(1, str(error))]
        return []


class MakoPage:
    """A template of Mako, compiled."""

    def __init__(self, name: str, template: Any, block: str | None, mentions: Mentions) -> None:
        self._name = name
        self._render = (template if block is None else template.get_def(block)).render
        self._mentions = mentions

    def render(self, values: Mapping[str, Any], request: Request | None) -> str:
        """The page. What its code raises has a note with the line of the template."""
        try:
            page: str = self._render(**self._mentions.given(values, request))
        except Exception as error:
            self._explain(error)
            raise
        return page

    def _explain(self, error: Exception) -> None:
        told = _mako("exceptions").RichTraceback(error=error, traceback=error.__traceback__)
        lines = [record for record in told.records if record[4] is not None]
        if lines:
            file, line, text = lines[-1][4:7]
            error.add_note(f"in the template {file}, line {line}: {str(text).strip()[:200]}")
