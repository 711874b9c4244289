"""Secret keys, and a way to ask a server by bytes that no client in the process would send."""

import http.client
from collections.abc import Mapping

import pytest

KEY = "an-old-and-secret-key-0123456789-abcdefghijklmnopqrstuvwxyz"
OTHER = "another-secret-key-9876543210-zyxwvutsrqponmlkjihgfedcba-0"


@pytest.fixture
def key() -> str:
    return KEY


@pytest.fixture
def other_key() -> str:
    return OTHER


class Asked:
    """An answer over a socket."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.fields = [(name.lower(), value) for name, value in response.getheaders()]
        self.headers = dict(self.fields)
        self.body = response.read()

    @property
    def text(self) -> str:
        return self.body.decode()

    def cookie(self, name: str) -> str | None:
        """The value of a cookie that is set."""
        for field, value in self.fields:
            if field == "set-cookie" and value.startswith(f"{name}="):
                return value.partition("=")[2].partition(";")[0]
        return None


@pytest.fixture
def ask():
    """Sends one request to a LiveServer, with exactly these header fields."""

    def send(
        server, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Asked:
        connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            fields = {"host": f"{server.host}:{server.port}", **(headers or {})}
            if body or method in ("POST", "PUT", "PATCH"):
                fields.setdefault("content-length", str(len(body)))
            for name, value in fields.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            return Asked(connection.getresponse())
        finally:
            connection.close()

    return send


@pytest.fixture
def time_machine_travel():
    """Moves the clock on while a block runs; it goes on from there."""
    import contextlib
    import time

    import time_machine

    @contextlib.contextmanager
    def travel(seconds: float):
        with time_machine.travel(time.time() + seconds, tick=True):
            yield

    return travel
