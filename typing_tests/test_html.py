"""Pages and elements: what the checkers know about them; never run."""

from typing import assert_type

from markupsafe import Markup

from segue import App, Request
from segue.html import (
    Element,
    Htmx,
    Page,
    Rendered,
    Renderer,
    Template,
    Templates,
    attributes,
    captured_templates,
    fragment,
    h,
    hx,
    render,
)

app = App(plugins=[Templates("pages", texts={"a.html": "a"}, reload=True)])
app.template_globals(site="Films")
app.override("blog:templates/", "ours")


@app.template_global
def greeting(request: Request | None, name: str) -> str:
    return name


@app.template_value(name="me")
def visitor(request: Request) -> str:
    return ""


@app.template_context
async def menu(request: Request) -> dict[str, object]:
    return {}


assert_type(visitor(Request("GET", "/", [])), str)


@app.get("/films", template="films.html", formats=[Template("other.html")])
async def films() -> dict[str, list[str]]:
    return {}


@app.get("/page")
async def page(htmx: Htmx, renderer: Renderer) -> Page:
    assert_type(renderer.text("a.html", a=1), Markup)
    assert_type(htmx.target, str | None)
    return render("films.html", films=[]).part("list", oob=["count"]).with_status(201, {"x-a": "b"})


assert_type(h.p("text", h.b(1), [h.i("x")], None, class_=["a"], hidden=True), Element)
assert_type(h["my-element"]("x"), Element)
assert_type(fragment("a", h.br), Markup)
assert_type(attributes({"id": "a"}, class_="b"), Markup)
hx(render("a.html"), trigger={"saved": 1}, reswap="none")

with captured_templates(app) as pages:
    assert_type(pages, list[Rendered])

h.dvi("x")  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue] -- no such element
h.p(object())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] -- no content
hx("", redirekt="/")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue] -- no such answer
app.get("/x", template=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] -- a name
