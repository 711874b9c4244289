"""Serves the scenario app by WSGI servers that have no command line."""

from __future__ import annotations

import sys

from scenarios import wsgi


def main(server: str, port: int) -> None:
    if server == "wsgiref":
        from wsgiref.simple_server import make_server

        make_server("127.0.0.1", port, wsgi).serve_forever()
    elif server == "fastpysgi":
        import fastpysgi

        fastpysgi.run(wsgi, host="127.0.0.1", port=port)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
