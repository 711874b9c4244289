"""What an application may say in other styles than functions for paths: classes, trees, folders, resources."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar, Unpack, cast

from segue.core.options import RouteOptions
from segue.core.ports import Identifies, Identity, Permits
from segue.core.recording import Recording, Req_co
from segue.core.styles.hooks import Attached, Hook
from segue.core.styles.viewrecords import Traverse, TraverseOptions, View, ViewOptions

if TYPE_CHECKING:
    import os

__all__ = ["Styled"]

H = TypeVar("H", bound=Callable[..., Any])
C = TypeVar("C")
D = TypeVar("D", bound=bool | Awaitable[bool])
W = TypeVar("W", bound=Identity | Awaitable[Identity | None] | None)


class Styled(Recording[Req_co]):
    """The part of Declaring that is about classes, object trees, folders, and trees of resources with their views."""

    def resource(
        self, path: str, /, *, suffix: str = "", per_request: bool = False, **options: Unpack[RouteOptions]
    ) -> Callable[[C], C]:
        """Lets the methods of a class answer the HTTP methods of ``path``.

            @app.resource("/films/{id:int}")
            class FilmResource:
                async def get(self, id: int) -> Film: ...
                async def delete(self, id: int) -> None: ...

        Their names: ``get post put patch delete head options query websocket``, ``any`` for what has no method of its
        own, and any in capitals. ``suffix="collection"``: ``get_collection`` and its likes. One object answers all
        requests; with ``per_request``, and if the constructor takes arguments, each has its own. They are bound as
        those of handlers are. Or give an object: ``app.resource(path)(FilmResource(store))``.
        """
        place, names = self._declaring("a resource")
        given = {
            **options,
            "suffix": suffix,
            "per_request": per_request,
            "instances": self.declared.instances,
        }

        def register(target: C) -> C:
            from segue.core.styles.resources import Resource

            self.declared.routes.append(Resource(path, target, given, place, names))
            return target

        return register

    def tree(self, at: str, root: object, /, **options: Unpack[RouteOptions]) -> None:
        """Lets a tree of objects answer below the path ``at``: attributes are parts of the path.

            class Films:
                @expose
                def index(self) -> str: ...                    # /films/

                @expose
                def show(self, id: int, lang: str = "en"): ... # /films/show/7, /films/show?id=7&lang=fr

            class Root:
                films = Films()

            app.tree("/", Root())

        What is not marked with :func:`segue.expose` does not answer. Parameters come from the rest of the path, the
        query or a form; what does not fit is a 404, in a form a 400. ``name``: before the names of the routes.
        """
        from segue.core.styles.trees import Tree

        place, names = self._declaring("a tree")
        self.declared.routes.append(Tree(at, root, options, place, names))

    def folder(
        self, directory: "str | os.PathLike[str]", /, at: str = "/", **options: Unpack[RouteOptions]
    ) -> None:
        """Lets the functions of the files in ``directory`` answer: ``f`` in ``default.py`` is ``/default/f``.

            # controllers/default.py
            def index() -> str: ...                                      # / and /default/ and /default/index
            def show(args: Args, extension: Extension, page: Query[int] = 1): ...   # /default/show.json/x/y?page=2

        A function with a plain argument, or a name that begins with an underscore, does not answer. Files in folders
        below have longer paths. The files are loaded when the app is frozen.
        """
        from segue.core.styles.folders import Folder

        place, names = self._declaring("a folder")
        self.declared.routes.append(Folder(directory, at, options, place, names))

    def traverse(self, at: str, root: object, /, **options: Unpack[TraverseOptions]) -> None:
        """Lets paths below ``at`` walk a tree of resources, whose views answer: see :meth:`view`.

            app.traverse("/docs", Folder())
            app.traverse("/users/{id:int}/docs", documents_of)      # called with the id

        ``root`` is the root of the tree, or a function or class that makes it; that is bound as a handler is. Of each
        resource, ``await resource.resolve(name)`` gives the one below it, or else ``resource[name]``; KeyError ends
        the way. The name after it is that of the view, and ``@@name`` is always one.
        """
        place, names = self._declaring("a tree of resources")
        self.declared.routes.append(Traverse(at, root, options, place, names))

    def view(self, **options: Unpack[ViewOptions]) -> Callable[[H], H]:
        """Lets the decorated function answer for resources that a path was walked to: see :meth:`traverse`.

            @app.view(name="edit")
            async def edit(context: Folder, title: str) -> str: ...

        Its parameters ``context``, ``subpath`` (the rest of the path, a tuple) and ``root`` are those of the walk; all others
        are bound as those of any handler. Of several, that for the most specific class of the context answers, then
        that with the most predicates.
        """
        place, names = self._declaring("a view")

        def register(handler: H) -> H:
            self.declared.routes.append(View(handler, options, place, names))
            return handler

        return register

    def permits(self, function: Callable[[Req_co, str, Any], D]) -> Callable[[Req_co, str, Any], D]:
        """Lets the function decide who has the ``permission`` of a route or view, here and in included apps.

        @app.permits
        async def permits(request: Request, permission: str, context: object) -> bool: ...
        """
        place, _ = self._declaring("who may do what")
        self.declared.permits.append((cast(Permits, function), place))
        return function

    def identifies(self, function: Callable[[Req_co], W]) -> Callable[[Req_co], W]:
        """Lets the function say who sends a request, here and in included apps.

            @app.identifies
            async def who(request: Request) -> User | None: ...

        What it returns has an ``id`` and ``principals`` (segue.core.ports.Identity). ``identity_of(request)`` asks it, as do
        the conditions of routes ``authenticated=True`` and ``principals="group:editors"``.
        """
        place, _ = self._declaring("who sends a request")
        self.declared.identifies.append((cast(Identifies, function), place))
        return function

    def hook(self, target: object, *hooks: Hook) -> None:
        """Puts hooks on a function, a method or a class without a change of it, for this app and those that it includes.

        app.hook(other_package.Films, before(signed_in))
        app.hook(other_package.Films.get, around(timing))
        """
        place, _ = self._declaring("a hook")
        self.declared.hooks.append(Attached(target, hooks, place))
