"""Segue: the Python web framework that starts with one file and finishes with anything.

    from segue import App

    app = App()

    @app.get("/hello/{name}")
    async def hello(name: str, times: int = 1) -> dict[str, str]:
        return {"hello": name * times}

A script with one app needs not even make it: ``from segue import get, run`` declare on a default one.
"""

__version__ = "0.1.0"

from typing import TYPE_CHECKING

from msgspec import Meta, Struct

from segue.core.app import App
from segue.core.appkey import AppKey
from segue.core.binding.json_codec import JSONCodec
from segue.core.binding.markers import Body, Cookie, File, Form, Header, Named, Query
from segue.core.binding.roles import Private, ReadOnly, Shape, WriteOnly
from segue.core.records import Next
from segue.core.routing.converters import Converter
from segue.core.styles.hooks import after, around, before, invalid, wrap
from segue.frontdoor import opened_late
from segue.http.cookies import Cookie as SetCookie
from segue.http.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    Found,
    Gone,
    HTTPError,
    HTTPException,
    InternalRedirect,
    MethodNotAllowed,
    MovedPermanently,
    NotFound,
    PermanentRedirect,
    Redirect,
    SeeOther,
    ServiceUnavailable,
    TemporaryRedirect,
    TooManyRequests,
    Unauthorized,
    UnprocessableContent,
)
from segue.http.forms import FormData
from segue.http.request import Request
from segue.http.response import Response
from segue.http.sse import Event, EventStream
from segue.http.uploads import UploadFile
from segue.http.url import URL
from segue.http.websocket import CloseCode, WebSocket, WebSocketDisconnected, WebSocketOptions

if TYPE_CHECKING:
    from segue.core.apps import find_app
    from segue.core.binding.asking import argument, form_argument
    from segue.core.binding.drafts import Draft, Partial
    from segue.core.binding.texts import HTTPURL, Email, Hostname, IPAddress, IPv4, IPv6, Phone, Slug
    from segue.core.binding.validated import Validates
    from segue.core.binding.validators import between, cleaned, equal_to, json_text, slugged, strong
    from segue.core.context import current_app, current_request
    from segue.core.default import (
        delete,
        error_handler,
        get,
        include,
        middleware,
        mount,
        patch,
        post,
        put,
        route,
        run,
        websocket,
    )
    from segue.core.documentation import answers
    from segue.core.files.assets import Assets
    from segue.core.files.building import build_assets
    from segue.core.files.responses import file_response
    from segue.core.identity import identity_of
    from segue.core.inspection.checks import check_app
    from segue.core.inspection.overview import inspect_app
    from segue.core.life.signals import (
        AppSignal,
        AppStarted,
        AppStarting,
        AppStopped,
        AppStopping,
        ContextFound,
        ErrorAnswered,
        RequestFailed,
        RequestFinished,
        RequestRouted,
        RequestSignal,
        RequestStarted,
        ResponseReady,
        ResultRendering,
        TraversalStarted,
        WebSocketClosed,
        WebSocketOpened,
    )
    from segue.core.middleware.autovary import AutoVary
    from segue.core.middleware.compression import Compression
    from segue.core.middleware.cors import Cors
    from segue.core.middleware.etags import ETags, ensure_current
    from segue.core.middleware.hosts import AllowedHosts
    from segue.core.middleware.jsonobjects import JSONObjects
    from segue.core.middleware.methodoverride import MethodOverride
    from segue.core.middleware.proxies import Proxies
    from segue.core.middleware.requestbodies import DecodedBodies
    from segue.core.middleware.requestids import RequestIds
    from segue.core.middleware.trace import Trace
    from segue.core.plan import FreezeError
    from segue.core.plugins.discovery import discovered
    from segue.core.plugins.order import Plugin
    from segue.core.plugins.setup import Setup
    from segue.core.results.charsets import Charsets
    from segue.core.results.events import event_stream
    from segue.core.results.streams import JSONLines
    from segue.core.routing.languages import Languages
    from segue.core.routing.ownrouting import Router
    from segue.core.routing.predicates import Predicate, all_of, any_of, not_
    from segue.core.routing.rewrites import Rewrites
    from segue.core.routing.subrequests import part, subrequest
    from segue.core.routing.switchboard import Switchboard
    from segue.core.settings.config import Config
    from segue.core.settings.configfiles import ConfigError
    from segue.core.settings.secret import Secret
    from segue.core.settings.structs import SettingsError
    from segue.core.styles.exposing import RestController, expose, popargs
    from segue.core.styles.folders import Args, Extension
    from segue.core.styles.lineage import find_parent, inside, lineage, resource_path, resource_url
    from segue.core.styles.resources import options
    from segue.core.styles.traversal import Traversed, traversed
    from segue.core.threads import Threads, wait

