"""Static files that were built: the plugin that links them, at this host or another one."""

import json
import os
from pathlib import Path

import msgspec

from segue.core.files.linking import ASSETS, Linked
from segue.core.pages.assets import located
from segue.core.plugins.setup import Setup

__all__ = ["MANIFEST", "AssetSettings", "Assets"]

MANIFEST = "manifest.json"


class AssetSettings(msgspec.Struct, frozen=True):
    """``[assets]`` in ``segue.toml``, or ``ASSETS_URL`` and ``ASSETS_BUILT``.

    ``url``: where other hosts have the files, ``https://cdn.example.com/films``. ``built``: the folder that ``segue assets build`` wrote.
    """

    url: str = ""
    built: str | None = None


class Assets:
    """Links static files as ``segue assets build`` has built them, and at another host where one is configured.

        app = App(plugins=[Assets("build/assets")])
        app.static("/static", "static")
        app.static_url("site.css")          # "/assets/static/site.8f14e45fceea167a.css"

    With ``ASSETS_URL=https://cdn.example.com`` it is ``https://cdn.example.com/static/site.8f14e45fceea167a.css``: copy the folder
    there. Without a built folder, as while one develops, files are linked as they are; another host that is
    configured all the same fetches them from here.

    ``built``: the folder, beside the file that says so; ``at``: the path below which it is served. The app that is served
    lists it, for all that it includes. Raises ValueError for a URL that is none, or a folder that is broken.
    """

    name = "assets"

    def __init__(
        self, built: "str | os.PathLike[str]" = "build/assets", *, url: str = "", at: str = "/assets"
    ) -> None:
        self._built = built
        self._url = url
        self._at = at

    def setup(self, to: Setup) -> None:
        """Reads what was built, and declares the route."""
        settings = to.settings(AssetSettings, "assets")
        url = settings.url or self._url
        if url and not url.startswith(("https://", "http://", "//")):
            raise ValueError(f"the URL of assets is a whole one, like https://cdn.example.com, not {url!r}")
        folder = located(self._built, to.app.place) if settings.built is None else Path(settings.built)
        manifest = read_manifest(folder / MANIFEST)
        to.app[ASSETS] = Linked(manifest, url, self._at)
        if manifest and not url:
            to.static(self._at, folder, name="assets", index=None)


def read_manifest(file: Path) -> dict[str, str]:
    """What a built folder says: the path of a built file by the URL of the file that it was made of; nothing without one."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    try:
        files: dict[str, str] = msgspec.convert(json.loads(text), dict[str, dict[str, str]])["files"]
    except (ValueError, KeyError) as error:
        raise ValueError(f"{file} is no manifest of built assets ({error}): build them anew") from error
    return files
