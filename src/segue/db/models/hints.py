"""What stands in the brackets of ``Field[...]`` and ``Ref[...]``, as text or as a type."""

import re
import sys
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

if TYPE_CHECKING:
    from segue.db.models.columns import Declared
    from segue.db.models.mapping import Mapping

__all__ = ["evaluated", "without_none"]


def without_none(hint: Any) -> tuple[Any, bool]:
    """An annotation without its None, and whether there was one."""
    hint = getattr(hint, "__forward_arg__", hint)
    if isinstance(hint, str):
        found = re.fullmatch(
            r"(?:Optional\[(?P<a>.+)\]|(?P<b>.+?)\s*\|\s*None|None\s*\|\s*(?P<c>.+))",
            hint.strip().strip("'\""),
        )
        if found is not None:
            return next(one for one in found.groups() if one is not None).strip("'\""), True
        return hint.strip("'\""), False
    args = get_args(hint)
    if type(None) in args and get_origin(hint) is not Annotated:
        members = [one for one in args if one is not type(None)]
        if len(members) == 1:
            member = members[0]
            return getattr(member, "__forward_arg__", member), True
        return Union[tuple(members)], True  # noqa: UP007 -- known only now
    return getattr(hint, "__forward_arg__", hint), False


def evaluated(hint: Any, one: "Declared", mapping: "Mapping") -> Any:
    """An annotation that is text as what it names; as text if a model of that name has yet to come."""
    hint = getattr(hint, "__forward_arg__", hint)
    if not isinstance(hint, str):
        return hint
    module = sys.modules.get(one.module)
    names = {**(vars(module) if module is not None else {}), **mapping.names}
    try:
        return eval(hint, names)  # noqa: S307 -- an annotation in the program's own source
    except NameError as error:
        if one.style != "field":
            return hint
        raise TypeError(
            f"{mapping.model.__name__}.{one.name}: {hint} is not known in {one.module}: {error}"
        ) from None
