"""What was rendered, for tests and for who develops: the templates and what they were given."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, NamedTuple

from segue.core.app import App
from segue.core.inspection.checks.subjects import apps_of
from segue.html.library import SHELF
from segue.http.request import Request

__all__ = ["Rendered", "captured_templates"]


class Rendered(NamedTuple):
    """A template and the values that it was rendered with."""

    template: str
    values: dict[str, Any]
    request: Request | None


@contextmanager
def captured_templates(app: App) -> Generator[list[Rendered], None, None]:
    """Records the pages that are rendered while the block runs: for tests.

    with captured_templates(app) as pages:
        client.get("/films")
    assert pages[0].template == "films.html"
    assert pages[0].values["films"] == [...]
    """
    app.freeze()
    pages: list[Rendered] = []
    shelves = [one[SHELF] for one in apps_of(app) if isinstance(one, App) and SHELF in one]
    for shelf in shelves:
        shelf.listening.append(pages.append)
    try:
        yield pages
    finally:
        for shelf in shelves:
            shelf.listening.remove(pages.append)