__all__ = [
    "AllowedHosts",
    "App",
    "AppKey",
    "AppSignal",
    "AppStarted",
    "AppStarting",
    "AppStopped",
    "AppStopping",
    "Args",
    "Assets",
    "AutoVary",
    "BadRequest",
    "Body",
    "Charsets",
    "Compression",
    "CloseCode",
    "Conflict",
    "Converter",
    "Cookie",
    "Cors",
    "DecodedBodies",
    "Draft",
    "ETags",
    "Email",
    "ErrorAnswered",
    "Event",
    "EventStream",
    "Extension",
    "File",
    "Forbidden",
    "Form",
    "FormData",
    "Found",
    "Gone",
    "HTTPError",
    "HTTPException",
    "HTTPURL",
    "Header",
    "Hostname",
    "IPAddress",
    "IPv4",
    "IPv6",
    "InternalRedirect",
    "JSONCodec",
    "JSONObjects",
    "JSONLines",
    "Languages",
    "Meta",
    "MethodNotAllowed",
    "MethodOverride",
    "MovedPermanently",
    "Named",
    "Next",
    "NotFound",
    "Partial",
    "PermanentRedirect",
    "Phone",
    "Plugin",
    "Predicate",
    "Private",
    "Proxies",
    "Query",
    "ReadOnly",
    "Redirect",
    "Request",
    "RequestFailed",
    "RequestFinished",
    "RequestIds",
    "RequestRouted",
    "RequestSignal",
    "RequestStarted",
    "Response",
    "ResponseReady",
    "ResultRendering",
    "TraversalStarted",
    "ContextFound",
    "RestController",
    "Rewrites",
    "Router",
    "SeeOther",
    "ServiceUnavailable",
    "SetCookie",
    "Setup",
    "Shape",
    "Slug",
    "Struct",
    "Switchboard",
    "TemporaryRedirect",
    "Threads",
    "TooManyRequests",
    "Trace",
    "Traversed",
    "URL",
    "Unauthorized",
    "UnprocessableContent",
    "UploadFile",
    "WebSocket",
    "WebSocketClosed",
    "WebSocketDisconnected",
    "WebSocketOpened",
    "WebSocketOptions",
    "WriteOnly",
    "after",
    "all_of",
    "answers",
    "any_of",
    "argument",
    "around",
    "before",
    "current_app",
    "current_request",
    "delete",
    "discovered",
    "ensure_current",
    "error_handler",
    "event_stream",
    "expose",
    "file_response",
    "find_app",
    "find_parent",
    "form_argument",
    "get",
    "include",
    "inside",
    "inspect_app",
    "invalid",
    "lineage",
    "middleware",
    "mount",
    "not_",
    "options",
    "part",
    "patch",
    "popargs",
    "post",
    "put",
    "resource_path",
    "resource_url",
    "route",
    "run",
    "subrequest",
    "traversed",
    "wait",
    "websocket",
    "wrap",
    "Config",
    "ConfigError",
    "Secret",
    "SettingsError",
    "Validates",
    "between",
    "cleaned",
    "equal_to",
    "json_text",
    "slugged",
    "strong",
    "FreezeError",
    "build_assets",
    "check_app",
    "identity_of",
]

