"""Whether a text is the one that a hash was made of."""

import inspect
from typing import Any

from segue.db.models.state import put

__all__ = ["verified"]


async def verified(target: Any, field: Any, text: str) -> bool:
    """Asks the hasher of a field. A hasher that wants to hash anew, ``outdated(hash)``, does so here, where the text is known."""
    column = field.field
    hasher: Any = column.options.hashed
    if hasher is None:
        raise TypeError(f"{column!r} is no field with hashed=: it is compared with ==")
    kept = getattr(target, column.name)
    if not isinstance(kept, str) or not isinstance(text, str):
        return False
    right = hasher.verify(text, str(kept))
    if inspect.isawaitable(right):
        right = await right
    outdated = getattr(hasher, "outdated", None)
    if right and outdated is not None and outdated(str(kept)):
        put(target, column.name, text)
        await target.save(only=(column.name,))
    return bool(right)
