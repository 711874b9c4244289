"""The page that lists a directory of static files."""

import time
from collections.abc import Sequence
from typing import Protocol

from segue.core.errors.errorpage import escape, page
from segue.http.response import Response
from segue.http.url import encode_path_segment

__all__ = ["listing_page"]


class Listed(Protocol):
    """What is shown of a file."""

    @property
    def name(self) -> str: ...
    @property
    def is_directory(self) -> bool: ...
    @property
    def size(self) -> int: ...
    @property
    def modified(self) -> float: ...


def listing_page(path: str, entries: Sequence[Listed]) -> Response:
    """The files of the directory ``path``, each with a link, its size in bytes and its time in UTC."""
    rows = ['<tr><td><a href="../">..</a></td><td></td><td></td></tr>'] if path else []
    for entry in entries:
        # A name that is not UTF-8 cannot stand in a URL: it is shown, but not linked.
        name = entry.name + ("/" if entry.is_directory else "")
        size = "" if entry.is_directory else f"{entry.size:,}"
        changed = time.strftime("%Y-%m-%d %H:%M", time.gmtime(entry.modified))
        rows.append(
            f'<tr><td>{_link(entry.name, name)}</td><td class="number">{size}</td>'
            f'<td class="number">{changed}</td></tr>'
        )
    title = f"Index of /{path}"
    content = (
        f'<h1>{escape(title)}</h1>\n<table>\n<thead><tr><th scope="col">Name</th><th scope="col">Bytes</th>'
        f'<th scope="col">Changed</th></tr></thead>\n<tbody>\n' + "\n".join(rows) + "\n</tbody>\n</table>"
    )
    return page(title, content, 200, wide=True)


def _link(name: str, shown: str) -> str:
    try:
        target = encode_path_segment(name)
    except ValueError:
        return escape(shown.encode("utf-8", "replace").decode())
    # "./" keeps a name with a colon from being read as a scheme.
    return f'<a href="./{target}{"/" if shown.endswith("/") else ""}">{escape(shown)}</a>'
