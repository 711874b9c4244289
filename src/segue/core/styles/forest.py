"""The trees of resources of all apps of a plan, and which views belong into which of them."""

from collections.abc import Iterator

from segue.core.records import Route
from segue.core.routing.templates import Template
from segue.core.scopes import Scope
from segue.core.styles.viewrecords import Traverse, View
from segue.core.styles.views import Tree

__all__ = ["Forest"]


class Forest:
    """Gathers views and trees while the apps are gone through, each with the scope that it stands in."""

    def __init__(self, problems: list[str]) -> None:
        self._problems = problems
        self._views: list[tuple[Scope, View]] = []
        self._trees: list[tuple[Scope, Tree]] = []

    def add_view(self, scope: Scope, view: View) -> None:
        """Takes a view, whose trees may be declared after it."""
        self._views.append((scope, view))

    def add_tree(self, scope: Scope, record: Traverse, template: Template) -> Iterator[Route]:
        """The routes that lead to a tree; ``template`` is that of its whole path."""
        tree = Tree(record, self._problems)
        tree.depth = len([segment for segment in template.segments if segment.parts])
        self._trees.append((scope, tree))
        return tree.routes()

    def routes(self) -> Iterator[tuple[Scope, Route]]:
        """The routes of the views, and their scopes: each is in the trees of its app and of the apps around that."""
        for inner, view in self._views:
            trees = [one for one in self._trees if one[0].app in (inner.app, *inner.above)]
            if not trees:
                self._problems.append(
                    f"{view.place}: a view, but neither {inner.app.name!r} nor an app around it has a tree of resources: "
                    f"app.traverse({'/'!r}, ...) makes one"
                )
            for outer, tree in trees:
                # What is around the tree is around its view already.
                scope = inner._replace(
                    prefix=outer.prefix,
                    host=None,
                    middleware=inner.middleware[len(outer.middleware) :],
                    url_values=inner.url_values[len(outer.url_values) :],
                )
                yield scope, tree.route(view)
