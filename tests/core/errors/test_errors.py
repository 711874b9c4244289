import json
import logging
import re
from collections.abc import Callable
from typing import Any

import pytest

from segue import App, Struct
from segue.core.errors.handlers import ErrorHandlers, answer_error, error_response, location
from segue.http.errors import (
    BadRequest,
    ClientDisconnected,
    Forbidden,
    Found,
    HTTPError,
    HTTPException,
    InsufficientStorage,
    MethodNotAllowed,
    NotFound,
    Redirect,
    SeeOther,
    ServiceUnavailable,
    UnprocessableContent,
)
from segue.http.request import Request
from segue.http.response import Response

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
Serve = Callable[[Any], Any]


class FilmMissing(LookupError):
    pass


class ReelMissing(FilmMissing):
    pass


class NoSuchFilm(NotFound):
    pass


def handler_named(name: str) -> Callable[[Request, Exception], str]:
    def handler(request: Request, error: Exception) -> str:
        return name

    handler.__qualname__ = name
    return handler


def found(handlers: ErrorHandlers, error: Exception) -> str | None:
    handler = handlers.find(error)
    return None if handler is None else handler(Request("GET", "/", []), error)


# --- which handler -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [1, -1])
def test_the_most_specific_class_wins_whatever_the_order(order: int) -> None:
    handlers = ErrorHandlers()
    for kind in [Exception, LookupError, FilmMissing, HTTPException, HTTPError, NotFound][::order]:
        handlers.add(kind, handler_named(kind.__name__))
    assert found(handlers, ReelMissing()) == "FilmMissing"
    assert found(handlers, KeyError("x")) == "LookupError"
    assert found(handlers, ValueError()) == "Exception"
    assert found(handlers, NoSuchFilm()) == "NotFound"
    assert found(handlers, Forbidden()) == "HTTPError"
    assert found(handlers, SeeOther("/")) == "HTTPException"


def test_a_status_comes_after_the_class_made_for_it_and_before_the_general_ones() -> None:
    handlers = ErrorHandlers()
    for what in (404, HTTPError, NoSuchFilm, 500):
        handlers.add(what, handler_named(str(what)))
    assert found(handlers, NoSuchFilm()) == str(NoSuchFilm)
    assert found(handlers, NotFound()) == "404"
    assert found(handlers, HTTPError(404)) == "404"
    assert found(handlers, HTTPError(410)) == str(HTTPError)
    assert found(handlers, ZeroDivisionError()) == "500"


def test_a_handler_for_exception_takes_no_reply_that_travels_as_one() -> None:
    handlers = ErrorHandlers()
    handlers.add(Exception, handler_named("sorry"))
    assert found(handlers, NotFound()) is None
    assert found(handlers, Found("/")) is None
    # Malformed input is a ValueError and a 400: it is the 400 that counts.
    from segue.http.malformed import Malformed

    handlers.add(ValueError, handler_named("value"))
    assert found(handlers, Malformed("x")) is None
    assert found(handlers, UnicodeError()) == "value"


def test_the_app_within_answers_before_the_one_around_it() -> None:
    outer, inner = ErrorHandlers(), ErrorHandlers()
    outer.add(FilmMissing, handler_named("outer film"))
    outer.add(404, handler_named("outer 404"))
    inner.add(LookupError, handler_named("inner lookup"))
    both = inner.within(outer)
    assert found(both, FilmMissing()) == "inner lookup"
    assert found(both, NotFound()) == "outer 404"
    assert found(outer, FilmMissing()) == "outer film"
    assert ErrorHandlers().within(outer) is outer


def test_two_handlers_for_the_same_are_refused_with_both_places() -> None:
    handlers = ErrorHandlers()
    handlers.add(404, handler_named("first"))
    with pytest.raises(ValueError, match=r"404 has two error handlers: first \(.*\) and second"):
        handlers.add(404, handler_named("second"))


