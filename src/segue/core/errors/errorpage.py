"""The pages that Segue shows by itself: errors, tracebacks, listings. No script, and nothing from anywhere else."""

import base64
import functools
import hashlib
import html
from collections.abc import Mapping

from segue.core.pages.look import plain_style
from segue.core.texts.speaking import SOURCE_LANGUAGE, current_direction, current_language
from segue.core.texts.texts import framework
from segue.http.errors import HTTPError
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["error_page", "escape", "page"]

_ = framework.gettext

escape = functools.partial(html.escape, quote=True)


@functools.cache
def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors 'none'"
    )


def page(
    title: str,
    content: str,
    status: int,
    headers: Mapping[str, str] | None = None,
    *,
    wide: bool = False,
    style: str = "",
    translated: bool = False,
) -> Response:
    """A built-in page. ``title`` is text and gets escaped; ``content`` is HTML, escaped by its maker. ``style``: more rules.

    ``translated``: its texts are in the language of who reads; those for developers are in English.
    """
    language, direction = SOURCE_LANGUAGE, ""
    if translated:
        language = current_language()
        direction = ' dir="rtl"' if current_direction() == "rtl" else ""
    kind = "wide" if wide else "alone"
    style = plain_style() + style
    document = (
        f'<!doctype html>\n<html lang="{escape(language)}"{direction}>\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="robots" content="noindex">\n<style>{style}</style>\n</head>\n'
        f'<body>\n<main class="{kind}">\n{content}\n</main>\n</body>\n</html>\n'
    )
    response = Response(document.encode("utf-8", "replace"), status, headers, "text/html; charset=utf-8")
    response.headers["content-security-policy"] = _policy(style)
    return response


def error_page(
    request: Request,
    error: HTTPError,
    title: str,
    shown: BaseException | None,
    internal: Mapping[str, str],
    *,
    with_values: bool = False,
) -> Response:
    """The page of an error; with the traceback of ``shown`` when the app is being debugged.

    ``internal``: what the error says to developers. ``with_values``: and with what its frames knew.
    """
    content = [f"<h1>{escape(title)}</h1>"]
    if error.detail and shown is None:
        content.append(f"<p>{escape(error.detail)}</p>")
    for one in error.extra.get("errors", ()):
        if isinstance(one, Mapping):
            where = " → ".join(str(part) for part in one.get("loc", ()))
            content.append(f"<p><code>{escape(where)}</code> {escape(str(one.get('msg', '')))}</p>")
    status = escape(_("Status %(status)s", status=error.status))
    content.append(f'<p class="soft">{status}</p>')
    if "request_id" in error.extra:
        label, identifier = escape(_("Request")), escape(str(error.extra["request_id"]))
        content.append(f'<p class="soft">{label} <code>{identifier}</code></p>')
    if internal:
        rows = "".join(
            f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
            for name, value in internal.items()
        )
        content.append(f"<h2>Internal</h2>\n<table>{rows}</table>")
    if shown is not None:
        from segue.core.errors.debugpage import STYLE as MORE, failure_html

        content.append(failure_html(request, shown, with_values=with_values))
        return page(title, "\n".join(content), error.status, error.headers, wide=True, style=MORE)
    return page(title, "\n".join(content), error.status, error.headers, translated=True)
