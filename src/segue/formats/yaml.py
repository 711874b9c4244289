"""YAML, by PyYAML's safe half: `pip install 'segue[yaml]'`."""

import importlib
from typing import Any

from segue.formats.base import PlainFormat

__all__ = ["YAML"]

MAX_DEPTH = 64


class YAML(PlainFormat):
    """YAML. Of what a client sends, only data is taken: no tags of Python, no aliases, no more than 64 levels.

    Raises ImportError, when it is made, where PyYAML is not installed.
    """

    name = "yaml"
    media_types = ("application/yaml", "application/x-yaml", "text/yaml")
    suffixes = ("yaml", "yml")
    texts = False

    def __init__(self) -> None:
        try:
            self._yaml: Any = importlib.import_module("yaml")
        except ImportError:
            raise ImportError("The format YAML needs the package PyYAML: pip install 'segue[yaml]'") from None

    def encode(self, value: Any) -> bytes:
        import msgspec

        plain = msgspec.to_builtins(self.plain(value), builtin_types=_native())
        text: bytes = self._yaml.safe_dump(plain, allow_unicode=True, sort_keys=False, encoding="utf-8")
        return text

    def decode(self, data: bytes, type: Any) -> Any:
        yaml = self._yaml
        depth = 0
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            for event in yaml.parse(data, loader):
                if isinstance(event, yaml.AliasEvent):
                    raise ValueError("an alias refers to another part, which is not taken here")  # noqa: TRY004 -- of the value
                depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(
                    event, yaml.CollectionEndEvent
                )
                if depth > MAX_DEPTH:
                    raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
            return yaml.load(data, loader)
        except yaml.YAMLError as error:
            raise ValueError(str(error).replace("\n", " ")[:200]) from None


def _native() -> tuple[type, ...]:
    import datetime

    return bytes, datetime.datetime, datetime.date
