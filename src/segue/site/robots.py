"""What robots are asked to leave alone (RFC 9309)."""

from collections.abc import Mapping, Sequence

from segue.core.plugins.setup import Setup
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["Robots"]


class Robots:
    """Plugin: ``/robots.txt``.

        App(plugins=[Robots(disallow=["/account", "/search"]), Sitemap()])
        App(plugins=[Robots({"GPTBot": ["/"], "*": ["/account"]})])

    ``disallow``: beginnings of paths, for all robots or by the names of robots; nothing is left alone without it. The
    sitemap of the app is named. It is a request, no lock. Raises ValueError for what is no path.
    """

    name = "robots"

    def __init__(self, disallow: "Sequence[str] | Mapping[str, Sequence[str]]" = ()) -> None:
        given = disallow if isinstance(disallow, Mapping) else {"*": disallow}
        self._rules = {agent: list(paths) for agent, paths in given.items()}
        for agent, paths in self._rules.items():
            if isinstance(given[agent], str):
                raise TypeError(f"the paths for {agent!r} are a list: [{given[agent]!r}]")
            for text in (agent, *paths):
                if not text or any(ord(char) < 33 for char in text):
                    raise ValueError(f"{text!r} cannot stand in robots.txt")
            for path in paths:
                if not path.startswith(("/", "*", "$")):
                    raise ValueError(f"{path!r} is no path: write {'/' + path!r}")

    def setup(self, to: Setup) -> None:
        """Declares the route."""
        lines = []
        for agent, paths in self._rules.items():
            lines += [f"User-agent: {agent}", *[f"Disallow: {path}" for path in paths or [""]], ""]
        text = "\n".join(lines)

        async def robots(request: Request) -> Response:
            try:
                sitemap = f"Sitemap: {request.url.origin}{request.url_for('sitemap')}\n"
            except LookupError:
                sitemap = ""
            return Response(f"{text}{sitemap}".encode(), 200, None, "text/plain; charset=utf-8")

        to.get("/robots.txt", name="robots", documented=False)(robots)