@pytest.mark.parametrize("what", ["404", 200, True, None, int, BaseException])
def test_what_is_neither_class_nor_status_is_refused(what: Any) -> None:
    with pytest.raises(TypeError, match="error_handler"):
        ErrorHandlers().add(what, handler_named("x"))


# --- in an app ---------------------------------------------------------------------------------------------------


def failing_app() -> App:
    app = App()

    @app.get("/film")
    async def film() -> str:
        raise ReelMissing("reel 3")

    @app.get("/none")
    async def none() -> str:
        raise NotFound("no such film")

    @app.get("/crash")
    async def crash() -> str:
        raise ZeroDivisionError("secret text")

    @app.get("/sync")
    def sync() -> str:
        raise ReelMissing("reel 4")

    @app.get("/go")
    async def go() -> str:
        raise SeeOther("/film")

    return app


@pytest.mark.row("FL16")
def test_handlers_by_class_and_status_and_exception_swallows_no_404(serve: Serve, errors: Any) -> None:
    app = failing_app()

    @app.error_handler(Exception)
    async def sorry(request: Request, error: Exception) -> tuple[str, int]:
        return "sorry", 500

    @app.error_handler(LookupError)
    def lookup(request: Request, error: LookupError) -> dict[str, str]:
        return {"missing": str(error)}

    @app.error_handler(FilmMissing)
    async def film(request: Request, error: FilmMissing) -> Response:
        return Response(f"film: {error}", 410)

    ask = serve(app)
    assert ask.get("/film")[::2] == (410, b"film: reel 3")
    assert ask.get("/sync")[::2] == (410, b"film: reel 4")
    assert ask.get("/crash")[::2] == (500, b"sorry")
    # Exception is not asked for what is a reply: by a handler, by the router, of another method, a redirect.
    assert ask.get("/none").status == 404
    assert json.loads(ask.get("/none").body)["detail"] == "no such film"
    assert ask.get("/nowhere").status == 404
    assert ask("POST", "/film").status == 405
    assert ask.get("/go").status == 303
    assert errors() == []
    # Unless it is asked for them.
    app = failing_app()

    @app.error_handler(HTTPException)
    async def page(request: Request, error: HTTPException) -> str:
        return f"page {error.status}"

    @app.error_handler(405)
    async def other(request: Request, error: HTTPError) -> str:
        return "another method"

    ask = serve(app)
    assert ask.get("/none")[::2] == (404, b"page 404")
    assert ask.get("/nowhere")[::2] == (404, b"page 404")
    refused = ask("POST", "/film")
    assert refused[::2] == (405, b"another method")
    assert ask.get("/go")[::2] == (303, b"page 303")


def test_what_nobody_foresaw_is_logged_once_and_told_to_nobody(serve: Serve, errors: Any) -> None:
    ask = serve(failing_app())
    answer = ask.get("/crash")
    assert answer.status == 500
    assert answer.headers["content-type"] == "application/problem+json"
    problem = json.loads(answer.body)
    assert problem.keys() == {"type", "title", "status", "request_id"}
    (record,) = errors()
    text = record.getMessage()
    assert "crash" in text
    assert "test_errors.py:" in text
    assert problem["request_id"] in text
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError
    page = ask.get("/crash", BROWSER)
    assert b"secret" not in page.body
    assert b"Traceback" not in page.body
    assert re.search(rb"Request <code>[0-9a-f]{16}</code>", page.body)
    assert len(errors()) == 2


class Trouble(Exception): ...


class DeepTrouble(Trouble): ...


