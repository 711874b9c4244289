"""The pure values of HTTP: they know no socket, no loop and no app. Each module is one standard or one idea.

Messages: request, response, headers, body, errors, websocket, status.
What stands in a head: url, parameters, cookies, dates, negotiate, conditional, ranges, forwarded, filenames.
What stands in a body: forms, uploads, multipart (loaded with the first multipart body), sse.
Shared: multidict (a name with many values), malformed (what a parser raises).
"""

from segue.http.body import NO_BODY, BodySource, FileBody, ResponseBody
from segue.http.conditional import ETag, Precondition, evaluate, may_send_range, parse_etags
from segue.http.connection import Connection
from segue.http.cookies import Cookie, SameSite, parse_cookies
from segue.http.dates import http_date, parse_http_date
from segue.http.errors import (
    BadRequest,
    ClientDisconnected,
    Conflict,
    ContentTooLarge,
    ExpectationFailed,
    Forbidden,
    Found,
    Gone,
    HeaderFieldsTooLarge,
    HTTPError,
    HTTPException,
    InsufficientStorage,
    InternalServerError,
    LengthRequired,
    MethodNotAllowed,
    MovedPermanently,
    NotAcceptable,
    NotFound,
    NotImplementedByServer,
    PermanentRedirect,
    PreconditionFailed,
    RangeNotSatisfiable,
    Redirect,
    RequestTimeout,
    SeeOther,
    ServiceUnavailable,
    TemporaryRedirect,
    TooManyRequests,
    Unauthorized,
    UnprocessableContent,
    UnsupportedMediaType,
    UpgradeRequired,
    URITooLong,
)
from segue.http.filenames import content_disposition, safe_join, secure_filename
from segue.http.form_limits import FormLimits
from segue.http.forms import FormData, read_form
from segue.http.forwarded import Hop, parse_forwarded, parse_x_forwarded
from segue.http.headers import Headers, InvalidHeader, MutableHeaders
from segue.http.malformed import Malformed
from segue.http.multidict import MultiDict
from segue.http.negotiate import Accept, accept_charset, accept_encoding, accept_language, accepts
from segue.http.parameters import parse_header, split_list
from segue.http.ranges import ByteRanges, content_range, parse_range
from segue.http.request import Request, State
from segue.http.response import InvalidResponse, Response, json_response
from segue.http.sse import PING, Event, EventStream, encode_event, is_event_stream
from segue.http.status import PHRASES, may_have_body, phrase
from segue.http.uploads import UploadFile
from segue.http.url import (
    URL,
    Query,
    decode_path,
    decode_segment,
    encode_path_segment,
    encode_query,
    parse_query,
    split_authority,
)
from segue.http.websocket import CloseCode, Upgrade, WebSocket, WebSocketDisconnected, WebSocketOptions

__all__ = [
    "Accept",
    "BadRequest",
    "BodySource",
    "ByteRanges",
    "ClientDisconnected",
    "CloseCode",
    "Conflict",
    "Connection",
    "ContentTooLarge",
    "Cookie",
    "ETag",
    "Event",
    "EventStream",
    "ExpectationFailed",
    "FileBody",
    "Forbidden",
    "FormData",
    "FormLimits",
    "Found",
    "Gone",
    "HTTPError",
    "HTTPException",
    "HeaderFieldsTooLarge",
    "Headers",
    "Hop",
    "InsufficientStorage",
    "InternalServerError",
    "InvalidHeader",
    "InvalidResponse",
    "LengthRequired",
    "Malformed",
    "MethodNotAllowed",
    "MovedPermanently",
    "MultiDict",
    "MutableHeaders",
    "NO_BODY",
    "NotAcceptable",
    "NotFound",
    "NotImplementedByServer",
    "PHRASES",
    "PING",
    "PermanentRedirect",
    "Precondition",
    "PreconditionFailed",
    "Query",
    "RangeNotSatisfiable",
    "Redirect",
    "Request",
    "RequestTimeout",
    "Response",
    "ResponseBody",
    "SameSite",
    "SeeOther",
    "ServiceUnavailable",
    "State",
    "TemporaryRedirect",
    "TooManyRequests",
    "URITooLong",
    "URL",
    "Unauthorized",
    "UnprocessableContent",
    "UnsupportedMediaType",
    "Upgrade",
    "UpgradeRequired",
    "UploadFile",
    "WebSocket",
    "WebSocketDisconnected",
    "WebSocketOptions",
    "accept_charset",
    "accept_encoding",
    "accept_language",
    "accepts",
    "content_disposition",
    "content_range",
    "decode_path",
    "decode_segment",
    "encode_event",
    "encode_path_segment",
    "encode_query",
    "evaluate",
    "http_date",
    "is_event_stream",
    "json_response",
    "may_have_body",
    "may_send_range",
    "parse_cookies",
    "parse_etags",
    "parse_forwarded",
    "parse_header",
    "parse_http_date",
    "parse_query",
    "parse_range",
    "parse_x_forwarded",
    "phrase",
    "read_form",
    "safe_join",
    "secure_filename",
    "split_authority",
    "split_list",
]
