"""Markers: where the value of a handler's parameter comes from, said in its annotation.

    @app.get("/films")
    async def search(q: Query[str] = "", lang: Header[str] = "en", page: Query[Page] = Page()) -> list[Film]: ...

To a type checker ``Query[int]`` is ``int``. A Struct, dataclass or TypedDict takes its fields from there, each by its
own name. Constraints are those of msgspec: ``Query[Annotated[int, Meta(ge=1)]]``. ``Named`` gives another name:
``Header[Annotated[str, Named("X-Request-Token")]]``.
"""

from typing import Annotated, TypeAlias, TypeVar

from segue.http.uploads import UploadFile

__all__ = ["Body", "Cookie", "File", "Form", "Header", "Marker", "Named", "Query"]

T = TypeVar("T")


class Marker:
    """Says in an annotation where the value comes from."""

    __slots__ = ("origin",)

    def __init__(self, origin: str) -> None:
        self.origin = origin

    def __repr__(self) -> str:
        return f"<{self.origin}>"


class Named:
    """The name that a parameter has in the request, where it is not that of the Python parameter."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"Named({self.name!r})"


Query: TypeAlias = Annotated[T, Marker("query")]
"""From the query string: ``/films?page=2``. A list takes every value of its name."""

Header: TypeAlias = Annotated[T, Marker("header")]
"""From a header field; underscores of the name stand for hyphens: ``user_agent`` is ``User-Agent``."""

Cookie: TypeAlias = Annotated[T, Marker("cookie")]
"""From a cookie."""

Form: TypeAlias = Annotated[T, Marker("form")]
"""From the body as a form, urlencoded or multipart."""

Body: TypeAlias = Annotated[T, Marker("body")]
"""The whole body: validated JSON; for ``Body[bytes]`` its bytes and for ``Body[str]`` its text, whatever they say."""

File: TypeAlias = UploadFile
"""A file of a form; ``list[File]`` takes every file of its name."""