@pytest.mark.row("FC9")
@pytest.mark.parametrize("order", [1, -1])
def test_the_handler_for_the_derived_class_answers_whatever_the_order(
    serve: Serve, errors: Any, order: int
) -> None:
    app = App()
    for kind in (Trouble, DeepTrouble)[::order]:

        @app.error_handler(kind)
        async def answer(request: Request, error: Exception, kind: type = kind) -> tuple[str, int]:
            return f"{kind.__name__} answers", 418

    @app.get("/{name}")
    async def fail(name: str) -> str:
        raise {"base": Trouble, "derived": DeepTrouble}.get(name, ZeroDivisionError)("the secret")

    ask = serve(app)
    assert ask.get("/base")[::2] == (418, b"Trouble answers")
    assert ask.get("/derived")[::2] == (418, b"DeepTrouble answers")
    other = ask.get("/other")
    assert other.status == 500
    assert b"secret" not in other.body
    assert len(errors()) == 1


def test_a_handler_that_fails_is_a_500_with_both_causes_in_the_log(serve: Serve, errors: Any) -> None:
    app = failing_app()

    @app.error_handler(LookupError)
    async def broken(request: Request, error: LookupError) -> str:
        raise RuntimeError("the handler too")

    assert serve(app).get("/film").status == 500
    (record,) = errors()
    assert isinstance(record.exc_info[1], RuntimeError)
    assert isinstance(record.exc_info[1].__context__, ReelMissing)


def test_an_error_with_a_cause_of_ours_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    full = InsufficientStorage("The disk is full.")
    full.__cause__ = OSError(28, "No space left on device")
    assert error_response(Request("POST", "/", []), full).status == 507
    (record,) = caplog.records
    assert record.exc_info[1] is full.__cause__
    error_response(Request("GET", "/", []), ServiceUnavailable(retry_after=5))
    assert len(caplog.records) == 1


def test_a_client_that_is_gone_is_nobodys_error(caplog: pytest.LogCaptureFixture) -> None:
    import asyncio

    handlers = ErrorHandlers()
    handlers.add(Exception, handler_named("sorry"))
    gone = ClientDisconnected("gone")
    response = asyncio.run(answer_error(Request("GET", "/", []), gone, handlers, Response))
    assert (response.body, caplog.records) == (b"", [])


# --- what the client sees ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        (None, False),
        ("*/*", False),
        ("application/json", False),
        ("image/png", False),
        ("text/*", False),
        (BROWSER["accept"], True),
        ("text/html", True),
        ("text/html, */*", True),
        ("TEXT/HTML", True),
        ("text/html;q=0", False),
        ("text/html, application/json", False),
        ("text/html;q=0.5, application/json", False),
        ("text/html, application/json;q=0.9", True),
        ("application/problem+json, text/html;q=0.9", False),
    ],
)
def test_a_page_goes_to_who_prefers_html(accept: str | None, html: bool) -> None:
    headers = [] if accept is None else [(b"accept", accept.encode())]
    response = error_response(Request("GET", "/", headers), NotFound())
    assert (response.content_type == "text/html; charset=utf-8") is html
    assert response.headers["vary"] == "accept"
    if not html:
        assert response.content_type == "application/problem+json"


def test_a_problem_has_the_members_of_rfc_9457() -> None:
    error = UnprocessableContent(
        "Two fields are wrong.", errors=[{"loc": ["query", "n"], "msg": "too small"}]
    )
    response = error_response(Request("GET", "/", []), error)
    assert json.loads(response.body) == {
        "type": "about:blank",
        "title": "Unprocessable Content",
        "status": 422,
        "detail": "Two fields are wrong.",
        "errors": [{"loc": ["query", "n"], "msg": "too small"}],
    }
    own = HTTPError(
        409, "taken", title="Name taken", extra={"type": "https://example.com/taken", "name": "x"}
    )
    problem = json.loads(error_response(Request("GET", "/", []), own).body)
    assert problem == {
        "type": "https://example.com/taken",
        "title": "Name taken",
        "status": 409,
        "detail": "taken",
        "name": "x",
    }
    refused = error_response(Request("GET", "/", []), MethodNotAllowed(allow=["GET", "HEAD"]))
    assert refused.headers["allow"] == "GET, HEAD"


