"""What may go wrong with a call to somebody else, as exceptions that name the call."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segue.client.reply import Reply

__all__ = [
    "AddressRefused",
    "CallBroken",
    "CallFailed",
    "CallTimedOut",
    "ReplyTooLarge",
    "StatusFailed",
    "TooManyRedirects",
    "UnfitReply",
    "Unreachable",
]


class CallFailed(Exception):
    """A call to another service had no use: the base of all failures of this kit.

    ``method`` and ``url`` say which call; a password in the URL is left out. In an app that lists ``Outgoing``, one that a
    handler lets pass is a 502 for the app's own client, and in the log with its cause.
    """

    def __init__(self, method: str, url: str, why: str) -> None:
        self.method = method
        self.url = url
        self.why = why
        super().__init__(f"{method} {url}: {why}")


class Unreachable(CallFailed):
    """No connection came about: the name is not known, nobody listens, TLS does not trust the other side."""


class AddressRefused(Unreachable):
    """The name leads to an address that is not public, and the client is one with ``public_only``."""


class CallTimedOut(CallFailed):
    """It took too long. In an app that lists ``Outgoing`` this is a 504."""


class CallBroken(CallFailed):
    """The connection broke off, or what came over it was no HTTP."""


class TooManyRedirects(CallFailed):
    """One redirect led to the next, more often than the client follows."""


class ReplyTooLarge(CallFailed):
    """The reply has more bytes, unpacked, than the client takes."""


class StatusFailed(CallFailed):
    """The reply has another status than success; ``reply`` is all of it."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        super().__init__(
            reply.method,
            reply.url,
            f"answered with {reply.status} {reply.reason}: {reply.excerpt()}".rstrip(": "),
        )

    @property
    def status(self) -> int:
        return self.reply.status


class UnfitReply(CallFailed):
    """The reply is not of the type that was asked for; ``reply`` is all of it."""

    def __init__(self, reply: Reply, type: object, why: str) -> None:
        self.reply = reply
        self.type = type
        name = getattr(type, "__name__", None) or str(type)
        super().__init__(
            reply.method, reply.url, f"the reply is no {name}: {why}. It begins with: {reply.excerpt()}"
        )
