"""The same small application, written the usual way in every framework that is compared.

Every module here answers the same requests, so that a figure says what the framework costs and nothing else:

====================================  =====================================================================
``GET /plaintext``                    ``Hello, World!`` as ``text/plain``
``GET /hello/{name}``                 ``{"hello": name}`` as JSON
``POST /order``                       a body of 20 fields, validated and sent back (``order_msgspec``, ``order_pydantic``)
``GET /stream``                       1 MiB in 64 chunks of 16 KiB, no ``Content-Length``
``POST /upload``                      one file in a multipart form; the reply is its size in bytes, as text
``GET /echo``                         a WebSocket that sends every message back
``GET /resource{i}/{item}/detail``    the item as text, for ``i`` in ``resources()`` (only if ``BENCH_ROUTES`` is set)
====================================  =====================================================================

With ``BENCH_MIDDLEWARE=5`` every request passes through five middlewares that set one response header each.
"""

from __future__ import annotations

import os

HELLO = b"Hello, World!"
CHUNK = b"x" * 16_384
CHUNKS = 64
LAST_RESOURCE = 999
MAX_UPLOAD = 64 * 1024 * 1024

MIDDLEWARES = int(os.environ.get("BENCH_MIDDLEWARE", "0"))


def resources() -> range:
    """The numbers of the extra routes: none, the last only (``BENCH_ROUTES=1``), or all up to it."""
    routes = int(os.environ.get("BENCH_ROUTES", "0"))
    return range(LAST_RESOURCE + 1 - routes, LAST_RESOURCE + 1)
