"""Replies that travel as exceptions: errors (RFC 9110, section 15.5 and 15.6) and redirects.

raise NotFound("no such film")
raise HTTPError(409, "the film is being edited")
raise SeeOther("/films/7")
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypedDict, Unpack

__all__ = [
    "BadGateway",
    "BadRequest",
    "ClientDisconnected",
    "Conflict",
    "ContentTooLarge",
    "ErrorOptions",
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
    "StatusError",
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


class ErrorOptions(TypedDict, total=False):
    """What may be said about an error besides its status and its detail."""

    title: str | None
    """Replaces the reason phrase."""
    type: str | None
    """A URI that names the kind of problem, best one that explains it."""
    code: str | None
    """A short name of it for programs."""
    headers: Mapping[str, str] | None
    """Sent with the reply."""
    extra: Mapping[str, Any] | None
    """Further members of the problem detail, which every client gets."""
    internal: Mapping[str, Any] | None
    """What only developers see: in the reply while the app is being debugged, and in the log if the error is logged."""
    quiet: bool | None
    """True: it is not logged. False: it is, whatever its status. None: it is from 500 on, if it was raised ``from`` another
    exception."""


class HTTPError(HTTPException):
    """An error reply: a problem detail (RFC 9457) or a page, by what the client accepts.

        raise HTTPError(409, "The film is being edited.", extra={"by": "django"}, internal={"lock": lock.id})

    ``status``: 400 to 599. ``detail``: what went wrong this time, shown to the client. ``options``: see ErrorOptions.

    """

    default_status: ClassVar[int] = 500
    default_detail: ClassVar[str] = ""
    default_headers: ClassVar[Mapping[str, str]] = {}
    quiet: bool | None = None

    def __init__(self, status: int | None = None, detail: str = "", **options: Unpack[ErrorOptions]) -> None:
        self.status = self.default_status if status is None else status
        if not 400 <= self.status <= 599:
            raise ValueError(f"an error has a status from 400 to 599, not {self.status!r}")
        if unknown := options.keys() - ErrorOptions.__annotations__.keys():
            raise TypeError(
                f"{type(self).__name__} has no option {', '.join(sorted(unknown))}; it has: "
                f"{', '.join(ErrorOptions.__annotations__)}"
            )
        self.detail = detail or self.default_detail
        self.title = options.get("title")
        self.headers: Mapping[str, str] = {**self.default_headers, **(options.get("headers") or {})}
        named = {name: value for name in ("type", "code") if (value := options.get(name)) is not None}
        self.extra: Mapping[str, Any] = {**named, **(options.get("extra") or {})}
        self.internal: Mapping[str, Any] = options.get("internal") or {}
        if (quiet := options.get("quiet")) is not None:
            self.quiet = quiet
        super().__init__(f"{self.status} {self.detail}".rstrip())


class StatusError(HTTPError):
    """An error whose class names its status, so that the detail comes first: ``raise NotFound("no such film")``.

    A class of your own says once what all of its errors have in common::

        class Teapot(StatusError):
            default_status = 418
            default_detail = "It is short and stout."
            default_headers: ClassVar = {"x-brew": "tea"}
            quiet = False
    """

    def __init__(self, detail: str = "", **options: Unpack[ErrorOptions]) -> None:
        super().__init__(self.default_status, detail, **options)


class BadRequest(StatusError):
    """400. ``errors``: one mapping for each bad field, as for UnprocessableContent."""

    default_status = 400

    def __init__(
        self, detail: str = "", *, errors: Sequence[Mapping[str, Any]] = (), **more: Unpack[ErrorOptions]
    ) -> None:
        super().__init__(detail, **more)
        if errors:
            self.extra = {**self.extra, "errors": list(errors)}


class Unauthorized(StatusError):
    """401. ``challenge`` is the ``WWW-Authenticate`` header, e.g. ``'Basic realm="films"'``."""

    default_status = 401

    def __init__(
        self, detail: str = "", *, challenge: str | None = None, **more: Unpack[ErrorOptions]
    ) -> None:
        super().__init__(detail, **more)
        if challenge is not None:
            self.headers = {**self.headers, "www-authenticate": challenge}


class PaymentRequired(StatusError):
    """402: it has to be paid for first."""

    default_status = 402


class Forbidden(StatusError):
    """403: who asks may not do this, and signing in again would not help."""

    default_status = 403


class NotFound(StatusError):
    """404: nothing is here, or nothing that who asks may know of."""

    default_status = 404


class MethodNotAllowed(StatusError):
    """405. ``allow``: the methods that the resource has (RFC 9110, section 15.5.6)."""

    default_status = 405

    def __init__(self, detail: str = "", *, allow: Sequence[str] = (), **more: Unpack[ErrorOptions]) -> None:
        super().__init__(detail, **more)
        self.headers = {**self.headers, "allow": ", ".join(allow)}


class NotAcceptable(StatusError):
    """406: there is no format that the client accepts."""

    default_status = 406


class ProxyAuthenticationRequired(StatusError):
    """407: the proxy wants to know who asks."""

    default_status = 407


class RequestTimeout(StatusError):
    """408: the client took too long to send its request."""

    default_status = 408


class Conflict(StatusError):
    """409: what is asked for does not go with how things are now, such as a name that is taken."""

    default_status = 409


class Gone(StatusError):
    """410: it was here, and will not come back."""

    default_status = 410


class LengthRequired(StatusError):
    """411: the request has to say how long its body is."""

    default_status = 411


class PreconditionFailed(StatusError):
    """412: it is no longer what the client has seen, as ``If-Match`` asks."""

    default_status = 412


class ContentTooLarge(StatusError):
    """413: the body is larger than is allowed here."""

    default_status = 413


class URITooLong(StatusError):
    """414: the address is longer than is allowed here."""

    default_status = 414


class UnsupportedMediaType(StatusError):
    """415: the body is in a format that is not read here."""

    default_status = 415


class RangeNotSatisfiable(StatusError):
    """416. ``size``: the size of the resource in bytes."""

    default_status = 416

    def __init__(self, detail: str = "", *, size: int | None = None, **more: Unpack[ErrorOptions]) -> None:
        super().__init__(detail, **more)
        if size is not None:
            self.headers = {**self.headers, "content-range": f"bytes */{size}"}


class ExpectationFailed(StatusError):
    """417: what ``Expect`` asks for cannot be done."""

    default_status = 417


class MisdirectedRequest(StatusError):
    """421: this server does not answer for that host."""

    default_status = 421


class UnprocessableContent(StatusError):
    """422. ``errors``: one mapping for each bad field, with ``loc`` (the path to it) and ``msg``."""

    default_status = 422

    def __init__(
        self, detail: str = "", *, errors: Sequence[Mapping[str, Any]] = (), **more: Unpack[ErrorOptions]
    ) -> None:
        super().__init__(detail, **more)
        self.errors = list(errors)
        if errors:
            self.extra = {**self.extra, "errors": self.errors}


class Locked(StatusError):
    """423: somebody else has locked it (WebDAV)."""

    default_status = 423


class FailedDependency(StatusError):
    """424: something that it depends on has failed (WebDAV)."""

    default_status = 424


class TooEarly(StatusError):
    """425: the request came in early data and may have been replayed (RFC 8470)."""

    default_status = 425


class UpgradeRequired(StatusError):
    """426. ``protocol``: what to upgrade to."""

    default_status = 426

    def __init__(
        self, detail: str = "", *, protocol: str = "websocket", **more: Unpack[ErrorOptions]
    ) -> None:
        super().__init__(detail, **more)
        self.headers = {**self.headers, "upgrade": protocol}


class PreconditionRequired(StatusError):
    """428: say which state is meant, with ``If-Match``, so that nothing of others is overwritten (RFC 6585)."""

    default_status = 428


class TooManyRequests(StatusError):
    """429. ``retry_after``: seconds."""

    default_status = 429

    def __init__(
        self, detail: str = "", *, retry_after: int | None = None, **more: Unpack[ErrorOptions]
    ) -> None:
        super().__init__(detail, **more)
        if retry_after is not None:
            self.headers = {**self.headers, "retry-after": str(retry_after)}


class HeaderFieldsTooLarge(StatusError):
    """431: the head of the request is larger than is allowed here (RFC 6585)."""

    default_status = 431


class UnavailableForLegalReasons(StatusError):
    """451: a law or a court forbids it (RFC 7725)."""

    default_status = 451


class InternalServerError(StatusError):
    """500: something went wrong here. What is not caught becomes this."""

    default_status = 500


class NotImplementedByServer(StatusError):
    """501: no resource here knows that method."""

    default_status = 501


class BadGateway(StatusError):
    """502: another server, which was asked for this, gave no usable answer."""

    default_status = 502


class ServiceUnavailable(StatusError):
    """503. ``retry_after``: seconds."""

    default_status = 503

    def __init__(
        self, detail: str = "", *, retry_after: int | None = None, **more: Unpack[ErrorOptions]
    ) -> None:
        super().__init__(detail, **more)
        if retry_after is not None:
            self.headers = {**self.headers, "retry-after": str(retry_after)}


class GatewayTimeout(StatusError):
    """504: another server, which was asked for this, took too long."""

    default_status = 504


class HTTPVersionNotSupported(StatusError):
    """505: that version of HTTP is not spoken here."""

    default_status = 505


class VariantAlsoNegotiates(StatusError):
    """506: the choice of a format leads to another choice (RFC 2295)."""

    default_status = 506


class InsufficientStorage(StatusError):
    """507: there is no room for it."""

    default_status = 507


class LoopDetected(StatusError):
    """508: the resources lead round in a circle (WebDAV)."""

    default_status = 508


class NotExtended(StatusError):
    """510: the request lacks an extension (RFC 2774)."""

    default_status = 510


class NetworkAuthenticationRequired(StatusError):
    """511: the network wants to know who you are first (RFC 6585)."""

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
    """301: it is there from now on. Clients may ask with GET, whatever they asked with; ``PermanentRedirect`` keeps the method."""

    default_status = 301


class Found(Redirect):
    """302: it is there this time. ``SeeOther`` and ``TemporaryRedirect`` say whether the method is kept."""

    default_status = 302


class SeeOther(Redirect):
    """303: look there, with GET: what is answered after a form was sent."""

    default_status = 303


class TemporaryRedirect(Redirect):
    """307: ask there this time, with the same method and body."""

    default_status = 307


class PermanentRedirect(Redirect):
    """308: ask there from now on, with the same method and body."""

    default_status = 308
