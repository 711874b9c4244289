"""Predicates, access lists and security policies: who may do what, said at handlers, apps, trees and resources."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from people import KEY, PASSWORD

from segue import App, Request, SeeOther, expose
from segue.auth import (
    ALL_PERMISSIONS,
    DENY_ALL,
    NO_PERMISSION_REQUIRED,
    Accounts,
    Allow,
    BasicPolicy,
    Deny,
    Policy,
    RemoteUserPolicy,
    SessionPolicy,
    TicketPolicy,
    all_of,
    any_of,
    authenticated_id,
    decide,
    forget,
    grant,
    has_permission,
    in_group,
    is_admin,
    is_user,
    not_,
    permits,
    predicate,
    principals_allowed,
    remember,
    requires,
    signed_in,
)
from segue.auth.permissions.policies import Known
from segue.security import MemorySessions, Sessions, SignedLinks
from segue.testing import Client


def with_people(app: App) -> App:
    @app.post("/set-up", skip=["csrf"])
    async def set_up(accounts: Accounts) -> None:
        for name in ("root", "ann", "ben"):
            await accounts.create(email=f"{name}@example.org", name=name, password=PASSWORD)
        ann, root = await accounts.find("ann"), await accounts.find("root")
        await accounts.groups.add(ann, "staff/editors")
        await grant("group:staff", "manage")
        await accounts.write(root, is_admin=True)

    return app


def statuses(client: Any, *paths: str) -> dict[str, list[int]]:
    """The answers to paths, by who asks."""
    found = {}
    for name in ("nobody", "ben", "ann", "root"):
        if name != "nobody":
            client.cookies.clear()
            done = client.post("/login", data={"login": name, "password": PASSWORD})
            assert done.status == 303, done.text
        found[name] = [client.get(path).status for path in paths]
    return found


@pytest.mark.row("TG-16")
def test_predicates_are_combined_and_guard_handlers_classes_trees_and_apps(
    make_app: Callable[..., App],
) -> None:
    app = with_people(make_app(names=True))

    @app.get("/either", requires=[any_of(is_user("ben"), has_permission("manage"))])
    async def either() -> str:
        return "in"

    @app.get("/both")
    @requires(all_of(signed_in(), not_(is_user("ben"), message="Not you, Ben.")))
    async def both() -> str:
        return "in"

    @app.get("/signs", requires=[(in_group("staff") | is_admin()) & ~is_user("nobody")])
    async def signs() -> str:
        return "in"

    class Films:
        @expose
        def index(self) -> str:
            return "films"

    @requires(has_permission("manage", message="Managers only."))
    class Root:
        films = Films()

        @expose
        def index(self) -> str:
            return "root"

    app.tree("/decorated", Root())
    app.tree("/tree", Films(), requires=[in_group("staff/editors")])

    inner = App("inner", requires=[predicate(lambda _, who: who is not None and who.id == "1")])
    inner.get("/page")(lambda: "page")
    app.include(inner, at="/inner")
    with Client(app) as client:
        client.post("/set-up")
        found = statuses(client, "/either", "/both", "/signs", "/decorated/", "/tree/", "/inner/page")
        assert found == {
            "nobody": [302, 302, 302, 302, 302, 302],
            "ben": [200, 403, 403, 403, 403, 403],
            "ann": [200, 200, 200, 200, 200, 403],
            "root": [200, 200, 200, 200, 403, 200],
        }
        client.cookies.clear()
        client.post("/login", data={"login": "ben", "password": PASSWORD})
        told = {
            path: client.get(path, headers={"accept": "application/json"}).json()["detail"]
            for path in ("/both", "/decorated/")
        }
        assert told == {"/both": "Not you, Ben.", "/decorated/": "Managers only."}


def test_a_predicate_that_says_nothing_is_closed(make_app: Callable[..., App]) -> None:
    app = with_people(make_app(names=True))
    app.get("/x", requires=[predicate(lambda *_: None)])(lambda: "x")  # type: ignore[arg-type,return-value]
    with Client(app) as client:
        client.post("/set-up")
        assert statuses(client, "/x") == {"nobody": [302], "ben": [403], "ann": [403], "root": [403]}


class Folder:
    def __init__(self, parent: Any = None, acl: Any = ()) -> None:
        self.__parent__ = parent
        if acl:
            self.__acl__ = acl

    def __getitem__(self, name: str) -> Any:
        return self.children[name]

    children: dict[str, Any]


def tree() -> Any:
    root = Folder(acl=[(Allow, "everyone", "view"), (Allow, "group:staff", ALL_PERMISSIONS)])
    secret = Folder(
        root,
        acl=lambda: [(Allow, "user:2", ("view", "edit")), (Deny, "group:staff/editors", "edit"), DENY_ALL],
    )
    plain = Folder(root)
    root.children, secret.children, plain.children = {"secret": secret, "plain": plain}, {}, {}
    return root


@pytest.mark.row("PY-13")
def test_access_lists_are_inherited_and_say_why(make_app: Callable[..., App]) -> None:
    root = tree()
    secret, plain = root.children["secret"], root.children["plain"]
    assert decide(plain, (), "view").allowed
    assert not decide(plain, ("user:9",), "edit")
    assert decide(plain, ("group:staff",), "edit").place is root
    denied = decide(secret, ("group:staff", "group:staff/editors"), "edit")
    assert (denied.allowed, denied.entry) == (False, (Deny, "group:staff/editors", "edit"))
    assert denied.reason == (
        "'edit' is denied to everyone, group:staff, group:staff/editors by ('deny', 'group:staff/editors', 'edit') "
        "of Folder.__acl__"
    )
    assert "no entry" in decide(plain, (), "delete").reason
    assert decide(secret, ("user:2",), "edit").allowed
    assert principals_allowed(plain, "edit") == {"group:staff"}
    assert principals_allowed(secret, "edit") == {"user:2"}

    app = with_people(make_app(names=True))
    app.traverse("/docs", root)

    @app.view(context=Folder, permission="view")
    async def shown(context: Folder) -> str:
        return "shown"

    @app.view(context=Folder, name="edit", permission="edit")
    async def edited(context: Folder) -> str:
        return "edited"

    with Client(app) as client:
        client.post("/set-up")
        paths = ("/docs/plain/", "/docs/plain/edit", "/docs/secret/", "/docs/secret/edit")
        assert statuses(client, *paths) == {
            "nobody": [200, 302, 302, 302],
            "ben": [200, 403, 403, 403],
            "ann": [200, 200, 200, 200],  # her key is 2
            "root": [200, 200, 200, 200],
        }


class Named:
    """A policy of an app: the id is in a header, and admins may everything."""

    async def identity(self, request: Request) -> Any:
        name = request.headers.get("x-user")
        return None if name is None else Known(name, frozenset({f"user:{name}"}))

    async def permits(self, request: Request, permission: str, context: Any) -> bool:
        return await authenticated_id(request) == "admin" or (
            permission == "view" and await authenticated_id(request) is not None
        )

    async def remember(self, request: Request, id: str) -> None:
        request.after_this(lambda response: response.headers.__setitem__("x-remember", id))

    async def forget(self, request: Request) -> None:
        request.after_this(lambda response: response.headers.__setitem__("x-forget", "1"))


@pytest.mark.row("PY-12")
def test_a_policy_says_who_it_is_what_is_permitted_and_what_is_remembered() -> None:
    app = App(plugins=[Policy(Named())], permission="view")

    @app.error_handler(403)
    async def forbidden(request: Request, error: Exception) -> tuple[str, int]:
        return "the page for who may not", 403

    @app.get("/")
    async def default(request: Request) -> dict[str, Any]:
        return {"id": await authenticated_id(request), "edit": bool(await permits(request, "edit"))}

    @app.get("/edit", permission="edit")
    async def edit() -> str:
        return "edited"

    @app.get("/open", permission=NO_PERMISSION_REQUIRED)
    async def open_() -> str:
        return "open"

    @app.get("/in", permission=NO_PERMISSION_REQUIRED)
    async def come(request: Request) -> None:
        await remember(request, "ann")

    @app.get("/out", permission=NO_PERMISSION_REQUIRED)
    async def go(request: Request) -> None:
        await forget(request)

    with Client(app) as client:
        ann, admin = {"x-user": "ann"}, {"x-user": "admin"}
        assert (client.get("/").status, client.get("/").text) == (403, "the page for who may not")
        assert client.get("/open").text == "open"
        assert client.get("/", headers=ann).json() == {"id": "ann", "edit": False}
        assert client.get("/edit", headers=ann).text == "the page for who may not"
        assert client.get("/edit", headers=admin).text == "edited"
        assert client.get("/in").headers["x-remember"] == "ann"
        assert client.get("/out").headers["x-forget"] == "1"


def guarded(policy: Any, *plugins: Any) -> App:
    app = App(plugins=[Policy(policy), *plugins])

    @app.get("/who")
    async def who(request: Request) -> dict[str, Any]:
        return {"id": await authenticated_id(request)}

    @app.post("/in/{name}")
    async def come(request: Request, name: str) -> None:
        await remember(request, name)
        raise SeeOther("/who")

    @app.post("/out")
    async def go(request: Request) -> None:
        await forget(request)

    return app


def basic_header(password: str) -> dict[str, str]:
    return {"authorization": "Basic " + b64encode(f"ann:{password}".encode()).decode()}


@pytest.mark.row("PY-14")
def test_policies_that_are_there(time_machine_travel: Any) -> None:
    members = {"ann": ["group:staff"]}
    sessions = Sessions(MemorySessions(), key=KEY)
    for policy, plugins in (
        (TicketPolicy(KEY, members.get, timeout=1_000), ()),
        (SessionPolicy(members.get), (sessions,)),
    ):
        with Client(guarded(policy, *plugins)) as client:
            assert client.get("/who").json() == {"id": None}
            client.post("/in/ann")
            assert client.get("/who").json() == {"id": "ann"}
            client.post("/out")
            assert client.get("/who").json() == {"id": None}
            client.post("/in/stranger")  # whom nobody knows (any more)
            assert client.get("/who").json() == {"id": None}
    with Client(guarded(TicketPolicy(KEY, timeout=1_000))) as client:
        client.post("/in/ann")
        assert client.post("/out", headers={"sec-fetch-site": "cross-site"}).status == 403
        first = client.cookies["__Host-ticket"]
        with time_machine_travel(500):
            assert client.get("/who").json() == {"id": "ann"}
        second = client.cookies["__Host-ticket"]
        assert second != first  # it is renewed as it is used
        with time_machine_travel(1_200):
            assert client.get("/who").json() == {"id": "ann"}
        with time_machine_travel(3_000):
            assert client.get("/who").json() == {"id": None}
        client.cookies.set("__Host-ticket", first[:-1] + ("A" if first[-1] != "A" else "B"))
        assert client.get("/who").json() == {"id": None}
    basic = BasicPolicy(
        lambda name, password: Known(name, frozenset()) if password == "right" else None, realm="films"
    )
    with Client(guarded(basic)) as client:
        assert client.get("/who", headers=basic_header("right")).json() == {"id": "ann"}
        assert client.get("/who", headers=basic_header("wrong")).json() == {"id": None}


@pytest.mark.row("PY-14")
def test_what_a_web_server_says_is_believed_of_that_server_only() -> None:
    import io
    import json

    def asked(app: App, **environ: Any) -> Any:
        said: list[Any] = []
        full = {
            "REQUEST_METHOD": "GET", "PATH_INFO": "/who", "SERVER_NAME": "films", "SERVER_PORT": "80", "HTTP_HOST": "films",
            "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(), "wsgi.url_scheme": "http",
            "REMOTE_ADDR": "10.0.0.1", **environ,
        }  # fmt: skip
        body = b"".join(app.wsgi(full, lambda status, headers, *_: said.append(status)))
        return json.loads(body)["id"]

    plain = guarded(RemoteUserPolicy())
    assert asked(plain, REMOTE_USER="ann") == "ann"
    assert asked(plain, HTTP_REMOTE_USER="ann", HTTP_X_REMOTE_USER="ann") is None
    by_header = guarded(RemoteUserPolicy(header="X-Remote-User", proxies=["10.0.0.0/8"]))
    assert asked(by_header, HTTP_X_REMOTE_USER="ann") == "ann"
    assert asked(by_header, HTTP_X_REMOTE_USER="ann", REMOTE_ADDR="192.0.2.1") is None
    with pytest.raises(ValueError, match="would be believed"):
        RemoteUserPolicy(header="x-remote-user")


@pytest.mark.row("P4-08")
def test_groups_stand_in_one_another(make_app: Callable[..., App]) -> None:
    app = make_app(names=True)

    @app.get("/try")
    async def tried(accounts: Accounts) -> dict[str, Any]:
        ann = await accounts.create(name="ann")
        ben = await accounts.create(name="ben")
        await accounts.groups.add(ann, "manager", "/a/b/")
        await accounts.groups.add(ben, "a/b/c", "ab")
        found = {
            tag: sorted(one.name for one in await accounts.groups.find(tag))
            for tag in ("manager", "a", "/a/b", "a/b/c", "b")
        }
        await accounts.groups.remove(ben, "a/b/c")
        return {
            **found,
            "of": await accounts.groups.of(ann),
            "has": [await accounts.groups.has(ann, tag) for tag in ("a", "a/b", "a/b/c", "manager")],
            "left": await accounts.groups.of(ben),
        }

    with Client(app) as client:
        assert client.get("/try").json() == {
            "manager": ["ann"],
            "a": ["ann", "ben"],
            "/a/b": ["ann", "ben"],
            "a/b/c": ["ben"],
            "b": [],
            "of": ["a/b", "manager"],
            "has": [True, True, False, True],
            "left": ["ab"],
        }


@pytest.mark.row("W-20")
def test_login_membership_permission_and_signature(make_app: Callable[..., App]) -> None:
    app = with_people(make_app(names=True))
    links = SignedLinks(KEY)
    app.get("/login-only", requires=[signed_in()])(lambda: "in")
    app.get("/members", requires=[in_group("staff")])(lambda: "in")
    app.get("/managers", requires=[has_permission("manage")])(lambda: "in")
    app.get("/signed", requires=[links.verified])(lambda: "in")
    with Client(app) as client:
        client.post("/set-up")
        found = statuses(client, "/login-only", "/members", "/managers", "/signed", links.sign("/signed"))
        assert found == {
            "nobody": [302, 302, 302, 403, 200],
            "ben": [200, 403, 403, 403, 200],
            "ann": [200, 200, 200, 403, 200],
            "root": [200, 403, 200, 403, 200],
        }
