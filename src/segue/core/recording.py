"""What all declarations have in common: they are kept with the line of the user's code that makes them."""

from typing import TYPE_CHECKING, Any, Generic

from segue.core.records import Declarations
from segue.core.source import Source, calling_frame
from segue.http.request import Request

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    # An App[FilmRequest] does for whoever wants an App: what takes a Request takes a FilmRequest.
    Req_co = TypeVar("Req_co", bound=Request, default=Request, covariant=True)
else:
    from typing import TypeVar

    Req_co = TypeVar("Req_co", bound=Request, covariant=True)

__all__ = ["Frozen", "Recording", "Req_co"]


class Frozen(RuntimeError):
    """Something was declared after the app was frozen."""


class Recording(Generic[Req_co]):
    """What is said of an app, and where; apps say it of themselves, a plugin of the app that lists it.

    ``Req_co``: the class of its requests.
    """

    def __init__(self, name: str, declared: Declarations) -> None:
        self.name = name
        self.declared = declared
        #: The name of the plugin that declares, if one does.
        self.plugin: str | None = None

    def _declaring(self, what: str) -> tuple[Source, dict[str, Any]]:
        """Where the user's code declares something, and what is defined in the function that it stands in."""
        place, names = self._calling()
        if self.declared.frozen:
            raise Frozen(
                f"{place}: {what} is declared, but the app {self.name!r} was frozen when it was started or answered its "
                f"first request. Declare everything while the module is imported, before the app runs"
            )
        return place, names

    def _calling(self) -> tuple[Source, dict[str, Any]]:
        frame = calling_frame()
        is_module = frame.f_locals is frame.f_globals
        return Source(frame.f_code.co_filename, frame.f_lineno), {} if is_module else dict(frame.f_locals)

    def _name(self, what: str, name: str, table: dict[str, Any], value: object) -> None:
        place, _ = self._declaring(f"a {what}")
        if table.setdefault(name, value) is value:
            self.declared.places[what, name] = place
        else:
            self.declared.problems.append(
                f"the {what} {name!r} is declared at {self.declared.places[what, name]} and at {place}: give one "
                f"another name, or take it away"
            )
