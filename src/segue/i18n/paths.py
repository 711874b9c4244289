"""The language in the path, for an app that speaks several."""

from segue.core.records import Next
from segue.core.routing.languages import Languages as PathMiddleware
from segue.core.texts.speaking import current_language
from segue.http.errors import TemporaryRedirect
from segue.http.request import Request
from segue.http.response import Response
from segue.i18n.spoken import Spoken

__all__ = ["PathLanguages"]


class PathLanguages(PathMiddleware):
    """Middleware: takes the language off the path. ``always``: that of the default language too."""

    def __init__(self, spoken: Spoken, *, always: bool) -> None:
        super().__init__(*spoken.languages.tags, always=always)

    async def __call__(self, request: Request, next: Next) -> Response:
        if self.always and self.named(request) is None and _wants_page(request):
            raise TemporaryRedirect(self.url(request, current_language()))
        return await super().__call__(request, next)


def _wants_page(request: Request) -> bool:
    return request.method in ("GET", "HEAD") and "text/html" in request.headers.get("accept", "")