# Loaded when they are first asked for, each from its module.
_IN_MODULE = {
    "current_app": "context",
    "find_app": "apps",
    "FreezeError": "plan",
    "build_assets": "files.building",
    "check_app": "inspection.checks",
    "identity_of": "identity",
    "current_request": "context",
    "ensure_current": "middleware.etags",
    "Charsets": "results.charsets",
    "answers": "documentation",
    "argument": "binding.asking",
    "form_argument": "binding.asking",
    "HTTPURL": "binding.texts",
    "Email": "binding.texts",
    "Hostname": "binding.texts",
    "IPAddress": "binding.texts",
    "IPv4": "binding.texts",
    "IPv6": "binding.texts",
    "Phone": "binding.texts",
    "Slug": "binding.texts",
    "Validates": "binding.validated",
    **dict.fromkeys(
        ("between", "cleaned", "equal_to", "json_text", "slugged", "strong"), "binding.validators"
    ),
    "AutoVary": "middleware.autovary",
    "MethodOverride": "middleware.methodoverride",
    "Router": "routing.ownrouting",
    "part": "routing.subrequests",
    "subrequest": "routing.subrequests",
    "discovered": "plugins.discovery",
    "Switchboard": "routing.switchboard",
    "Rewrites": "routing.rewrites",
    "Languages": "routing.languages",
    "Traversed": "styles.traversal",
    "find_parent": "styles.lineage",
    "inside": "styles.lineage",
    "lineage": "styles.lineage",
    "resource_path": "styles.lineage",
    "resource_url": "styles.lineage",
    "traversed": "styles.traversal",
    "Draft": "binding.drafts",
    "Partial": "binding.drafts",
    "Predicate": "routing.predicates",
    "all_of": "routing.predicates",
    "any_of": "routing.predicates",
    "not_": "routing.predicates",
    "Assets": "files.assets",
    "AllowedHosts": "middleware.hosts",
    "Compression": "middleware.compression",
    "Cors": "middleware.cors",
    "DecodedBodies": "middleware.requestbodies",
    "ETags": "middleware.etags",
    "Plugin": "plugins.order",
    "JSONObjects": "middleware.jsonobjects",
    "Proxies": "middleware.proxies",
    "Trace": "middleware.trace",
    "RequestIds": "middleware.requestids",
    "Setup": "plugins.setup",
    "Args": "styles.folders",
    "Extension": "styles.folders",
    "RestController": "styles.exposing",
    "event_stream": "results.events",
    "expose": "styles.exposing",
    "file_response": "files.responses",
    "inspect_app": "inspection.overview",
    "options": "styles.resources",
    "Config": "settings.config",
    "ConfigError": "settings.configfiles",
    "Secret": "settings.secret",
    "SettingsError": "settings.structs",
    **dict.fromkeys(
        (
            "AppSignal",
            "AppStarted",
            "AppStarting",
            "AppStopped",
            "AppStopping",
            "ContextFound",
            "ErrorAnswered",
            "RequestFailed",
            "RequestFinished",
            "RequestRouted",
            "RequestSignal",
            "RequestStarted",
            "ResponseReady",
            "ResultRendering",
            "TraversalStarted",
            "WebSocketClosed",
            "WebSocketOpened",
        ),
        "life.signals",
    ),
    # The app of one file, made when it is first asked for: an app that makes its own never has it.
    **dict.fromkeys(
        (
            "delete",
            "error_handler",
            "get",
            "include",
            "middleware",
            "mount",
            "patch",
            "post",
            "put",
            "route",
            "run",
            "websocket",
        ),
        "default",
    ),
    "popargs": "styles.exposing",
    "JSONLines": "results.streams",
    "Threads": "threads",
    "wait": "threads",
}


__getattr__ = opened_late(__name__, {name: f"core.{place}" for name, place in _IN_MODULE.items()})
