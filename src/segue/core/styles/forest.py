"""The trees of resources of all apps of a plan, and which views belong into which of them."""

from collections.abc import Iterator

from segue.core.branches import Branch
from segue.core.life.requesthooks import notices_of
from segue.core.life.signals import ContextFound, TraversalStarted
from segue.core.records import Route
from segue.core.routing.templates import Template
from segue.core.styles.viewrecords import Traverse, View
from segue.core.styles.views import Tree

__all__ = ["Forest"]


class Forest:
    """Gathers views and trees while the apps are gone through, each with the branch that it stands in."""

    def __init__(self, problems: list[str]) -> None:
        self._problems = problems
        self._views: list[tuple[Branch, View]] = []
        self._trees: list[tuple[Branch, Tree]] = []

    def add_view(self, branch: Branch, view: View) -> None:
        """Takes a view, whose trees may be declared after it."""
        self._views.append((branch, view))

    def add_tree(self, branch: Branch, record: Traverse, template: Template) -> Iterator[Route]:
        """The routes that lead to a tree; ``template`` is that of its whole path."""
        tree = Tree(record, self._problems)
        tree.started, tree.found = notices_of((*branch.above, branch.app), TraversalStarted, ContextFound)
        tree.depth = len([segment for segment in template.segments if segment.parts])
        self._trees.append((branch, tree))
        return tree.routes()

    def routes(self) -> Iterator[tuple[Branch, Route]]:
        """The routes of the views, and their branches: each is in the trees of its app and of the apps around that."""
        for inner, view in self._views:
            trees = [one for one in self._trees if one[0].app in (inner.app, *inner.above)]
            if not trees:
                self._problems.append(
                    f"{view.place}: a view, but neither {inner.app.name!r} nor an app around it has a tree of resources: "
                    f"app.traverse({'/'!r}, ...) makes one"
                )
            for outer, tree in trees:
                # What is around the tree is around its view already.
                branch = inner._replace(
                    prefix=outer.prefix,
                    host=None,
                    middleware=inner.middleware[len(outer.middleware) :],
                    url_values=inner.url_values[len(outer.url_values) :],
                )
                yield branch, tree.route(view)
