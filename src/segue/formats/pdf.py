"""PDF, by WeasyPrint, which may read the files of one folder and nothing else: `pip install 'segue[pdf]'`."""

import importlib
import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from segue.formats.base import PlainFormat
from segue.formats.html import HTML

__all__ = ["PDF"]

_BASE = "segue:///"


class PDF(PlainFormat):
    """A PDF of a page: of what is HTML already, or of the page that HTML makes of a value.

        @app.get("/invoices/{id}", formats=[HTML, PDF("static")], suffixes=True)
        async def invoice(id: int) -> Markup: ...

    ``folder``: where the page's images and styles are; without one it has none but those inside it (``data:``). Nothing is
    ever fetched from the network, and no file outside of the folder: what a page contains may have come from anyone.
    It is made in a thread. Raises ImportError, when the format is made, where WeasyPrint 70 is not installed.
    """

    name = "pdf"
    media_types = ("application/pdf",)
    suffixes = ("pdf",)
    blocking = True

    def __init__(self, folder: "str | os.PathLike[str] | None" = None) -> None:
        self._folder = None if folder is None else Path(folder).resolve()
        try:
            self._weasyprint: Any = importlib.import_module("weasyprint")
        except (ImportError, OSError) as error:  # OSError: Pango is missing
            raise ImportError(
                f"The format PDF needs WeasyPrint and Pango: pip install 'segue[pdf]' ({error})"
            ) from None

    def encode(self, value: Any) -> bytes:
        text = HTML().with_codec(self._codec).encode(value).decode()
        document = self._weasyprint.HTML(string=text, base_url=_BASE, url_fetcher=self._fetcher())
        made: bytes = document.write_pdf()
        return made

    def _fetcher(self) -> Any:
        urls: Any = importlib.import_module("weasyprint.urls")
        own_file = self.own_file

        class OwnFiles(urls.URLFetcher):  # type: ignore[misc] # the library has no types
            def fetch(self, url: str, headers: Any = None) -> Any:
                if url.lower().startswith("data:"):
                    return super().fetch(url, headers)
                file = own_file(url)
                return urls.URLFetcherResponse(url, file.read_bytes())

        return OwnFiles(allowed_protocols=("data",), allow_redirects=False)

    def own_file(self, url: str) -> Path:
        """The file of a relative URL in the page. Raises PermissionError for any that is not in the folder."""
        parts = urlsplit(url)
        if self._folder is not None and parts.scheme == "segue" and not parts.netloc:
            file = (self._folder / unquote(parts.path).lstrip("/")).resolve()
            if file.is_relative_to(self._folder) and file.is_file():
                return file
        raise PermissionError(f"a page in PDF may only use the files of its folder, not {url!r:.200}")
