"""The HTTP/1.1 request parser: httptools (llhttp), or h11 where it does not install or ``SEGUE_PURE`` is set."""

import os

try:
    if os.environ.get("SEGUE_PURE"):
        raise ImportError("SEGUE_PURE asks for the parser in pure Python")
    from httptools import (
        HttpParserCallbackError as ParserCallbackError,
        HttpParserError as ParserError,
        HttpParserUpgrade as ParserUpgrade,
        HttpRequestParser as RequestParser,
    )
except ImportError:
    from segue.server.h11_parser import (  # type: ignore[assignment]  # the twin, with the same interface
        ParserCallbackError,
        ParserError,
        ParserUpgrade,
        RequestParser,
    )

__all__ = ["ParserCallbackError", "ParserError", "ParserUpgrade", "RequestParser"]
