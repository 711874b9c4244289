"""What an application may say about files that it serves as they are."""

from typing import TYPE_CHECKING, Any, Unpack

from segue.core.pages.assets import is_spec, located
from segue.core.recording import Req_co
from segue.core.routing.declarations import Routing

if TYPE_CHECKING:
    import os

    from segue.core.files.static import StaticOptions

__all__ = ["Publishing"]


class Publishing(Routing[Req_co]):
    """The part of Declaring that is about files."""

    def static(
        self,
        at: str,
        directory: "str | os.PathLike[str]",
        *,
        name: str = "static",
        public: bool = False,
        **options: "Unpack[StaticOptions]",
    ) -> None:
        """Serves the files of ``directory`` below the path ``at``; ``name`` is for ``url_for`` and :meth:`static_url`.

        ``"package:folder"`` is in a package. What ``app.override`` says stands in for files of it. ``public``: they are there for everybody, also
        where the app has guards.
        """
        from segue.core.files.static import StaticFiles

        if isinstance(directory, str) and is_spec(directory):
            directory = located(directory, self._declaring("a folder of files")[0])
        files = StaticFiles(directory, **options)
        given: Any = {"name": name, "documented": False, **({"public": True} if public else {})}
        self.get(f"{at.rstrip('/')}/", **given)(files.root_page)
        self.get(f"{at.rstrip('/')}/{{path:path}}", **given)(files.below)

    def frontend(
        self, at: str, directory: "str | os.PathLike[str]", **options: "Unpack[StaticOptions]"
    ) -> None:
        """Serves a browser application from where its bundler put it: what no route answers is its to show."""
        from segue.core.files.frontend import Frontend

        frontend = Frontend(directory, **options)
        self.any(f"{at.rstrip('/')}/", name="frontend", documented=False)(frontend.root_page)
        self.any(f"{at.rstrip('/')}/{{path:path}}", name="frontend", documented=False)(frontend.below)
