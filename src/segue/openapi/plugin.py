"""The plugin that serves the description of an app."""

import hashlib
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from segue.core.pages.assets import located
from segue.core.plan import Plan
from segue.core.plugins.setup import Setup
from segue.http.conditional import ETag, Precondition, evaluate
from segue.http.request import Request
from segue.http.response import Response
from segue.openapi.document import About, describe
from segue.openapi.page import page, policy
from segue.openapi.yaml import to_yaml

__all__ = ["OpenAPI"]

_FILES = Path(__file__).with_name("files")
_DOCUMENT = "/openapi.json"
_YAML = "/openapi.yaml"


class OpenAPI:
    """Plugin: ``/openapi.json`` and ``.yaml`` describe the app (OpenAPI 3.1), ``/docs`` shows that; all of it is its own.

        app = App(plugins=[OpenAPI(title="Films", version="1.0")])

    All of it follows from paths, signatures and docstrings. ``at``: the path below which both are, and whose operations
    are described: one for ``/v1``, another for ``/v2``. ``info``: further members of the document's info object, such
    as ``description`` or ``contact``. ``servers``: URLs where the API is reached, if not where the document is.
    ``security``: security schemes by name; routes say which they ask for by ``security=["key"]``, all do if they say
    nothing. ``webhooks``: an app whose routes are requests that this app sends. ``baked``: a file that ``segue openapi --out`` has
    written, ``"openapi.json"`` beside the file that says so or ``"package:openapi.json"``; it is served instead of what is made when it
    is asked for: under ``python -OO`` there are no docstrings to make it of.
    """

    def __init__(
        self,
        title: str,
        version: str,
        *,
        at: str = "/",
        info: Mapping[str, Any] | None = None,
        servers: Sequence[str | Mapping[str, Any]] = (),
        security: Mapping[str, Mapping[str, Any]] | None = None,
        webhooks: Any = None,
        baked: str | os.PathLike[str] | None = None,
    ) -> None:
        self.baked = baked
        self.at = at.rstrip("/")
        self.name = f"openapi {self.at}" if self.at else "openapi"
        self.about = About(
            title=title,
            version=version,
            info=info or {},
            servers=servers,
            security=security or {},
            webhooks=webhooks,
            under=self.at or "/",
        )

    def setup(self, to: Setup) -> None:
        """Declares the routes."""
        baked = None if self.baked is None else located(self.baked, to.listed_at)
        served = _Served(self, baked)
        if baked is not None:

            async def read() -> AsyncIterator[None]:
                _baked(baked)
                yield

            to.lifespan(read)
        to.get(f"{self.at}{_DOCUMENT}", name="openapi.document", documented=False)(served.document)
        to.get(f"{self.at}{_YAML}", name="openapi.yaml", documented=False)(served.yaml)
        to.get(f"{self.at}/docs", name="openapi.page", documented=False)(served.page)
        to.static(f"{self.at}/docs", _FILES, name="openapi.files")

    def document(self, plan: Plan) -> dict[str, Any]:
        """The document of a plan."""
        return describe(plan, self.about)


class BakedFileError(RuntimeError):
    """A file of ``OpenAPI(baked=...)`` that is not there, or no description."""


class _Made(msgspec.Struct):
    """What is served, made when it is first asked for."""

    plan: Any
    document: bytes
    yaml: bytes
    page: bytes
    policy: str


class _Served:
    """The document and the page of one app."""

    def __init__(self, plugin: OpenAPI, baked: Path | None) -> None:
        self._plugin = plugin
        self._baked = baked
        self._made: dict[str, _Made] = {}

    async def document(self, request: Request) -> Response:
        made = await self._get(request, _DOCUMENT)
        return _cached(request, made.document, "application/json")

    async def yaml(self, request: Request) -> Response:
        made = await self._get(request, _YAML)
        return _cached(request, made.yaml, "application/yaml")

    async def page(self, request: Request) -> Response:
        made = await self._get(request, "/docs")
        response = _cached(request, made.page, "text/html; charset=utf-8")
        response.headers["content-security-policy"] = made.policy
        return response

    async def _get(self, request: Request, ending: str) -> _Made:
        # Where the app that lists the plugin is included somewhere, that is what the document is about.
        under = getattr(request.endpoint, "path", "").removesuffix(ending) or "/"
        plan = request.app.plan
        made = self._made.get(under)
        if made is None or made.plan is not plan:
            made = self._made[under] = await request.app.threads.run(self._make, plan, under)
        return made

    def _make(self, plan: Plan, under: str) -> _Made:
        if self._baked is not None:
            document = _baked(self._baked)
        else:
            document = describe(plan, msgspec.structs.replace(self._plugin.about, under=under))
        # Relative to the document, so that it is right behind any proxy.
        depth = under.strip("/").count("/") + 1 if under != "/" else 0
        document.setdefault("servers", [{"url": "/".join([".."] * depth) or "."}])
        encoded = msgspec.json.encode(document)
        # Of what was encoded, where keys are texts and whatever a default is has become JSON.
        yaml = to_yaml(msgspec.json.decode(encoded)).encode()
        return _Made(plan, encoded, yaml, page(document).encode(), policy(document))


def _baked(path: Path) -> dict[str, Any]:
    """The document of a file. Raises BakedFileError where there is none."""
    try:
        document: dict[str, Any] = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.DecodeError) as error:
        raise BakedFileError(
            f"OpenAPI(baked=...) names {path}, which is no description: {error}. Write it: segue openapi APP --out {path.name}, without -OO"
        ) from error
    return document


def _cached(request: Request, body: bytes, content_type: str) -> Response:
    etag = ETag(hashlib.blake2b(body, digest_size=16).hexdigest())
    fields = {"etag": str(etag), "cache-control": "no-cache"}
    if evaluate(request.method, request.headers, etag=etag) is Precondition.NOT_MODIFIED:
        return Response(b"", 304, fields)
    return Response(body, 200, fields, content_type)
