"""Pages for errors, by templates: ``errors/404.html``, ``errors/500.html``, ``errors/error.html`` for all others."""

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from segue.core.errors.handlers import error_response
from segue.core.errors.titles import page_title
from segue.core.plugins.setup import Setup
from segue.html.gaps import fill_now
from segue.html.library import library_of
from segue.http.errors import HTTPError
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["ErrorPages", "error_templates"]

logger = logging.getLogger("segue.html")

_STATUS = re.compile(r"errors/([345][0-9]{2})\.html\Z")
_ANY = "errors/error.html"


def error_templates(folders: Iterable[Path], texts: Mapping[str, str]) -> dict[int, str]:
    """The templates of pages for errors, by status; 0 stands for all that have none."""
    names = {f"errors/{file.name}" for folder in folders for file in sorted(folder.glob("errors/*.html"))}
    found = {int(status[1]): name for name in (*names, *texts) if (status := _STATUS.match(name))}
    if _ANY in names or _ANY in texts:
        found[0] = _ANY
    return found


class ErrorPages:
    """Answers errors with pages of the app, for those who want HTML; everybody else gets what they get without it.

    A template sees ``error``, ``status``, ``title``, ``detail`` and ``request_id`` (None, where there is none).
    """

    def __init__(self, app: Any, templates: Mapping[int, str]) -> None:
        self._app = app
        self._templates = templates

    def declare(self, to: Setup) -> None:
        """Lets them answer what there are templates for; the app's own error handlers go before them."""
        if 0 in self._templates:
            to.error_handler(HTTPError)(self.answer)
        for status in self._templates:
            if status:
                to.error_handler(status)(self.answer)
        if 0 in self._templates and 500 not in self._templates:
            to.error_handler(500)(self.answer)

    @property
    def answer(self) -> Callable[[Request, Exception], Response]:
        """The error handler."""
        return self._answer

    def _answer(self, request: Request, error: Exception) -> Response:
        app = self._app
        # It logs what nobody foresaw, and has the header fields and the form that the error has without a page.
        plain = error_response(
            request,
            error,
            debug="values" if app.debug and app.development else app.debug,
            form=app.defaults.get("errors", "auto"),
        )
        template = self._templates.get(plain.status) or self._templates.get(0)
        is_page = (plain.content_type or "").startswith("text/html")
        if template is None or not is_page or (plain.status >= 500 and app.debug):
            return plain
        try:
            prepared = library_of(request.endpoint.apps if request.endpoint else (app,)).prepared(template)  # type: ignore[attr-defined] # an Endpoint
            page = fill_now(request, prepared.text(_values(request, error, plain.status), request))
        except Exception:
            logger.exception("the page %s of an error failed; the error is shown without it", template)
            return plain
        plain.body = page.encode()
        if "content-security-policy" in plain.headers:  # that of the page which is not shown
            del plain.headers["content-security-policy"]
        plain.headers["content-type"] = prepared.content_type
        return plain


def _values(request: Request, error: Exception, status: int) -> dict[str, Any]:
    told = error if isinstance(error, HTTPError) else None
    made = request.made or {}
    return {
        "error": error,
        "status": status,
        "title": (told.title if told else "") or page_title(status),
        "detail": told.detail if told else "",
        "request_id": made.get("request_id"),
    }
