"""Models of pydantic, of its versions 1 and 2, as bodies and results."""

from typing import Any

import msgspec

from segue.core.binding.json_codec import JSONCodec

__all__ = ["PydanticJSON"]


class PydanticJSON(JSONCodec):
    """A JSON codec that knows the models of pydantic too, for apps that bring some along.

        app = App(json=PydanticJSON())

        @app.post("/films")
        async def add(film: Body[Film]) -> Film: ...          # class Film(pydantic.BaseModel)

    A parameter needs ``Body``; its options are those of JSONCodec. Such models are slower than Structs: each body is parsed
    to plain values first.
    """

    __slots__ = ()

    def reads(self, kind: Any) -> bool:
        return super().reads(kind) or _is_model(kind)

    def writes(self, kind: type) -> bool:
        return super().writes(kind) or _is_model(kind)

    def schema(self, kind: Any) -> dict[str, Any] | None:
        found = super().schema(kind)
        if found is not None or not _is_model(kind):
            return found
        template = "#/components/schemas/{model}"
        if hasattr(kind, "model_json_schema"):
            made: dict[str, Any] = kind.model_json_schema(ref_template=template)
            return made
        made = kind.schema(ref_template=template)
        return {**made, **({"$defs": made.pop("definitions")} if "definitions" in made else {})}

    def _written(self, value: Any) -> Any:
        if _is_model(type(value)) and not super().writes(type(value)):
            if hasattr(value, "model_dump"):
                return value.model_dump(mode="json", by_alias=True)
            return msgspec.json.decode(value.json(by_alias=True))
        return super()._written(value)

    def _made(self, kind: Any, value: Any) -> Any:
        if not _is_model(kind) or super().reads(kind):
            return super()._made(kind, value)
        try:
            return kind.model_validate(value) if hasattr(kind, "model_validate") else kind.parse_obj(value)
        except ValueError as error:
            raise ValueError(_told(error)) from None


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and (hasattr(kind, "model_validate") or hasattr(kind, "parse_obj"))


def _told(error: Any) -> str:
    """The message of a pydantic.ValidationError in one line: ``year: Input should be a valid integer``."""
    return "; ".join(
        f"{'.'.join(map(str, one['loc']))}: {one['msg']}" if one["loc"] else str(one["msg"])
        for one in error.errors()
    )
