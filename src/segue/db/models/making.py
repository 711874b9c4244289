"""Models from the bodies of their classes: the fields of the Struct, and what the class answers with."""

from collections.abc import Mapping as MappingOf, Sequence
from types import FunctionType
from typing import TYPE_CHECKING, Any, dataclass_transform

import msgspec
from msgspec import UNSET, StructMeta

from segue.db.models.attributes import ManyAttribute, OneAttribute, PrivateAttribute, RefAttribute, hiding
from segue.db.models.classbody import enclosing, place, style_of, told
from segue.db.models.columns import Declared
from segue.db.models.fields import Options, field, related
from segue.db.models.heirs import lineage_of, table_name, with_kinds
from segue.db.models.hints import without_none
from segue.db.models.lineage import Lineage
from segue.db.models.mapping import Mapping
from segue.db.models.pointers import PointerAttribute
from segue.db.models.registry import by_name, resolve_what_can_be
from segue.db.queries.expressions import Condition, Expr

__all__ = ["MissingField", "ModelMeta", "Required"]

_OPTIONS = frozenset({"table", "schema", "database", "abstract", "kinds", "kind", "joined", "proxy"})


class _ClassAttribute:
    """What an attribute is when the class is asked, ``Post.title``: it lives on the class of the class.

    PERF: objects are not slowed down by it: ``post.title`` stays the slot of the Struct, in C.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, model: Any, owner: Any = None) -> Any:
        if model is None:
            return self
        mapping: Mapping = model.__mapping__
        found = mapping.expressions.get(self.name)
        return mapping.expression(self.name) if found is None else found

    def __set__(self, model: Any, value: Any) -> None:
        raise AttributeError(f"{model.__name__}.{self.name} is a field of the model, and stays one")


@dataclass_transform(kw_only_default=True, field_specifiers=(field, related))
class ModelMeta(StructMeta):
    """Makes models: turns ``Field[T]`` into fields of a Struct, and answers ``Post.title`` with an expression."""

    if TYPE_CHECKING:
        # `Post.author == django`: to a type checker `Post.author` is a class.
        def __eq__(self, other: object) -> Condition: ...  # type: ignore[override] # pyright: ignore[reportIncompatibleMethodOverride]
        def __ne__(self, other: object) -> Condition: ...  # type: ignore[override] # pyright: ignore[reportIncompatibleMethodOverride]
        def __hash__(self) -> int: ...

    def __new__(
        mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any
    ) -> "ModelMeta":
        unknown = {one for one in options if one not in _OPTIONS and not one.startswith("_")}
        if unknown:
            raise TypeError(
                f"class {name}: {', '.join(sorted(unknown))} is no option of a model; it has {', '.join(sorted(_OPTIONS))}"
            )
        if not any(isinstance(base, ModelMeta) for base in bases):
            return super().__new__(mcls, name, bases, namespace, eq=False, **_struct(options))
        return _Making(mcls, name, bases, namespace, options).make()

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> None:
        super().__init__(name, bases, namespace)

    def __iter__(cls) -> Any:
        raise TypeError(f"{cls.__name__} is a model: `await {cls.__name__}.all()` gives its objects")


def _struct(options: MappingOf[str, Any]) -> dict[str, Any]:
    return {name[1:]: value for name, value in options.items() if name.startswith("_")}


class _Making:
    """One model in the making."""

    def __init__(
        self,
        mcls: type[ModelMeta],
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        options: dict[str, Any],
    ) -> None:
        self.mcls = mcls
        self.name = name
        self.bases = bases
        self.namespace = namespace
        self.options = options
        self.abstract = bool(options.get("abstract"))
        self.module: str = namespace.get("__module__", "")
        self.parents = [base for base in bases if isinstance(base, ModelMeta)]
        self.hidden: list[PrivateAttribute] = []

    def make(self) -> ModelMeta:
        own = self.declared()
        inherited = self.inherited({one.name for one in own})
        if self.abstract:
            self.namespace["__annotations__"] = {}
            self.namespace["__declared__"] = (*inherited, *own)
            return StructMeta.__new__(self.mcls, self.name, self.bases, self.namespace, eq=False)
        parent = self.parent()
        fields = [*inherited, *own]
        lineage = lineage_of(self.name, parent, self.options, fields)
        if parent is None and not any(one.options.key for one in fields):
            # In front, as everybody expects it.
            if any(getattr(base, "__counts__", False) for base in self.parents):
                fields.insert(0, Declared("id", "field", int, Options(key=True), __name__))
        if lineage.kinds is not None and lineage.style == "own":
            fields = with_kinds(fields, lineage.kinds, lineage.kind)
        everything = [*(parent.__mapping__.declared if parent is not None else ()), *fields]
        self.namespace["__declared__"] = tuple(everything)
        model = self.struct(fields, lineage, relations=any(one.style != "field" for one in everything))
        names = enclosing()
        type.__setattr__(
            model,
            "__mapping__",
            Mapping(
                model,
                everything,
                table=self.options.get("table") or table_name(self.name),
                schema=self.options.get("schema"),
                database=self.options.get("database") if lineage.parent is None else lineage.parent.database,
                lineage=lineage,
                names=names,
                file=place(),
            ),
        )
        for one in fields:
            if one.style == "ref":
                type.__setattr__(model, one.name, RefAttribute(one.name, model.__dict__[one.name]))
            elif one.style == "many":
                type.__setattr__(model, one.name, ManyAttribute(one.name, model.__dict__[one.name]))
            elif one.style == "any":
                type.__setattr__(model, one.name, PointerAttribute(one.name, model.__dict__[one.name]))
            elif one.style == "one":
                type.__setattr__(model, one.name, OneAttribute(one.name, model.__dict__[one.name]))
            elif _is_hidden(one):
                attribute = PrivateAttribute(one.name, model.__dict__[one.name])
                type.__setattr__(model, one.name, attribute)
                self.hidden.append(attribute)
        meta = type(model)
        for name in model.__struct_fields__:
            type.__setattr__(meta, name, _ClassAttribute(name))
        resolve_what_can_be()
        for base in reversed(model.__mro__):
            # What mixins do with each model that has them: SoftDelete, Versioned.
            if "__made__" in base.__dict__:
                base.__made__(model)
        made: ModelMeta = model
        return made

    def declared(self) -> list[Declared]:
        """What the body of the class says, without what is no field."""
        found: list[Declared] = []
        annotations = dict(self.namespace.get("__annotations__", {}))
        for name, hint in annotations.items():
            style, inner = style_of(hint, self.module)
            if style == "other":
                continue
            if style is None:
                raise TypeError(
                    f"{self.name}.{name}: {told(hint)} is no field of a model. Write {name}: Field[{told(hint)}], Ref[...], Many[...] or One[...] for a "
                    f"relation, or ClassVar[...] for what belongs to the class"
                )
            self.check_name(name)
            given = self.namespace.pop(name, UNSET)
            options = given if isinstance(given, Options) else Options(default=given)
            found.append(Declared(name, style, inner, options, self.module))
        for name, value in list(self.namespace.items()):
            if isinstance(value, Options):
                raise TypeError(
                    f"{self.name}.{name} = field(...) has no type: write {name}: Field[...] = field(...)"
                )
        return found

    def check_name(self, name: str) -> None:
        """Raises TypeError for a field that would hide what models can do."""
        for parent in self.parents:
            for base in parent.__mro__:
                known = base.__dict__.get(name)
                if base.__module__.startswith("segue.db") and isinstance(
                    known, FunctionType | classmethod | staticmethod
                ):
                    raise TypeError(
                        f"{self.name}.{name}: models have a method {name}(). Call the field otherwise; "
                        f'field(column="{name}") keeps the name in the database'
                    )
        if name.startswith("_"):
            raise TypeError(f"{self.name}.{name}: names of fields do not begin with _")

    def inherited(self, own: set[str]) -> list[Declared]:
        """What abstract bases declare, the first base first."""
        found: dict[str, Declared] = {}
        for base in self.parents:
            if "__mapping__" in base.__dict__:
                continue
            for one in base.__dict__.get("__declared__", ()):
                if one.name not in own:
                    found.setdefault(one.name, one)
        return list(found.values())

    def parent(self) -> Any:
        """The model with a table of its own that this one derives from."""
        found = [base for base in self.parents if hasattr(base, "__mapping__")]
        if len(found) > 1:
            raise TypeError(
                f"{self.name} derives from {found[0].__name__} and {found[1].__name__}: one of them may have a table"
            )
        return found[0] if found else None

    def struct(self, fields: Sequence[Declared], lineage: Lineage, *, relations: bool) -> Any:
        """The Struct: columns in their order, then what relations have loaded."""
        annotations: dict[str, Any] = {}
        namespace = self.namespace
        references: set[str] = {one.name for one in fields if one.style == "field"}
        for one in fields:
            if one.style == "field":
                annotations[one.name] = Any
                namespace[one.name] = _struct_default(one)
            elif one.style == "ref":
                for column in _key_columns(one, self):
                    if column not in references:
                        annotations[column] = Any
                        namespace[column] = msgspec.field(default=None if _may_be_none(one.hint) else UNSET)
            elif one.style == "any":
                for column in (f"{one.name}_type", f"{one.name}_id"):
                    annotations[column] = Any
                    namespace[column] = msgspec.field(default=None if _may_be_none(one.hint) else UNSET)
        for one in fields:
            if one.style != "field":
                annotations[one.name] = Any
                namespace[one.name] = msgspec.field(default=UNSET)
        if lineage.kinds is not None and lineage.style in ("single", "joined"):
            # Of each class another default.
            annotations[lineage.kinds] = str
            namespace[lineage.kinds] = lineage.kind
        namespace["__annotations__"] = annotations
        if any(_is_hidden(one) for one in fields):
            namespace["__post_init__"] = hiding(
                self.hidden,
                namespace.get("__post_init__") or getattr(self.bases[0], "__post_init__", None),
            )
        # Each model has a class of its own for what its class is asked.
        meta: Any = type(f"{self.name}Class", (self.mcls,), {"__module__": self.module})
        # PERF: models that refer to nobody cannot be in a circle, and need not be looked at by the collector:
        # a thousand of them are made in 71 us instead of 104.
        return StructMeta.__new__(meta, self.name, self.bases, namespace, eq=False, gc=relations)


def _is_hidden(one: Declared) -> bool:
    """Whether no reply has it."""
    return one.style == "field" and (
        one.options.private or one.options.write_only or one.options.hashed is not None
    )


class Required:
    """The default of a field that has none: asked for it, it says which field is missing."""

    __slots__ = ("model", "name")

    #: Read by who describes and validates bodies: such a field must be there.
    required = True

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self) -> Any:
        raise MissingField(f"Object missing required field `{self.name}`")


class MissingField(msgspec.ValidationError, TypeError):
    """An object was made without a field that it has to have."""


def _struct_default(one: Declared) -> Any:
    options = one.options
    if options.default_factory is not None:
        return msgspec.field(default_factory=options.default_factory)
    if isinstance(options.default, Expr) or getattr(options.default, "__segue_function__", False):
        return msgspec.field(default=UNSET)
    if options.default is not UNSET:
        if isinstance(options.default, list | dict | set):
            kept = options.default
            return msgspec.field(default_factory=kept.copy)
        return msgspec.field(default=options.default)
    if options.db_default is not None or options.computed is not None or options.compute or options.slug:
        return msgspec.field(default=UNSET)
    if options.key and (one.hint is int or one.hint == "int"):
        return msgspec.field(default=UNSET)
    return msgspec.field(default_factory=Required(one.name))


def _key_columns(one: Declared, making: _Making) -> list[str]:
    """The names of the columns of a relation to one. The other model may not be there yet: then its key is ``id``."""
    hint, _ = without_none(one.hint)
    if isinstance(hint, type) and hasattr(hint, "__mapping__"):
        mapping: Mapping = hint.__mapping__
        keys = [
            declared.name
            for declared in mapping.declared
            if declared.options.key and declared.style == "field"
        ]
        return [f"{one.name}_{key}" for key in keys]
    name = str(hint).rpartition(".")[2]
    known = by_name.get(name)
    if known and name != making.name:
        return [f"{one.name}_{d.name}" for d in known[-1].declared if d.options.key and d.style == "field"]
    if name == making.name:
        own = [d.name for d in making.namespace.get("__declared__", ()) if d.options.key]
        return [f"{one.name}_{key}" for key in own or ["id"]]
    return [f"{one.name}_id"]


def _may_be_none(hint: Any) -> bool:
    return without_none(hint)[1]
