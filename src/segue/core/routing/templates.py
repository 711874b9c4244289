"""Path templates: ``/films/{id:int}/{title}.{format}`` read once, for matching and for writing URLs."""

import ast
import functools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from segue.core.routing.converters import BUILT_IN, Converter, choice_converter, regex_converter
from segue.http.url import encode_path_segment

__all__ = ["Field", "InvalidTemplate", "Segment", "Template", "parse_template"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_CHOICE = re.compile(r"[^|()]+(\|[^|()]+)+\Z")
_WITH_OPTIONS = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\((.*)\)\Z", re.DOTALL)


class InvalidTemplate(ValueError):
    """A path template that cannot be read."""


class Field(NamedTuple):
    """A ``{name:converter}`` of a template; ``kind`` is what stands after the colon, ``"str"`` if nothing does."""

    name: str
    kind: str
    converter: Converter | None

    @property
    def spans(self) -> bool:
        return self.converter is not None and self.converter.spans

    @property
    def key(self) -> str:
        """Equal for two fields that take the same texts."""
        own = self.converter is not None and self.converter is not BUILT_IN.get(self.kind)
        # Two apps may each have a converter of one name.
        return (
            f"{{{self.kind}#{id(self.converter)}}}"
            if own and not self.kind.startswith("re:")
            else f"{{{self.kind}}}"
        )


class Segment:
    """What stands between two slashes: texts and fields in turn.

    ``text`` is all of a segment that has no field. ``key`` is equal for two that take the same texts, whatever their
    fields are called.
    """

    __slots__ = ("fields", "key", "parts", "text")

    def __init__(self, parts: tuple[str | Field, ...]) -> None:
        self.parts = parts
        self.fields = tuple([part for part in parts if isinstance(part, Field)])
        self.text = "".join([part for part in parts if isinstance(part, str)])
        self.key = tuple([part if isinstance(part, str) else part.key for part in parts])

    @property
    def pattern(self) -> str:
        """A regular expression with a group for each field, of its name.

        A plain field ends where the text behind it first comes; only the last one is tried longer: so it is linear.
        """
        plain = [at for at, part in enumerate(self.parts) if isinstance(part, Field) and not part.converter]
        pieces = []
        for at, part in enumerate(self.parts):
            if isinstance(part, str):
                pieces.append(re.escape(part))
            elif part.converter is not None:
                pieces.append(f"(?P<{part.name}>{part.converter.pattern})")
            elif at == plain[-1]:
                pieces.append(f"(?P<{part.name}>.+?)")
            else:
                behind = re.escape(str(self.parts[at + 1]))
                pieces.append(f"(?P<{part.name}>(?:(?!{behind}).)++)")
        return "".join(pieces)


class Template:
    """A path template in its segments. ``key`` is equal for two that no path can tell apart."""

    __slots__ = ("fields", "key", "names", "segments", "text")

    def __init__(self, text: str, segments: tuple[Segment, ...]) -> None:
        self.text = text
        self.segments = segments
        self.fields = tuple([field for segment in segments for field in segment.fields])
        self.names = tuple([field.name for field in self.fields])
        self.key = tuple([segment.key for segment in segments])

    def other_slash(self) -> "Template | None":
        """The template with a slash at its end if it has none, without it if it has one; None for ``/``."""
        if self.segments[-1].parts:
            return Template(self.text + "/", (*self.segments, Segment(())))
        return Template(self.text.removesuffix("/"), self.segments[:-1]) if len(self.segments) > 1 else None

    def url(self, values: Mapping[str, Any]) -> str:
        """The path for ``values``, percent-encoded. Raises ValueError for one that the template would not match."""
        return "/" + "/".join(["".join(_write(segment, values)) for segment in self.segments])


def _write(segment: Segment, values: Mapping[str, Any]) -> Iterator[str]:
    for part in segment.parts:
        if isinstance(part, str):
            yield encode_path_segment(part.replace("%25", "%")) if part not in (".", "..") else part
            continue
        value = values[part.name]
        text = str(value) if part.converter is None else part.converter.format(value)
        if not (text if part.converter is None else part.converter.accepts(text)):
            kind = f"of the kind {part.kind!r}" if part.converter else "not empty"
            raise ValueError(f"{part.name}={value!r} cannot stand in the path: it has to be {kind}")
        if part.spans:
            yield "/".join([encode_path_segment(piece) for piece in text.split("/")])
        else:
            yield encode_path_segment(text)


def parse_template(text: str, converters: Mapping[str, Converter]) -> Template:
    """Reads ``/films/{id:int}``. Raises InvalidTemplate, saying what is wrong with it."""
    if not text.startswith("/"):
        raise InvalidTemplate(f"the path {text!r} has to begin with a slash: {'/' + text!r}")
    segments: list[Segment] = []
    parts: list[str | Field] = []
    names: set[str] = set()
    fields: list[Field] = []
    at, start = 1, 1
    while at <= len(text):
        character = text[at] if at < len(text) else "/"
        if character in "/{" and at > start:
            # A percent sign stays encoded in the path that is matched (segue.http.url.decode_path).
            parts.append(text[start:at].replace("%", "%25"))
        if character == "/":
            segments.append(Segment(tuple(parts)))
            parts = []
            at = start = at + 1
        elif character == "{":
            end = _closing(text, at)
            if parts and isinstance(parts[-1], Field):
                raise InvalidTemplate(f"{text!r}: two parameters need a text between them")
            field = _field(text[at + 1 : end], text, converters)
            if field.spans and any(one.spans for one in fields):
                raise InvalidTemplate(
                    f"{text!r}: only one parameter can take slashes, or they share them in many ways"
                )
            fields.append(field)
            if field.name in names:
                raise InvalidTemplate(f"{text!r} has the parameter {field.name!r} twice")
            names.add(field.name)
            parts.append(field)
            at = start = end + 1
        elif character == "}":
            raise InvalidTemplate(f"{text!r}: a closing brace without an opening one at position {at}")
        else:
            at += 1
    for segment in segments:
        if len(segment.parts) > 1 and any(field.spans for field in segment.fields):
            raise InvalidTemplate(f"{text!r}: a parameter that takes slashes has to fill its segment")
    return Template(text, tuple(segments))


def _closing(text: str, opening: int) -> int:
    depth = 0
    for at in range(opening, len(text)):
        depth += (text[at] == "{") - (text[at] == "}")
        if depth == 0:
            return at
    raise InvalidTemplate(f"{text!r}: the brace at position {opening} is not closed")


def _field(inside: str, text: str, converters: Mapping[str, Converter]) -> Field:
    name, _, kind = inside.partition(":")
    if not _NAME.match(name):
        raise InvalidTemplate(f"{text!r}: {name!r} cannot be the name of a parameter; write it like {{id}}")
    if kind.startswith("re:"):
        try:
            return Field(name, kind, regex_converter(kind[3:]))
        except re.error as error:
            raise InvalidTemplate(f"{text!r}: the pattern of {name!r} is not valid: {error}") from None
    if kind in ("", "str"):
        return Field(name, "str", None)
    if _CHOICE.match(kind):
        return Field(name, kind, choice_converter(kind))
    asked = _WITH_OPTIONS.match(kind)
    if asked is not None and asked[1] in converters:
        return Field(name, kind, _with_options(converters[asked[1]], asked[1], asked[2], text))
    if kind not in converters:
        known = ", ".join(sorted([*converters, "str", "re:PATTERN", "one|other"]))
        raise InvalidTemplate(
            f"{text!r}: there is no converter {kind!r}. There are: {known}; app.converter({kind!r}, ...) adds one"
        )
    return Field(name, kind, converters[kind])


def _with_options(converter: Converter, kind: str, options: str, text: str) -> Converter:
    if converter.options is None:
        raise InvalidTemplate(f"{text!r}: the converter {kind!r} takes no options")
    try:
        return _made(converter.options, options)
    except (SyntaxError, ValueError, TypeError) as error:
        raise InvalidTemplate(
            f"{text!r}: the options of {kind!r}, ({options}), are not understood: {error}"
        ) from None


@functools.lru_cache
def _made(make: Callable[..., Converter], options: str) -> Converter:
    """One converter for all templates that say the same, so that they are told to be the same."""
    call = ast.parse(f"f({options})", mode="eval").body
    if not isinstance(call, ast.Call):
        raise SyntaxError("this is no list of options")  # noqa: TRY004 -- of a text
    places = [ast.literal_eval(one) for one in call.args]
    return make(*places, **{str(one.arg): ast.literal_eval(one.value) for one in call.keywords})
