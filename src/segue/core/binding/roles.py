"""Which way a field of a model goes: into the app, out of it, or neither.

    class User(Struct):
        name: str
        id: ReadOnly[int] = 0                   # sent, never taken
        password: WriteOnly[str] = ""           # taken, never sent
        hash: Private[str] = ""                 # neither

To a type checker ``ReadOnly[int]`` is ``int``.
"""

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, get_args, get_origin

__all__ = ["Private", "ReadOnly", "Role", "Shape", "WriteOnly", "role_of", "shape_of"]

T = TypeVar("T")


class Role:
    """Says in an annotation whether a field may come in, and whether it may go out."""

    __slots__ = ("comes", "goes", "name")

    def __init__(self, name: str, *, comes: bool, goes: bool) -> None:
        self.name = name
        self.comes = comes
        self.goes = goes

    def __repr__(self) -> str:
        return f"<{self.name}>"


ReadOnly: TypeAlias = Annotated[T, Role("ReadOnly", comes=False, goes=True)]
"""A field that results have and bodies do not: what a body says about it is not taken."""

WriteOnly: TypeAlias = Annotated[T, Role("WriteOnly", comes=True, goes=False)]
"""A field that bodies have and results do not."""

Private: TypeAlias = Annotated[T, Role("Private", comes=False, goes=False)]
"""A field that neither bodies nor results have."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Shape:
    """How a model looks in one place: ``-> Annotated[Film, Shape(exclude=("director.email",), depth=1)]``.

    ``exclude``: fields that are left out; a dot leads into a model inside. ``rename``: names outside by names in Python,
    or ``"camel"``, ``"kebab"``, ``"pascal"``. ``depth``: levels of models inside models that are kept; 0 keeps none.
    """

    exclude: tuple[str, ...] = ()
    rename: Mapping[str, str] | Literal["lower", "upper", "camel", "pascal", "kebab"] | None = None
    depth: int | None = None


def role_of(hint: Any) -> Role | None:
    """The role that the annotation of a field gives it."""
    return next((one for one in _metadata(hint) if isinstance(one, Role)), None)


def shape_of(hint: Any) -> Shape | None:
    """The shape that an annotation asks for."""
    return next((one for one in _metadata(hint) if isinstance(one, Shape)), None)


def _metadata(hint: Any) -> tuple[Any, ...]:
    return get_args(hint)[1:] if not isinstance(hint, type) and get_origin(hint) is Annotated else ()
