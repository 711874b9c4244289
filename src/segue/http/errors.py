"""Replies that travel as exceptions: errors (RFC 9110, section 15.5 and 15.6) and redirects.

raise NotFound("no such film")
raise HTTPError(409, "the film is being edited")
raise SeeOther("/films/7")
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

__all__ = [
    "BadGateway",
    "BadRequest",
    "ClientDisconnected",
    "Conflict",
    "ContentTooLarge",
    "ExpectationFailed",
    "FailedDependency",
    "Forbidden",
    "Found",
    "GatewayTimeout",
    "Gone",
    "HTTPError",
    "HTTPException",
    "HTTPVersionNotSupported",
    "HeaderFieldsTooLarge",
    "InsufficientStorage",
    "InternalRedirect",
    "InternalServerError",
    "LengthRequired",
    "Locked",
    "LoopDetected",
    "MethodNotAllowed",
    "MisdirectedRequest",
    "MovedPermanently",
    "NetworkAuthenticationRequired",
    "NotAcceptable",
    "NotExtended",
    "NotFound",
    "NotImplementedByServer",
    "PaymentRequired",
    "PermanentRedirect",
    "PreconditionFailed",
    "PreconditionRequired",
    "ProxyAuthenticationRequired",
    "RangeNotSatisfiable",
    "Redirect",
    "RequestTimeout",
    "SeeOther",
    "ServiceUnavailable",
    "TemporaryRedirect",
    "TooEarly",
    "TooManyRequests",
    "URITooLong",
    "Unauthorized",
    "UnavailableForLegalReasons",
    "UnprocessableContent",
    "UnsupportedMediaType",
    "UpgradeRequired",
    "VariantAlsoNegotiates",
]


class ClientDisconnected(ConnectionError):
    """The client went away before the request was read or the reply was sent. Nobody is left to answer."""


class HTTPException(Exception):
    """A reply with a status that is raised instead of returned. Catch it to catch errors and redirects alike."""

    status: int
    headers: Mapping[str, str]


class InternalRedirect(HTTPException):
    """The answer is that of another path of the app, to the same method and body; the client sees no redirect.

        raise InternalRedirect("/maintenance")

    ``target``: the path, with a query if it has one. The middleware of the app is passed again.
    """

    status = 500
    headers: Mapping[str, str] = {}

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.target = target


class HTTPError(HTTPException):
    """An error reply: a problem detail (RFC 9457) or a page, by what the client accepts.

    ``status``: 400 to 599. ``detail``: what went wrong this time, shown to the client. ``title``: replaces the
    reason phrase. ``type``: a URI that names the kind of problem, best one that explains it. ``code``: a short name of
    it for programs. ``headers``: sent with the reply. ``extra``: further members of the problem detail.
    """

    default_status: ClassVar[int] = 500

    def __init__(
        self,
        status: int | None = None,
        detail: str = "",
        *,
        title: str | None = None,
        type: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        self.status = self.default_status if status is None else status
        if not 400 <= self.status <= 599:
            raise ValueError(f"an error has a status from 400 to 599, not {self.status!r}")
        self.detail = detail
        self.title = title
        self.headers = {} if headers is None else headers
        named = {name: value for name, value in (("type", type), ("code", code)) if value is not None}
        self.extra = {**named, **(extra or {})}
        super().__init__(f"{self.status} {detail}".rstrip())


class _FixedStatus(HTTPError):
    """An error whose class names its status, so that the detail comes first."""

    def __init__(
        self,
        detail: str = "",
        *,
        title: str | None = None,
        type: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(
            self.default_status, detail, title=title, type=type, code=code, headers=headers, extra=extra
        )


class BadRequest(_FixedStatus):
    """400. ``errors``: one mapping for each bad field, as for UnprocessableContent."""

    default_status = 400

    def __init__(self, detail: str = "", *, errors: Sequence[Mapping[str, Any]] = (), **more: Any) -> None:
        super().__init__(detail, **more)
        if errors:
            self.extra = {**self.extra, "errors": list(errors)}


class Unauthorized(_FixedStatus):
    """401. ``challenge`` is the ``WWW-Authenticate`` header, e.g. ``'Basic realm="films"'``."""

    default_status = 401

    def __init__(self, detail: str = "", *, challenge: str | None = None, **more: Any) -> None:
        super().__init__(detail, **more)
        if challenge is not None:
            self.headers = {**self.headers, "www-authenticate": challenge}


class PaymentRequired(_FixedStatus):
    default_status = 402


class Forbidden(_FixedStatus):
    default_status = 403


class NotFound(_FixedStatus):
    default_status = 404


class MethodNotAllowed(_FixedStatus):
    """405. ``allow``: the methods that the resource has (RFC 9110, section 15.5.6)."""

    default_status = 405

    def __init__(self, detail: str = "", *, allow: Sequence[str] = (), **more: Any) -> None:
        super().__init__(detail, **more)
        self.headers = {**self.headers, "allow": ", ".join(allow)}


class NotAcceptable(_FixedStatus):
    default_status = 406


class ProxyAuthenticationRequired(_FixedStatus):
    default_status = 407


class RequestTimeout(_FixedStatus):
    default_status = 408


class Conflict(_FixedStatus):
    default_status = 409


class Gone(_FixedStatus):
    default_status = 410


class LengthRequired(_FixedStatus):
    default_status = 411


class PreconditionFailed(_FixedStatus):
    default_status = 412


class ContentTooLarge(_FixedStatus):
    default_status = 413


class URITooLong(_FixedStatus):
    default_status = 414


class UnsupportedMediaType(_FixedStatus):
    default_status = 415


class RangeNotSatisfiable(_FixedStatus):
    """416. ``size``: the size of the resource in bytes."""

    default_status = 416

    def __init__(self, detail: str = "", *, size: int | None = None, **more: Any) -> None:
        super().__init__(detail, **more)
        if size is not None:
            self.headers = {**self.headers, "content-range": f"bytes */{size}"}


class ExpectationFailed(_FixedStatus):
    default_status = 417


class MisdirectedRequest(_FixedStatus):
    default_status = 421


class UnprocessableContent(_FixedStatus):
    """422. ``errors``: one mapping for each bad field, with ``loc`` (the path to it) and ``msg``."""

    default_status = 422

    def __init__(self, detail: str = "", *, errors: Sequence[Mapping[str, Any]] = (), **more: Any) -> None:
        super().__init__(detail, **more)
        self.errors = list(errors)
        if errors:
            self.extra = {**self.extra, "errors": self.errors}


class Locked(_FixedStatus):
    default_status = 423


class FailedDependency(_FixedStatus):
    default_status = 424


class TooEarly(_FixedStatus):
    default_status = 425


class UpgradeRequired(_FixedStatus):
    """426. ``protocol``: what to upgrade to."""

    default_status = 426

    def __init__(self, detail: str = "", *, protocol: str = "websocket", **more: Any) -> None:
        super().__init__(detail, **more)
        self.headers = {**self.headers, "upgrade": protocol}


class PreconditionRequired(_FixedStatus):
    default_status = 428


class TooManyRequests(_FixedStatus):
    """429. ``retry_after``: seconds."""

    default_status = 429

    def __init__(self, detail: str = "", *, retry_after: int | None = None, **more: Any) -> None:
        super().__init__(detail, **more)
        if retry_after is not None:
            self.headers = {**self.headers, "retry-after": str(retry_after)}


class HeaderFieldsTooLarge(_FixedStatus):
    default_status = 431


class UnavailableForLegalReasons(_FixedStatus):
    default_status = 451


class InternalServerError(_FixedStatus):
    default_status = 500


class NotImplementedByServer(_FixedStatus):
    default_status = 501


class BadGateway(_FixedStatus):
    default_status = 502


class ServiceUnavailable(_FixedStatus):
    """503. ``retry_after``: seconds."""

    default_status = 503

    def __init__(self, detail: str = "", *, retry_after: int | None = None, **more: Any) -> None:
        super().__init__(detail, **more)
        if retry_after is not None:
            self.headers = {**self.headers, "retry-after": str(retry_after)}


class GatewayTimeout(_FixedStatus):
    default_status = 504


class HTTPVersionNotSupported(_FixedStatus):
    default_status = 505


class VariantAlsoNegotiates(_FixedStatus):
    default_status = 506


class InsufficientStorage(_FixedStatus):
    default_status = 507


class LoopDetected(_FixedStatus):
    default_status = 508


class NotExtended(_FixedStatus):
    default_status = 510


class NetworkAuthenticationRequired(_FixedStatus):
    default_status = 511


class Redirect(HTTPException):
    """Sends the client to ``location``, a path or URL, with a status from 300 to 308 (RFC 9110, section 15.4)."""

    default_status: ClassVar[int] = 302

    def __init__(
        self, location: str, status: int | None = None, *, headers: Mapping[str, str] | None = None
    ) -> None:
        self.status = self.default_status if status is None else status
        if self.status not in {300, 301, 302, 303, 307, 308}:
            raise ValueError(f"a redirect has the status 300, 301, 302, 303, 307 or 308, not {self.status!r}")
        self.location = location
        self.headers = {} if headers is None else headers
        super().__init__(f"{self.status} {location}")


class MovedPermanently(Redirect):
    default_status = 301


class Found(Redirect):
    default_status = 302


class SeeOther(Redirect):
    default_status = 303


class TemporaryRedirect(Redirect):
    default_status = 307


class PermanentRedirect(Redirect):
    default_status = 308
