"""Calls to other services: bounded in time and size, careful with secrets, and typed.

    async with Http(base_url="https://films.example/api") as http:
        film = await http.get("/films/7", Film)

- the client, its plugin, and what may be said of it: ``http`` (Http), ``plugin`` (Outgoing), ``options``, ``backoff``
- a call and its way: ``call``, ``multipart``, ``redirects``, ``sender``; what comes back: ``reply``, ``failures``
- how hosts are reached: ``resolver``, ``addresses`` (which are public), ``dialing``, ``network``,
  and ``connections``, which keeps them
- what stays open: ``events`` (Server-Sent Events), ``websocket``
- in tests: ``answers`` instead of the network
"""

from segue.client.answers import Answers, Asked
from segue.client.backoff import Backoff
from segue.client.call import Call
from segue.client.events import EventOptions
from segue.client.failures import (
    AddressRefused,
    CallBroken,
    CallFailed,
    CallTimedOut,
    ReplyTooLarge,
    StatusFailed,
    TooManyRedirects,
    UnfitReply,
    Unreachable,
)
from segue.client.http import Http
from segue.client.options import CallOptions, HttpOptions, Limits, Retries, Timeouts
from segue.client.plugin import Outgoing
from segue.client.reply import Reply, StreamedReply
from segue.client.websocket import HandshakeRefused, SocketOptions

__all__ = [
    "AddressRefused",
    "Answers",
    "Asked",
    "Backoff",
    "Call",
    "CallBroken",
    "CallFailed",
    "CallOptions",
    "CallTimedOut",
    "EventOptions",
    "HandshakeRefused",
    "Http",
    "HttpOptions",
    "Limits",
    "Outgoing",
    "Reply",
    "ReplyTooLarge",
    "Retries",
    "SocketOptions",
    "StatusFailed",
    "StreamedReply",
    "Timeouts",
    "TooManyRedirects",
    "UnfitReply",
    "Unreachable",
]
