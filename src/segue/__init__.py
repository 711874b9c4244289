"""Segue: the Python web framework that starts with one file and finishes with anything.

    from segue import App

    app = App()

    @app.get("/hello/{name}")
    async def hello(name: str, times: int = 1) -> dict[str, str]:
        return {"hello": name * times}

A script with one app needs not even make it: ``from segue import get, run`` declare on a default one.
"""

__version__ = "0.1.0"

from typing import TYPE_CHECKING, Any

from msgspec import Meta, Struct

from segue.core.app import App
from segue.core.appkey import AppKey
from segue.core.converters import Converter
from segue.core.hooks import after, around, before, invalid, wrap
from segue.core.json_codec import JSONCodec
from segue.core.markers import Body, Cookie, File, Form, Header, Named, Query
from segue.core.records import Next
from segue.core.roles import Private, ReadOnly, Shape, WriteOnly
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
from segue.http.websocket import WebSocket, WebSocketDisconnected, WebSocketOptions

if TYPE_CHECKING:
    from segue.core.asking import argument, form_argument
    from segue.core.autovary import AutoVary
    from segue.core.charsets import Charsets
    from segue.core.compression import Compression
    from segue.core.config import Config
    from segue.core.configfiles import ConfigError
    from segue.core.context import current_app, current_request
    from segue.core.cors import Cors
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
    from segue.core.discovery import discovered
    from segue.core.drafts import Draft, Partial
    from segue.core.etags import ETags, ensure_current
    from segue.core.events import event_stream
    from segue.core.exposing import RestController, expose, popargs
    from segue.core.files import file_response
    from segue.core.folders import Args, Extension
    from segue.core.hosts import AllowedHosts
    from segue.core.inspect import inspect_app
    from segue.core.languages import Languages
    from segue.core.lineage import find_parent, inside, lineage, resource_path, resource_url
    from segue.core.methodoverride import MethodOverride
    from segue.core.ownrouting import Router
    from segue.core.plugins import Plugin
    from segue.core.predicates import Predicate, all_of, any_of, not_
    from segue.core.proxies import Proxies
    from segue.core.requestbodies import DecodedBodies
    from segue.core.requestids import RequestIds
    from segue.core.resources import options
    from segue.core.rewrites import Rewrites
    from segue.core.secret import Secret
    from segue.core.settings import SettingsError
    from segue.core.setup import Setup
    from segue.core.signals import (
        AppSignal,
        AppStarted,
        AppStarting,
        AppStopped,
        AppStopping,
        ErrorAnswered,
        RequestFailed,
        RequestFinished,
        RequestRouted,
        RequestSignal,
        RequestStarted,
        ResponseReady,
        WebSocketClosed,
        WebSocketOpened,
    )
    from segue.core.streams import JSONLines
    from segue.core.subrequests import part, subrequest
    from segue.core.switchboard import Switchboard
    from segue.core.texts import HTTPURL, Email, Hostname, IPAddress, IPv4, IPv6, Phone, Slug
    from segue.core.threads import Threads, wait
    from segue.core.traversal import Traversed, traversed

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
    "AutoVary",
    "BadRequest",
    "Body",
    "Charsets",
    "Compression",
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
]

# Made when it is first asked for: an app that makes its own never has it.
_DEFAULT = frozenset(
    {
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
    }
)


# Loaded when they are first asked for, each from its module.
_IN_MODULE = {
    "current_app": "context",
    "current_request": "context",
    "ensure_current": "etags",
    "Charsets": "charsets",
    "argument": "asking",
    "form_argument": "asking",
    "HTTPURL": "texts",
    "Email": "texts",
    "Hostname": "texts",
    "IPAddress": "texts",
    "IPv4": "texts",
    "IPv6": "texts",
    "Phone": "texts",
    "Slug": "texts",
    "AutoVary": "autovary",
    "MethodOverride": "methodoverride",
    "Router": "ownrouting",
    "part": "subrequests",
    "subrequest": "subrequests",
    "discovered": "discovery",
    "Switchboard": "switchboard",
    "Rewrites": "rewrites",
    "Languages": "languages",
    "Traversed": "traversal",
    "find_parent": "lineage",
    "inside": "lineage",
    "lineage": "lineage",
    "resource_path": "lineage",
    "resource_url": "lineage",
    "traversed": "traversal",
    "Draft": "drafts",
    "Partial": "drafts",
    "Predicate": "predicates",
    "all_of": "predicates",
    "any_of": "predicates",
    "not_": "predicates",
    "AllowedHosts": "hosts",
    "Compression": "compression",
    "Cors": "cors",
    "DecodedBodies": "requestbodies",
    "ETags": "etags",
    "Plugin": "plugins",
    "Proxies": "proxies",
    "RequestIds": "requestids",
    "Setup": "setup",
    "Args": "folders",
    "Extension": "folders",
    "RestController": "exposing",
    "event_stream": "events",
    "expose": "exposing",
    "file_response": "files",
    "inspect_app": "inspect",
    "options": "resources",
    "Config": "config",
    "ConfigError": "configfiles",
    "Secret": "secret",
    "SettingsError": "settings",
    **dict.fromkeys(
        (
            "AppSignal",
            "AppStarted",
            "AppStarting",
            "AppStopped",
            "AppStopping",
            "ErrorAnswered",
            "RequestFailed",
            "RequestFinished",
            "RequestRouted",
            "RequestSignal",
            "RequestStarted",
            "ResponseReady",
            "WebSocketClosed",
            "WebSocketOpened",
        ),
        "signals",
    ),
    "popargs": "exposing",
}


def __getattr__(name: str) -> Any:
    if name in _IN_MODULE:
        import importlib

        return getattr(importlib.import_module(f"segue.core.{_IN_MODULE[name]}"), name)
    if name in _DEFAULT:
        from segue.core import default

        return getattr(default, name)
    if name == "JSONLines":
        from segue.core.streams import JSONLines

        return JSONLines
    if name in ("Threads", "wait"):
        from segue.core import threads

        return getattr(threads, name)
    raise AttributeError(f"module 'segue' has no attribute {name!r}")
