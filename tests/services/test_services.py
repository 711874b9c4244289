"""What may be declared, and what is told about what may not."""

from __future__ import annotations

import pytest
from offered import make

from segue import App
from segue.services import Services
from segue.testing import Client


def test_what_cannot_be_a_method_is_told_where_it_stands() -> None:
    services = Services()
    with pytest.raises(TypeError, match=r"\*numbers.*cannot be given by a caller"):
        services.method("sum")(lambda *numbers: 1)
    with pytest.raises(TypeError, match=r"test_services.py:\d+\): '1 a' cannot name a method"):
        services.method("1 a")(len)


def test_two_methods_of_one_name_are_told_with_both_lines() -> None:
    services = Services()
    services.method("a")(lambda: 1)
    with pytest.raises(
        ValueError, match=r"test_services.py:\d+: the method 'a' is declared at test_services.py:\d+ too"
    ):
        services.method("a")(lambda: 2)


def test_the_formats_of_an_app_are_ways_to_call_too() -> None:
    class Shout:
        name = "shout"
        media_types = ("text/x-shout",)
        suffixes = ("shout",)

        def encode(self, value: object) -> bytes:
            return str(value).upper().encode()

    services = Services(formats=[Shout()])
    services.method("hello", safe=True)(lambda: "hello")
    app = App()
    app.include(services, at="/call")
    with Client(app) as client:
        response = client.get("/call/shout/hello")
    assert (response.text, response.headers["content-type"]) == ("HELLO", "text/x-shout")


def test_two_services_in_one_app() -> None:
    app = App()
    for name in ("one", "two"):
        services = Services(name)
        services.method("name", safe=True)(lambda name=name: name)
        app.include(services, at=f"/{name}")
    with Client(app) as client:
        assert [client.get(f"/{name}/run/name").text for name in ("one", "two")] == ["one", "two"]
        assert app.url_for("two.jsonrpc") == "/two/jsonrpc"


def test_what_the_app_provides_is_no_argument() -> None:
    with Client(make()) as client:
        assert client.post("/call/run/greet", json={"name": "Django"}).text == "The tea shop greets Django"
        assert client.post("/call/json/greet", json={}).json()["errors"] == [
            {"loc": ["arguments", "name"], "msg": "is missing"}
        ]
        assert (
            client.post("/call/run/caller", json=["Hello"], headers={"user-agent": "me"}).text == "Hello me"
        )
        assert "shop" not in client.get("/call/soap?wsdl").text
