"""Views that are found by the class of a resource are found again, also where classes change or lie."""

from __future__ import annotations

import abc
from typing import Any, Protocol, runtime_checkable

from segue import App
from segue.testing import Client


class Page:
    pass


class Named(abc.ABC):  # noqa: B024 -- classes are registered as it
    pass


@runtime_checkable
class Titled(Protocol):
    title: str


class Proxy:
    """Says that it is what it stands for."""

    def __init__(self, target: Any) -> None:
        self.target = target

    @property
    def __class__(self) -> Any:
        return type(self.target)


def app_of(root: Any) -> App:
    app = App()
    app.traverse("/", root)

    @app.view()
    async def anything() -> str:
        return "anything"

    @app.view(context=Page)
    async def page() -> str:
        return "page"

    @app.view(context=Named)
    async def named() -> str:
        return "named"

    return app


def test_a_class_that_is_registered_later_counts_from_then_on() -> None:
    class Late:
        pass

    with Client(app_of({"late": Late()})) as client:
        assert client.get("/late").text == "anything"
        assert client.get("/late").text == "anything"
        Named.register(Late)
        assert client.get("/late").text == "named"


def test_a_proxy_is_what_it_says_and_no_other_proxy() -> None:
    with Client(app_of({"one": Proxy(Page()), "two": Proxy(3), "page": Page()})) as client:
        for _ in range(2):
            assert client.get("/one").text == "page"
            assert client.get("/two").text == "anything"
            assert client.get("/page").text == "page"


def test_an_object_that_has_what_a_protocol_asks_for_is_told_from_one_of_its_class_that_has_not() -> None:
    titled = Page()
    titled.title = "Nuages"  # type: ignore[attr-defined]  # that is what is tested
    app = app_of({"titled": titled, "plain": Page()})

    @app.view(context=Titled, name="title")
    async def title() -> str:
        return "title"

    with Client(app) as client:
        for _ in range(2):
            assert client.get("/titled/title").text == "title"
            assert client.get("/plain/title").status == 404


def test_a_new_class_for_each_request_is_answered_and_not_kept_for_ever() -> None:
    class Root:
        def __getitem__(self, name: str) -> Any:
            return type("Made", (Page,), {})()

    with Client(app_of(Root())) as client:
        for _ in range(1200):
            assert client.get("/x").text == "page"


def test_methods_that_nobody_knows_fill_nothing() -> None:
    app = App()
    app.traverse("/", {"page": Page()})

    @app.view(context=Page, methods=["GET"])
    async def page() -> str:
        return "page"

    with Client(app) as client:
        for number in range(50):
            reply = client.request(f"X{number}", "/page")
            assert reply.status == 405
            assert reply.headers["allow"] == "GET, HEAD, OPTIONS"
        assert client.request("OPTIONS", "/page").headers["allow"] == "GET, HEAD, OPTIONS"
        assert client.get("/page").text == "page"
