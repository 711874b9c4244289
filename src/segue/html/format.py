"""A template as a format: one more way in which the result of a handler is written."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import msgspec

from segue.core.binding.parameters import HandlerError
from segue.core.handlers import Endpoint
from segue.core.ports import Format
from segue.html.errors import TemplateError
from segue.html.gaps import filled, has_gaps
from segue.html.library import Library, Prepared, library_of, page_type, waits
from segue.http.request import Request

__all__ = ["Template", "TemplateFormat", "values_of"]


class Template:
    """A page by a template, as a format among others.

        @app.get("/films", formats=[JSON, Template("films.html")], suffixes=True)
        async def films() -> dict[str, list[Film]]: ...

    ``template="films.html"`` is the same, as the first of the formats. The template is looked for when the app is frozen.
    ``suffix``: of a path of its own; by default the last one of the name (``html``).
    """

    def __init__(self, template: str, *, suffix: str | None = None) -> None:
        self.template = template
        content_type = page_type(template.partition("#")[0])
        self.name = f"template {template}"
        self.media_types = (content_type.partition(";")[0],)
        last = template.partition("#")[0].rpartition(".")[2]
        self.suffixes = (
            suffix or (last if last.isalnum() and self.media_types[0] != "text/html" else "html"),
        )

    def encode(self, value: Any) -> bytes:
        """Raises TypeError: a page belongs to a route, which says where its template is."""
        raise TypeError(
            f"the template {self.template!r} is rendered for a route only; see segue.html.Renderer"
        )

    def for_endpoint(self, endpoint: Endpoint) -> Format:
        """The format for one route. Raises HandlerError for a template that is not there, or wrong."""
        try:
            library = library_of(endpoint.apps)
            prepared = library.prepared(self.template)
        except TemplateError as error:
            raise HandlerError(f"{endpoint.declared}: {error}") from error
        return TemplateFormat(self, library, prepared)

    def __repr__(self) -> str:
        return f"Template({self.template!r})"


class TemplateFormat:
    """The template of one route, looked up."""

    takes_none = True
    own_errors = True

    def __init__(self, template: Template, library: Library, prepared: Prepared) -> None:
        self.name = template.name
        self.media_types = template.media_types
        self.suffixes = template.suffixes
        self._library = library
        self._name = template.template
        # PERF: what is known when the app is frozen is not looked up again.
        self._prepared = None if library.reload else prepared
        self._text = prepared.text

    def encode(self, value: Any) -> bytes:
        """The page for no request."""
        return self._library.prepared(self._name).text(values_of(value), None).encode()

    def render(self, value: Any, request: Request) -> Any:
        """The page, or what has to be awaited for it."""
        prepared = self._prepared or self._library.prepared(self._name)
        values: Mapping[str, Any] = value if type(value) is dict else values_of(value)
        if self._library.direct and not waits(values):
            page = prepared.text(values, request)
            return _filled(request, page) if has_gaps(request) else page.encode()
        return self._told(prepared, values, request)

    async def _told(self, prepared: Prepared, values: Mapping[str, Any], request: Request) -> bytes:
        return (await prepared.told(values, request)).encode()


async def _filled(request: Request, page: str) -> bytes:
    return (await filled(request, page)).encode()


def values_of(value: Any) -> Mapping[str, Any]:
    """What a template sees of a result: the items of a mapping, the fields of a model; the whole as ``result``."""
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return {str(name): one for name, one in value.items()}
    if isinstance(value, msgspec.Struct):
        return {"result": value, **{name: getattr(value, name) for name in value.__struct_fields__}}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {"result": value, **{one.name: getattr(value, one.name) for one in dataclasses.fields(value)}}
    return {"result": value}
