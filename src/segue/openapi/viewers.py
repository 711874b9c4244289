"""Further pages that show a description, each with a viewer of its own: plugins beside ``OpenAPI``.

All of their files are served by the app. Their Content-Security-Policy lets them ask nobody else.
"""

import json
import posixpath
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from urllib.parse import urlsplit

from segue.core.errors.errorpage import escape
from segue.core.plugins.setup import Setup
from segue.http.response import Response

__all__ = ["Elements", "Redoc", "Scalar"]

_FILES = Path(__file__).with_name("files")


class Viewer:
    """What these plugins have in common: a page at ``at``, its files below that, the document at ``document``.

    ``origins``: other servers of the API, which requests that are tried may go to.
    """

    name = "viewer"
    #: What of ``files`` the page cannot do without.
    needed: tuple[str, ...] = ()
    #: What of its own style and work the viewer makes in the browser: sources for the policy.
    styles = ""
    workers = ""

    def __init__(
        self,
        files: "str | PathLike[str]",
        *,
        at: str,
        document: str = "/openapi.json",
        title: str = "API",
        origins: Sequence[str] = (),
    ) -> None:
        self.files = Path(files)
        self.at = "/" + at.strip("/")
        self.document = document
        self.title = title
        self.origins = tuple(_origin(one) for one in origins)
        missing = [name for name in self.needed if not (self.files / name).is_file()]
        if missing:
            raise FileNotFoundError(
                f"{type(self).__name__} needs {', '.join(missing)} in {self.files}, which has it not. {self.source()}"
            )

    def source(self) -> str:
        """Where its files are to be had."""
        return ""

    def setup(self, to: Setup) -> None:
        """Declares the page and its files."""
        document = posixpath.relpath(self.document, posixpath.dirname(self.at))
        below = self.at.rpartition("/")[2]
        text = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{escape(self.title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="service-desc" type="application/json" href="{escape(document)}">
<link rel="icon" href="data:,">
{self.head(f"{below}/files")}
</head>
<body>
{self.body(escape(document), f"{below}/files")}
<noscript><p>This page needs JavaScript. The description itself is <a href="{escape(document)}">{escape(document)}</a>.</p></noscript>
</body>
</html>
""".encode()
        policy = self.policy()

        async def page() -> Response:
            response = Response(text, 200, {"cache-control": "no-cache"}, "text/html; charset=utf-8")
            response.headers["content-security-policy"] = policy
            return response

        to.get(self.at, name=f"{self.name}.page", documented=False)(page)
        to.static(f"{self.at}/files", self.files, name=f"{self.name}.files")

    def policy(self) -> str:
        """Its Content-Security-Policy: own files, requests to the API, and nothing else."""
        connect = " ".join(["'self'", *self.origins])
        workers = f"worker-src {self.workers}; " if self.workers else ""
        return (
            f"default-src 'none'; script-src 'self'; style-src 'self'{self.styles}; img-src 'self' data:; "
            f"font-src 'self' data:; connect-src {connect}; {workers}"
            f"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )

    def head(self, files: str) -> str:
        """What stands in the head of the page; ``files`` is where its files are, relative to the page."""
        return ""

    def body(self, document: str, files: str) -> str:
        """What stands in its body, for the description at ``document``."""
        raise NotImplementedError


class Elements(Viewer):
    """Plugin: a page by Stoplight Elements, which comes with Segue.

        app = App(plugins=[OpenAPI(title="Films", version="1.0"), Elements()])      # /elements

    ``at``: the path of the page. ``document``: that of the description. ``origins``: servers of the API elsewhere, which
    may be asked from the page.
    """

    name = "elements"
    needed = ("web-components.min.js", "styles.min.css")
    # The one style element that it makes.
    styles = " 'sha256-MBVp6JYxbC/wICelYC6eULCRpgi9kGezXXSaq/TS2+I='"

    def __init__(
        self,
        *,
        at: str = "/elements",
        document: str = "/openapi.json",
        title: str = "API",
        origins: Sequence[str] = (),
    ) -> None:
        super().__init__(_FILES / "elements", at=at, document=document, title=title, origins=origins)

    def head(self, files: str) -> str:
        return (
            f'<link rel="stylesheet" href="{files}/styles.min.css">\n'
            f'<script src="{files}/web-components.min.js" defer></script>'
        )

    def body(self, document: str, files: str) -> str:
        return f'<elements-api apiDescriptionUrl="{document}" router="hash" layout="sidebar"></elements-api>'


class Redoc(Viewer):
    """Plugin: a page by Redoc, whose file is yours: ``redoc.standalone.js`` of the npm package ``redoc``.

        app = App(plugins=[OpenAPI(title="Films", version="1.0"), Redoc("vendor/redoc")])   # /redoc

    ``files``: the folder that it is in. The picture that Redoc asks its makers' server for is not shown. Raises
    FileNotFoundError.
    """

    name = "redoc"
    needed = ("redoc.standalone.js",)
    styles = " 'unsafe-inline'"
    workers = "blob:"

    def __init__(
        self,
        files: "str | PathLike[str]",
        *,
        at: str = "/redoc",
        document: str = "/openapi.json",
        title: str = "API",
        origins: Sequence[str] = (),
    ) -> None:
        super().__init__(files, at=at, document=document, title=title, origins=origins)

    def source(self) -> str:
        return "It is bundles/redoc.standalone.js of the npm package redoc: npm pack redoc"

    def body(self, document: str, files: str) -> str:
        return f'<redoc spec-url="{document}"></redoc>\n<script src="{files}/redoc.standalone.js"></script>'


class Scalar(Viewer):
    """Plugin: a page by Scalar, whose file is yours: ``standalone.js`` of the npm package ``@scalar/api-reference``.

        app = App(plugins=[OpenAPI(title="Films", version="1.0"), Scalar("vendor/scalar")])     # /scalar

    ``files``: the folder that it is in. Fonts, proxies and counting of its makers' servers are switched off. Raises
    FileNotFoundError.
    """

    name = "scalar"
    needed = ("standalone.js",)
    styles = " 'unsafe-inline'"

    def __init__(
        self,
        files: "str | PathLike[str]",
        *,
        at: str = "/scalar",
        document: str = "/openapi.json",
        title: str = "API",
        origins: Sequence[str] = (),
    ) -> None:
        super().__init__(files, at=at, document=document, title=title, origins=origins)

    def source(self) -> str:
        return "It is dist/browser/standalone.js of the npm package @scalar/api-reference: npm pack @scalar/api-reference"

    def body(self, document: str, files: str) -> str:
        said = {
            "withDefaultFonts": False,
            "telemetry": False,
            "hideClientButton": True,
            "showDeveloperTools": "never",
            "agent": {"disabled": True},
        }
        return (
            f'<script id="api-reference" data-url="{document}" data-configuration="{escape(json.dumps(said))}"></script>\n'
            f'<script src="{files}/standalone.js"></script>'
        )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc or any(one in url for one in " ;,'\""):
        raise ValueError(f"a server of the API is written like https://api.example.com, not {url!r}")
    return f"{parts.scheme}://{parts.netloc}"
