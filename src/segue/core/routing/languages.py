"""The language in the URL: ``/it/films`` is ``/films`` in Italian."""

from segue.core.records import Next
from segue.http.errors import PermanentRedirect
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["Languages"]

_KEY = "language"


class Languages:
    """Middleware: takes the language off the path, and puts it before all URLs that the request writes.

        languages = Languages("en", "it", "pt-BR")
        app.middleware(languages)

        @app.get("/films")                              # /films and /it/films
        async def films(request: Request) -> str:
            if languages.of(request) == "it": ...
            request.url_for("films")                    # /it/films, if that is where we are
            languages.url(request, "pt-BR")             # this page in Portuguese

    The first is the default one, which no URL names: ``/en/films`` redirects to ``/films``. Put it before what looks at
    paths. The response says its language in ``Content-Language``.
    """

    def __init__(self, default: str, *others: str) -> None:
        self.default = default
        self.others = others
        self._by_segment = {name.lower(): name for name in (default, *others)}

    async def __call__(self, request: Request, next: Next) -> Response:
        first = request.path.split("/", 2)[1] if request.path.startswith("/") else ""
        language = self._by_segment.get(first.lower(), self.default)
        if first.lower() in self._by_segment:
            rest = _without(request.target, first)
            if language == self.default or first != language:
                shown = "" if language == self.default else f"/{language}"
                raise PermanentRedirect(f"{request.prefix}{shown}{rest}")
            request.target = rest
            request.path = request.path[len(first) + 1 :] or "/"
            request.prefix += f"/{language}"
        made = request.made = request.made or {}
        made[_KEY] = language
        made.pop("url", None)
        response = await next(request)
        response.headers.setdefault("content-language", language)
        return response

    def of(self, request: Request) -> str:
        """The language that the URL asks for."""
        language: str = (request.made or {}).get(_KEY, self.default)
        return language

    def url(self, request: Request, language: str) -> str:
        """Where the page of ``request`` is in another language, its query included. Raises ValueError for an unknown one."""
        if language not in self._by_segment.values():
            raise ValueError(f"{language!r} is not one of {', '.join(self._by_segment.values())}")
        own = self.of(request)
        prefix = request.prefix if own == self.default else request.prefix.removesuffix(f"/{own}")
        return f"{prefix}{'' if language == self.default else f'/{language}'}{request.target}"


def _without(target: str, first: str) -> str:
    """The target below its first segment. Never ``//``, which a browser would read as another host."""
    path, mark, query = target.partition("?")
    return f"/{path[len(first) + 1 :].lstrip('/')}{mark}{query}"