EVIL = "<script>alert(1)</script>\"'&"


@pytest.mark.row("SEC-51")
def test_reflected_text_is_escaped_or_absent(serve: Serve, serve_raw: Serve) -> None:
    an_evil_host_or_line_is_not_repeated(serve_raw)
    app = App()

    @app.get("/echo")
    async def echo(text: str) -> str:
        raise BadRequest(f"You said {text}", title=text)

    @app.get("/fields")
    async def fields(request: Request) -> str:
        raise UnprocessableContent(errors=[{"loc": ["query", request.query["text"]], "msg": EVIL}])

    @app.get("/go")
    async def go(text: str) -> str:
        raise Found("/?" + text)

    ask = serve(app)
    encoded = "".join(f"%{b:02X}" for b in EVIL.encode())
    for target in (f"/echo?text={encoded}", f"/fields?text={encoded}", f"/{encoded}", f"/echo?n={encoded}"):
        answer = ask.get(target, BROWSER)
        assert answer.status in (400, 404, 422)
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert b"<script" not in answer.body
        assert b"alert(1)<" not in answer.body
        data = ask.get(target)
        assert data.headers["content-type"] == "application/problem+json"
        assert data.headers["x-content-type-options"] == "nosniff"
    # The router's own errors repeat nothing; a redirect has no body.
    assert b"alert" not in ask.get(f"/{encoded}", BROWSER).body
    assert b"alert" not in ask("POST", f"/echo?text={encoded}", BROWSER).body
    redirect = ask.get(f"/go?text={encoded}", BROWSER)
    assert (redirect.status, redirect.body) == (302, b"")
    assert "<" not in redirect.headers["location"]


def an_evil_host_or_line_is_not_repeated(serve_raw: Serve) -> None:
    ask = serve_raw(failing_app())
    for headers in ({"host": "<script>alert(1)</script>"}, {"host": "a b"}, {"host": "x", "x y": "<script>"}):
        answer = ask.get("/none", {**BROWSER, **headers})
        assert answer.status == 400
        assert b"alert" not in answer.body
        assert b"<script" not in answer.body
    for target in ("/<script>alert(1)</script>", "/none?<script>alert(1)</script>", "/film#<script>"):
        assert b"<script" not in ask.get(target, BROWSER).body


def test_built_in_pages_allow_no_script_and_nothing_from_outside(serve: Serve) -> None:
    answer = serve(failing_app()).get("/nowhere", BROWSER)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy
    import base64
    import hashlib

    (style,) = re.findall(rb"<style>(.*?)</style>", answer.body, re.DOTALL)
    assert f"'sha256-{base64.b64encode(hashlib.sha256(style).digest()).decode()}'" in policy
    assert b"//" not in answer.body
    assert b"<script" not in answer.body
    assert b"style=" not in answer.body
    assert b'<html lang="en">' in answer.body
    assert b"color-scheme: light dark" in answer.body


def test_debug_shows_the_source_and_no_values(serve: Serve) -> None:
    app = App(debug=True)

    @app.get("/crash")
    async def crash(request: Request) -> str:
        password = "hunter2-" + "x" * 3
        raise ValueError(f"<b>{len(password)}</b>")

    ask = serve(app)
    page = ask.get("/crash", BROWSER)
    assert page.status == 500
    assert b"raise ValueError(f" in page.body
    assert b"<mark>" in page.body
    assert b"ValueError: &lt;b&gt;11&lt;/b&gt;" in page.body
    assert b"hunter2-xxx" not in page.body
    assert b"<script" not in page.body
    assert b"<form" not in page.body
    assert b"<input" not in page.body
    problem = json.loads(ask.get("/crash").body)
    assert problem["detail"] == "ValueError: <b>11</b>"
    assert any("test_errors.py" in line for line in problem["traceback"])


