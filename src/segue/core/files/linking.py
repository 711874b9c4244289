"""How static files are linked where they were built, or are at another host: ``App.static_url`` asks it."""

from collections.abc import Mapping

from segue.core.appkey import AppKey

__all__ = ["ASSETS", "Linked"]


class Linked:
    """How static files are linked: asked by ``App.static_url``."""

    __slots__ = ("_at", "_manifest", "_url")

    def __init__(self, manifest: Mapping[str, str], url: str, at: str) -> None:
        self._manifest = manifest
        self._url = url.rstrip("/")
        self._at = at.rstrip("/")

    def built(self, url: str) -> str | None:
        """Of the URL of a static file, the path of the file that was built of it; None where there is none."""
        return self._manifest.get(url)

    def at(self, path: str, prefix: str) -> str:
        """The URL of a file that was built."""
        return f"{self._url or prefix + self._at}/{path}"

    def elsewhere(self, url: str, prefix: str) -> str:
        """The URL of a file that was not built: another host fetches it from here."""
        return self._url + url if self._url else prefix + url


#: How the served app links its static files, where the plugin is listed.
ASSETS: AppKey[Linked] = AppKey("segue.assets")
