"""Gives Jinja2 the templates that an app finds."""

import re
from collections.abc import Callable, Iterator, Sequence

from jinja2 import BaseLoader, Environment, TemplateNotFound

from segue.html.errors import TemplateMissing
from segue.html.search import Found, Search

__all__ = ["Loader", "Missing"]

_EXTENDS = re.compile(r"""\bextends\s+(["'])(.+?)\1""")


class Missing(TemplateMissing, TemplateNotFound):
    """A template that is not there, as Jinja2 expects it: ``{% include ... ignore missing %}`` goes on."""

    def __init__(self, name: str, places: Sequence[str], nearest: str | None) -> None:
        TemplateMissing.__init__(self, name, places, nearest)
        self.message = self.args[0]
        self.templates = [name]

    def __str__(self) -> str:
        return str(self.args[0])


class Loader(BaseLoader):
    """Loads by :class:`segue.html.search.Search`."""

    def __init__(self, search: Search) -> None:
        self.search = search

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        try:
            found = self.search.find(template)
        except TemplateMissing as error:
            raise Missing(error.template, error.places, error.nearest) from None

        above = list(self.above(found.text)) if environment.auto_reload else []

        def is_fresh() -> bool:
            # Another file may have come that hides this one; and where its blocks stand, those above it say.
            return (
                found.is_fresh()
                and (found.changed is None or self.search.file_of(template) == found.file)
                and all(one.is_fresh() for one in above)
            )

        return found.text, found.file, is_fresh

    def above(self, text: str) -> Iterator[Found]:
        """The templates that one extends, as far as their names stand in it."""
        seen: set[str] = set()
        while (extends := _EXTENDS.search(text)) is not None and extends[2] not in seen:
            seen.add(extends[2])
            try:
                found = self.search.find(extends[2])
            except TemplateMissing:
                return
            yield found
            text = found.text

    def list_templates(self) -> list[str]:
        return sorted(self.search.names())
