"""The pages of the toolbar. No script, and nothing from anywhere else."""

import importlib.metadata
import platform
import time
from collections.abc import Iterable, Sequence

from segue.core.errors.errorpage import escape, page
from segue.core.inspection.overview import Inspection, RouteInfo
from segue.debug.history import Entry
from segue.http.response import Response

__all__ = ["app_page", "history_page", "link", "request_page"]

_STYLE = """
h2 { margin-top: 2.5rem; font-size: 1.125rem }
nav { display: flex; gap: 1.25rem; margin: 0 0 1.5rem }
td, th { vertical-align: top; overflow-wrap: anywhere }
td.number { white-space: nowrap; padding-inline-start: .5rem }
tbody th { font-weight: 400; color: var(--soft); width: 16rem }
tr.failed td { color: var(--bad) }
"""


def link(prefix: str, entry: Entry) -> str:
    """What is put into a page: one line that leads to what is known about its request."""
    told = f"{entry.method} {entry.target[:80]}: {entry.status}, {entry.seconds * 1000:.1f} ms"
    return f'<aside id="segue-toolbar" lang="en"><a href="{escape(prefix)}/requests/{entry.number}">{escape(told)}</a></aside>'


def history_page(prefix: str, entries: Iterable[Entry]) -> Response:
    """The last requests, the newest first."""
    rows = [
        f'<tr{" class=failed" if one.status >= 500 else ""}><td class="number">'
        f"{time.strftime('%H:%M:%S', time.localtime(one.began))}</td>"
        f'<td><a href="{escape(prefix)}/requests/{one.number}">{escape(f"{one.method} {one.target}")}</a></td>'
        f'<td>{escape(one.endpoint)}</td><td class="number">{one.status or "..."}</td>'
        f'<td class="number">{one.seconds * 1000:.1f}</td><td class="number">{len(one.log) or ""}</td></tr>'
        for one in entries
    ]
    head = "".join(
        f'<th scope="col">{title}</th>' for title in ("Time", "Request", "Answered by", "Status", "ms", "Log")
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    return _page(prefix, "Requests", table if rows else "<p>There was none yet.</p>")


def request_page(prefix: str, entry: Entry) -> Response:
    """All that is known about one request."""
    size = "streamed" if entry.size is None else f"{entry.size:,} bytes"
    facts = [
        ("Answered by", entry.endpoint or "no route"),
        ("Status", str(entry.status)),
        ("Time", f"{entry.seconds * 1000:.2f} ms"),
        ("In middleware", f"{(entry.seconds - entry.inside) * 1000:.2f} ms"),
        ("Below it", f"{entry.inside * 1000:.2f} ms"),
        ("Body", size),
    ]
    log = "".join(f"{escape(line)}\n" for line in entry.log)
    parts = [
        _table(facts),
        _titled("Values of the path", _table(entry.values)),
        _titled("Header of the request", _table(entry.sent)),
        _titled("Header of the response", _table(entry.answered)),
        *[_titled(title, _table(rows)) for title, rows in entry.panels.items()],
        _titled("Log", f"<pre>{log}</pre>" if log else ""),
    ]
    return _page(prefix, f"{entry.method} {entry.target}", "\n".join(parts))


def app_page(
    prefix: str, app: Inspection, providers: Sequence[tuple[str, str]], settings: Sequence[tuple[str, str]]
) -> Response:
    """What the app consists of: routes, middleware, providers, error handlers, settings, versions."""
    names = ("segue", "msgspec", "httptools", "uvloop", "h11", "websockets", "click")
    versions = [("python", platform.python_version())]
    for name in names:
        try:
            versions.append((name, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            continue
    parts = [
        _titled("Routes", _table([(_route(one), f"{one.name} ({one.place})") for one in app.routes])),
        _titled("Middleware", _table([(one.name, f"{one.place}, of {one.app}") for one in app.middleware])),
        _titled("Providers", _table(providers)),
        _titled(
            "Error handlers",
            _table([(one.what, f"{one.handler} ({one.place})") for one in app.error_handlers]),
        ),
        _titled("Lifespans", _table([(one.name, f"{one.place}, of {one.app}") for one in app.lifespans])),
        _titled("Settings", _table(settings)),
        _titled("Versions", _table(versions)),
    ]
    return _page(prefix, f"The app {app.app}", "\n".join(parts))


def _route(route: RouteInfo) -> str:
    methods = ",".join(route.methods) or "*"
    return " ".join(filter(None, [methods, route.host or "", route.path, route.conditions]))


def _titled(title: str, content: str) -> str:
    return f"<h2>{title}</h2>\n{content}" if content else ""


def _table(rows: Sequence[tuple[str, str]]) -> str:
    cells = [f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in rows]
    return f"<table><tbody>{''.join(cells)}</tbody></table>" if cells else ""


def _page(prefix: str, title: str, content: str) -> Response:
    ways = f'<nav><a href="{escape(prefix)}/">Requests</a><a href="{escape(prefix)}/app">The app</a></nav>'
    return page(title, f"{ways}\n<h1>{escape(title[:200])}</h1>\n{content}", 200, wide=True, style=_STYLE)
