"""Serves the ``app`` of a module of peers with cheroot, the server of CherryPy: ``MODULE PORT``."""

from __future__ import annotations

import importlib
import sys

from cheroot.wsgi import Server

if __name__ == "__main__":
    app = importlib.import_module(sys.argv[1]).app
    server = Server(("127.0.0.1", int(sys.argv[2])), app, numthreads=10, request_queue_size=2048, timeout=120)
    server.safe_start()
