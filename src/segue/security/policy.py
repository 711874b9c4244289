"""Content Security Policy: what a page may load and run (CSP Level 3)."""

import re
import secrets
from collections.abc import Mapping, Sequence

from segue.core.appkey import AppKey
from segue.http.request import Request
from segue.http.response import Response
from segue.security.nearest import nearest
from segue.security.privacy import mark_private

__all__ = ["CSP", "csp_nonce"]

_NONCE = "csp_nonce"
_PLACE = "'nonce'"
_directive = re.compile(r"[a-z]+(?:-[a-z]+)*\Z").match
_source = re.compile(r"[\x21-\x2b\x2d-\x3a\x3c-\x7e]+\Z").match

_STRICT: Mapping[str, tuple[str, ...]] = {
    "default-src": ("'none'",),
    "script-src": ("'nonce'", "'strict-dynamic'"),
    "style-src": ("'self'", "'nonce'"),
    "img-src": ("'self'", "data:"),
    "font-src": ("'self'",),
    "media-src": ("'self'",),
    "manifest-src": ("'self'",),
    "connect-src": ("'self'",),
    "form-action": ("'self'",),
    "frame-ancestors": ("'none'",),
    "base-uri": ("'none'",),
    "object-src": ("'none'",),
}


class CSP:
    """A policy that begins strict: scripts need the nonce of their response, and nothing comes from elsewhere.

        CSP(img_src=["'self'", "https://images.example"])        # one directive is another
        CSP(script_src=None)                                     # and one is not there

    ``'nonce'`` stands for the nonce: a page asks for it (``csp_nonce(request)``, or ``{{ csp_nonce }}`` in a template), and
    only responses to such pages have one. ``report_only``: violations are told, nothing is blocked.

    Raises ValueError for what cannot be in a policy.
    """

    __slots__ = ("_after", "_before", "header", "plain")

    def __init__(self, *, report_only: bool = False, **directives: Sequence[str] | None) -> None:
        merged: dict[str, tuple[str, ...]] = dict(_STRICT)
        for name, sources in directives.items():
            key = name.replace("_", "-")
            if not _directive(key):
                raise ValueError(f"{name!r} is no directive of a policy: write img_src=[...] for img-src")
            if isinstance(sources, str):
                raise TypeError(f"{name} is a list of sources: {name}=[{sources!r}]")
            if sources is None:
                merged.pop(key, None)
            else:
                merged[key] = tuple(map(_checked, sources))
        self.header = "content-security-policy" + ("-report-only" if report_only else "")
        pieces = _written(merged).split(_PLACE)
        self._before, self._after = pieces[0], tuple(pieces[1:])
        without = {name: tuple([one for one in sources if one != _PLACE]) for name, sources in merged.items()}
        #: For responses that have no nonce: what only a nonce allows, nothing does.
        self.plain = _written(
            {
                name: ("'none'",) if merged[name] and sources in ((), ("'strict-dynamic'",)) else sources
                for name, sources in without.items()
            }
        )

    def with_nonce(self, nonce: str) -> str:
        """The value of the header for a response with this nonce."""
        return f"'nonce-{nonce}'".join([self._before, *self._after])

    def nonce(self, request: Request) -> str:
        """The nonce of the response to ``request``: 128 random bits, the same however often it is asked for."""
        made = request.made
        if made is None:
            made = request.made = {}
        elif _NONCE in made:
            mark_private(request)
            known: str = made[_NONCE]
            return known
        nonce: str = secrets.token_urlsafe(16)
        made[_NONCE] = nonce
        mark_private(request)
        request.after_this(lambda response: self._put(response, nonce))
        return nonce

    def _put(self, response: Response, nonce: str) -> None:
        response.headers.setdefault(self.header, self.with_nonce(nonce))
        # The next one who gets this page from a cache would have a nonce that somebody else has seen.
        response.headers.setdefault("cache-control", "private")


POLICY: AppKey[CSP] = AppKey("segue.security.policy")


def csp_nonce(request: Request) -> str:
    """The nonce that scripts and styles in the page for ``request`` need: ``<script nonce="...">``.

    Templates have it as ``{{ csp_nonce }}``. Empty where no policy asks for one: the plugin ``Security`` does.
    """
    policy = nearest(request, POLICY)
    return "" if policy is None else policy.nonce(request)


def _written(directives: Mapping[str, Sequence[str]]) -> str:
    return "; ".join([" ".join([name, *sources]) for name, sources in directives.items()])


def _checked(source: str) -> str:
    if not isinstance(source, str) or not _source(source):
        raise ValueError(f"{source!r} is no source of a policy: it has no spaces, commas or semicolons")
    return source
