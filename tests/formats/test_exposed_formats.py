"""One exposed method in several formats: a page by a template, and data."""

from string import Template
from typing import Any

from segue import App, Request, expose
from segue.formats import HTML, JSON
from segue.testing import Client


class Page(HTML):
    """HTML by a template."""

    def __init__(self, template: str) -> None:
        super().__init__()
        self.template = Template(template)

    def render(self, value: Any, request: Request) -> bytes:
        return self.template.substitute(value).encode()


class Movies:
    @expose(formats=[Page("<h1>$title</h1>"), JSON], suffixes=True, status=203)
    def show(self, id: int) -> dict[str, str]:
        return {"title": f"film {id}"}

    @expose(content_type="text/csv; charset=utf-8")
    def table(self) -> str:
        return "a,b"

    @expose
    def plain(self) -> dict[str, str]:
        return {"title": "plain"}


class Better(Movies):
    @expose(inherit=True)
    def show(self, id: int) -> dict[str, str]:
        return {"title": f"better {id}"}

    def plain(self) -> dict[str, str]:
        return {"title": "not exposed"}


def test_a_method_is_a_page_and_data_and_a_subclass_inherits_how() -> None:
    for root, title in ((Movies(), "film 7"), (Better(), "better 7")):
        app = App()
        app.tree("/", root)
        client = Client(app)
        for path, accept, body, kind in (
            ("/show/7", "*/*", f"<h1>{title}</h1>", "text/html; charset=utf-8"),
            ("/show/7", "application/json", f'{{"title":"{title}"}}', "application/json"),
            ("/show/7.json", "*/*", f'{{"title":"{title}"}}', "application/json"),
            ("/show/7.html", "*/*", f"<h1>{title}</h1>", "text/html; charset=utf-8"),
        ):
            answer = client.get(path, headers={"accept": accept})
            assert (answer.status, answer.text, answer.headers["content-type"]) == (203, body, kind)
        assert "accept" in client.get("/show/7").headers["vary"].lower()
        assert client.get("/show/7", headers={"accept": "image/png"}).status == 406
        assert client.get("/show?id=7").text == f"<h1>{title}</h1>"
        assert client.get("/table").headers["content-type"] == "text/csv; charset=utf-8"
        assert client.get("/plain").status == (200 if title == "film 7" else 404)
