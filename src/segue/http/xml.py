"""XML from strangers: elements, attributes and text, and nothing else that XML can do."""

from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

__all__ = ["MAX_DEPTH", "XMLError", "parse_xml"]

#: Elements within elements.
MAX_DEPTH = 64
_MAX_NODES = 200_000


class XMLError(ValueError):
    """What is not well-formed XML, or more than data."""


def parse_xml(data: bytes, *, max_depth: int = MAX_DEPTH) -> Element:
    """The root element of a document (W3C XML 1.0). Names in a namespace are ``{uri}name``.

    A document type declaration is refused, and so are the entities that it could declare: those that expand each other
    to gigabytes and those that are read from files and other hosts; so are processing instructions. Raises XMLError, also for elements that are nested
    deeper than ``max_depth``, and for more than 200,000 elements and attributes.
    """
    builder = TreeBuilder()
    depth = nodes = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, nodes
        depth += 1
        nodes += 1 + len(attributes)
        if depth > max_depth:
            raise XMLError(f"elements are nested deeper than {max_depth} levels")
        if nodes > _MAX_NODES:
            raise XMLError(f"there are more than {_MAX_NODES} elements and attributes")
        builder.start(_name(tag), {_name(name): value for name, value in attributes.items()})

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_name(tag))

    def refuse(*_: object) -> None:
        raise XMLError("a document type declaration or a processing instruction is not taken")

    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ProcessingInstructionHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise XMLError(f"it is not well-formed: {error}") from None
    except (LookupError, UnicodeError) as error:  # an encoding that Python does not know
        raise XMLError(str(error)) from None
    return builder.close()


def _name(name: str) -> str:
    return "{" + name if "}" in name else name