def test_debug_shows_causes_and_the_members_of_groups(serve: Serve) -> None:
    app = App(debug=True)

    @app.get("/")
    async def index() -> str:
        try:
            raise ExceptionGroup("several", [KeyError("first"), OSError("second")])
        except ExceptionGroup as group:
            raise ReelMissing("after them") from group

    page = serve(app).get("/", BROWSER).body.decode()
    for told in ("ReelMissing: after them", "several (2 sub-exceptions)", "KeyError", "OSError: second"):
        assert told in page


def test_debug_hints_at_what_was_forgotten(serve: Serve) -> None:
    app = App(debug=True)

    @app.post("/upload")
    async def upload(request: Request) -> str:
        file = (await request.form()).files["photo"]
        return file.filename

    @app.get("/await")
    async def forgotten() -> int:
        async def number() -> int:
            return 1

        pending = number()
        try:
            return 1 + pending  # type: ignore[operator]
        finally:
            pending.close()

    ask = serve(app)
    form = {**BROWSER, "content-type": "application/x-www-form-urlencoded"}
    page = ask("POST", "/upload", form, b"photo=cat.png").body.decode()
    assert "enctype=&quot;multipart/form-data&quot;" in page
    assert "an await is missing" in ask.get("/await", BROWSER).body.decode()


def test_own_headers_of_an_error_are_kept() -> None:
    error = HTTPError(429, headers={"Vary": "Authorization", "retry-after": "5"}, extra={"errors": ["text"]})
    for accept in (b"text/html", b"*/*"):
        headers = error_response(Request("GET", "/", [(b"accept", accept)]), error).headers
        assert headers["vary"] == "Authorization, accept"
        assert headers["retry-after"] == "5"


def test_a_redirect_goes_where_it_says(caplog: pytest.LogCaptureFixture) -> None:
    request = Request("GET", "/", [])
    response = error_response(request, Redirect("/films", 307, headers={"x-why": "moved"}))
    assert (response.status, response.body, response.headers["x-why"]) == (307, b"", "moved")
    assert location("/café?q=ü x#é") == "/caf%C3%A9?q=%C3%BC%20x#%C3%A9"
    assert location("/\\evil.example") == "/%5Cevil.example"
    assert location("https://example.com/%20?a=b&c") == "https://example.com/%20?a=b&c"
    for evil in ("/a\r\nset-cookie: a=b", "/a\nb", "/a\0b", "/é\r\nx: y"):
        caplog.clear()
        response = error_response(request, SeeOther(evil))
        assert response.status == 500
        assert "location" not in response.headers
        assert [record.levelno for record in caplog.records] == [logging.ERROR]


class Film(Struct):
    year: int


def test_a_body_of_another_type_is_the_clients_mistake(serve: Serve, errors: Any) -> None:
    app = App()

    @app.post("/films")
    async def add(request: Request) -> Film:
        film: Film = await request.json(Film)
        return film

    ask = serve(app)
    answer = ask("POST", "/films", {"content-type": "application/json"}, b'{"year": "next"}')
    assert answer.status == 422
    (one,) = json.loads(answer.body)["errors"]
    assert one["loc"] == ["body"]
    assert "$.year" in one["msg"]
    assert errors() == []


def test_an_error_leaves_nothing_for_the_collector(caplog: pytest.LogCaptureFixture) -> None:
    import asyncio
    import gc
    import weakref

    class Watched(Request):
        __slots__ = ("__weakref__",)

    app = failing_app()
    caplog.set_level(logging.CRITICAL, "segue.errors")  # a record would keep it

    async def main() -> list[Any]:
        left = []
        for _ in range(3):
            request = Watched("GET", "/crash", [(b"host", b"localhost")])
            assert (await app.handle(request)).status == 500
            left.append(weakref.ref(request))
            del request
        return [one() for one in left]

    gc.disable()
    try:
        assert asyncio.run(main()) == [None, None, None]
    finally:
        gc.enable()
