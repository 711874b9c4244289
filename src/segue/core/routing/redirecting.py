"""Routes that only say where something has gone: ``app.redirect(path, to)``."""

import inspect
import re
from typing import Any

from segue.http.errors import Redirect
from segue.http.request import Request
from segue.http.response import Response
from segue.http.url import encode_path_segment

__all__ = ["RedirectTo"]

_field = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SEVERAL_SLASHES = re.compile(r"[/\\]+")


class RedirectTo:
    """The handler of such a route.

    ``to``: a path of the app, or a whole URL, in which ``{name}`` stands for a parameter of the path; the query of the
    request is put behind it. Raises ValueError for another status than 301, 302, 303, 307 and 308.
    """

    def __init__(self, to: str, status: int) -> None:
        if status not in (301, 302, 303, 307, 308):
            raise ValueError(f"a redirect has the status 301, 302, 303, 307 or 308, not {status}")
        if not to.startswith("/") and "://" not in to.partition("{")[0]:
            raise ValueError(f"a redirect leads to a path, like '/films', or a whole URL, not to {to!r}")
        self.to = to
        self.status = status
        self.__name__ = f"redirect to {to}"
        fields = [
            inspect.Parameter(one, inspect.Parameter.KEYWORD_ONLY)
            for one in dict.fromkeys(_field.findall(to))
        ]
        # What `to` needs is a parameter of the handler: a path without it is an error at freeze.
        self.__signature__ = inspect.Signature(
            [inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD), *fields]
        )

    async def __call__(self, request: Request, **values: Any) -> Response:
        def value(match: re.Match[str]) -> str:
            return "/".join([encode_path_segment(one) for one in str(values[match[1]]).split("/")])

        target = _field.sub(value, self.to)
        if self.to.startswith("/"):
            # Two slashes at its start would be the name of another host.
            first = _SEVERAL_SLASHES.match(target)
            target = request.prefix + "/" + target[first.end() if first else 0 :]
        if request.query_string:
            target += ("&" if "?" in target else "?") + request.query_string
        raise Redirect(target, self.status)
