"""The language in the URL: ``/it/films`` is ``/films`` in Italian."""

from segue.core.records import Next
from segue.http.errors import PermanentRedirect
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["FILES", "Languages"]

_KEY = "language"
#: What URLs of static files begin with, in what a request has made.
FILES = "prefix of files"


class Languages:
    """Middleware: takes the language off the path, and puts it before all URLs that the request writes.

        languages = Languages("en", "it", "pt-BR")
        app.middleware(languages)

        @app.get("/films")                              # /films and /it/films
        async def films(request: Request) -> str:
            if languages.of(request) == "it": ...
            request.url_for("films")                    # /it/films, if that is where we are
            languages.url(request, "pt-BR")             # this page in Portuguese

    The first is the default one, which no URL names: ``/en/films`` redirects to ``/films``. With ``always`` it is named as
    the others are, and a path that names none has no language. Put it before what looks at paths. The response says its
    language in ``Content-Language``.
    """

    def __init__(self, default: str, *others: str, always: bool = False) -> None:
        self.default = default
        self.others = others
        self.always = always
        self._by_segment = {name.lower(): name for name in (default, *others)}

    async def __call__(self, request: Request, next: Next) -> Response:
        first = _first(request)
        named = self._by_segment.get(first.lower())
        if named is None and self.always:
            return await next(request)
        language = named or self.default
        if named is not None:
            rest = _without(request.target, first)
            if first != language or self._prefix(language) == "":
                raise PermanentRedirect(f"{request.prefix}{self._prefix(language)}{rest}")
            request.target = rest
            request.path = request.path[len(first) + 1 :] or "/"
        made = request.made = request.made or {}
        # Files have no language: in each of them they are at one address.
        made[FILES] = request.prefix
        if named is not None:
            request.prefix += f"/{language}"
        made[_KEY] = language
        made.pop("url", None)
        response = await next(request)
        response.headers.setdefault("content-language", language)
        return response

    def named(self, request: Request) -> str | None:
        """The language that the path of a request begins with, which is not taken off yet."""
        return self._by_segment.get(_first(request).lower())

    def of(self, request: Request) -> str:
        """The language that the URL asks for."""
        language: str = (request.made or {}).get(_KEY, self.default)
        return language

    def url(self, request: Request, language: str) -> str:
        """Where the page of ``request`` is in another language, its query included. Raises ValueError for an unknown one."""
        if language not in self._by_segment.values():
            raise ValueError(f"{language!r} is not one of {', '.join(self._by_segment.values())}")
        own = (request.made or {}).get(_KEY)
        prefix = request.prefix if own is None else request.prefix.removesuffix(self._prefix(own))
        return f"{prefix}{self._prefix(language)}{request.target}"

    def _prefix(self, language: str) -> str:
        return "" if language == self.default and not self.always else f"/{language}"


def _first(request: Request) -> str:
    return request.path.split("/", 2)[1] if request.path.startswith("/") else ""


def _without(target: str, first: str) -> str:
    """The target below its first segment. Never ``//``, which a browser would read as another host."""
    path, mark, query = target.partition("?")
    return f"/{path[len(first) + 1 :].lstrip('/')}{mark}{query}"
