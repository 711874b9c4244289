"""Serves the ``app`` of a module of peers with fastpysgi: ``MODULE PORT``; WSGI or ASGI, it finds out which."""

from __future__ import annotations

import importlib
import sys

import fastpysgi

from peers import MAX_UPLOAD

if __name__ == "__main__":
    fastpysgi.server.max_content_length = MAX_UPLOAD
    app = importlib.import_module(sys.argv[1]).app
    fastpysgi.server.tcp_nodelay = 1
    fastpysgi.run(app, "127.0.0.1", int(sys.argv[2]), loglevel=fastpysgi.LL_ERROR)
