"""What an application may say about its settings, and where it finds them."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from segue.core.providing.declarations import Providing
from segue.core.recording import Req_co
from segue.core.settings.projectfolder import project_folder
from segue.core.source import Source

if TYPE_CHECKING:
    from segue.core.records import Recorded
    from segue.core.settings.config import Config
    from segue.core.settings.structs import Sources

__all__ = ["Configured", "configure_paths", "misspelt_sections"]

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


class Configured(Providing[Req_co]):
    """The part of Declaring that is about settings. They are read at once: declarations may depend on them."""

    def settings(
        self, kind: type[T], /, prefix: str | None = None, *, arguments: Sequence[str] | None = None
    ) -> T:
        """An object of a Struct with what is configured for it; handlers get it by its type.

            class Shop(Struct):
                currency: str = "EUR"
                db: Db = Db()

            shop = app.settings(Shop)       # [shop] in segue.toml, SHOP_CURRENCY, SHOP_DB__URL

        From the defaults, ``segue.toml``, ``.env``, the environment and ``--set``; the later stands above the earlier.
        ``prefix``: the name of the section, by default that of the class without ``Settings``; ``""`` is the top.
        ``arguments``: of a program's own command line, ``--currency=USD`` and ``--config=FILE``.

        Raises SettingsError with all values that do not fit, are missing or unknown, and where each comes from.
        """
        from segue.core.settings.structs import Settings, section_of

        place, _ = self._declaring("a settings class")
        section = section_of(kind) if prefix is None else prefix.lower()
        known = self.declared.life.settings
        for one in known:
            if one.kind is kind and one.section == section and arguments is None:
                value: T = one.value
                return value
        sources = self._sources(place)
        if arguments is not None:
            sources = sources.with_arguments(arguments)
        value, settings = sources.read(kind, section)
        if not any(one.kind is kind for one in known):
            self.provide(kind, value)
        known.append(Settings(kind, section, value, settings))
        return value

    def tool(self, name: str) -> Callable[[F], F]:
        """Lets ``segue.toml`` switch on a middleware of your own for the paths that it names.

            @app.tool("maintenance")
            def maintenance(until: str) -> Middleware:          # [path."/shop"] maintenance = "noon"
                async def closed(request: Request, next: Next) -> Response:
                    return Response(f"back at {until}", 503)
                return closed

        The function gets the value that the file has. What it raises is told when the app is frozen.
        """
        place, _ = self._declaring("a tool")

        def register(function: F) -> F:
            self.declared.life.tools[name] = (function, place)
            return function

        return register

    @property
    def config(self) -> "Config":
        """What ``segue.toml`` says, by name: ``app.config["shop.currency"]``. Load more into it; see Config."""
        return self._sources(self._calling()[0]).config

    @property
    def instance(self) -> Path:
        """The folder for what belongs to this installation: uploads, a database. ``segue.toml`` in it is read too."""
        return self._sources(self._calling()[0]).folder / "instance"

    def _sources(self, place: Source) -> "Sources":
        """Read once, from the working folder, or else from that of the file at ``place``, if there is a ``segue.toml``."""
        from segue.core.settings.structs import Sources

        life = self.declared.life
        if life.sources is None:
            folders = [Path.cwd(), Path(place.file).parent]
            if (
                project_folder() is not None
            ):  # of a bundle: what belongs to the installation is where its data is
                del folders[1:]
            folder = next((one for one in folders if (one / "segue.toml").is_file()), folders[0])
            life.sources = Sources(folder.resolve())
        sources: Sources = life.sources
        return sources


def misspelt_sections(apps: "Sequence[Recorded]") -> Iterator[str]:
    """What ``segue.toml`` has that is nearly, but not quite, the name of a section that one of ``apps`` reads."""
    sections = [one.section for app in apps for one in app.declared.life.settings if one.section]
    found = {
        app.declared.life.sources.folder: app.declared.life.sources
        for app in apps
        if app.declared.life.sources
    }
    for sources in found.values():
        yield from sources.misspelt(sections)


def configure_paths(app: "Recorded", problems: list[str]) -> None:
    """Declares for ``app`` what its ``segue.toml`` says about paths, if there is one. ``problems`` takes what is wrong."""
    life = app.declared.life
    if life.configured:
        return
    life.configured = True
    folders = [Path.cwd()] if life.sources is None else [life.sources.folder]
    if life.sources is None and app.declared.routes:
        folders.append(Path(app.declared.routes[0].place.file).parent)
    if (own := project_folder()) is not None:
        folders.insert(0, own)
    folder = next((one for one in folders if (one / "segue.toml").is_file()), None)
    if folder is not None:
        from segue.core.settings.pathconfig import declare_paths

        declare_paths(app, folder, problems)
