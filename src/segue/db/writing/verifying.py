"""Whether a text is the one that a hash was made of."""

import inspect
from typing import Any

from segue.db.models.state import put

__all__ = ["verified"]


async def verified(target: Any, field: Any, text: str) -> bool:
    """Asks the hasher of a field. What it says is outdated is hashed anew here, where the text is known."""
    column = field.field
    hasher: Any = column.options.hashed
    if hasher is None:
        raise TypeError(f"{column!r} is no field with hashed=: it is compared with ==")
    kept = getattr(target, column.name)
    if not isinstance(kept, str) or not isinstance(text, str):
        return False
    said = hasher.verify(text, str(kept))
    if inspect.isawaitable(said):
        said = await said
    fits: Any
    fits, outdated = said if isinstance(said, tuple) and len(said) == 2 else (said, False)
    if not isinstance(fits, bool):
        # Whatever is true somehow would open every door.
        raise TypeError(
            f"{type(hasher).__name__}.verify() said {said!r:.80} of {column!r}: it says True or False, or that and whether the hash is outdated"
        )
    if fits and outdated:
        put(target, column.name, text)
        await target.save(only=(column.name,))
    return bool(fits)
