"""The description of a SOAP service that its clients are made from (W3C WSDL 1.1)."""

from collections.abc import Iterable, Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from segue.services.methods import MISSING, Method
from segue.services.xsd import XSD, Schema

__all__ = ["describe"]

_WSDL = "http://schemas.xmlsoap.org/wsdl/"
_SOAP = "http://schemas.xmlsoap.org/wsdl/soap/"
_SOAP12 = "http://schemas.xmlsoap.org/wsdl/soap12/"

# Port and binding, and the prefix of the namespace that says which SOAP it is.
_BINDINGS = (("ServicesSoap", "soap"), ("ServicesSoap12", "soap12"))


def describe(methods: Iterable[Method], namespace: str, address: str) -> bytes:
    """The document for ``methods`` that are called at ``address``, a URL, in SOAP 1.1 and 1.2 (document/literal)."""
    root = Element(
        "wsdl:definitions",
        {
            "xmlns:wsdl": _WSDL,
            "xmlns:soap": _SOAP,
            "xmlns:soap12": _SOAP12,
            "xmlns:xsd": XSD,
            "xmlns:tns": namespace,
            "targetNamespace": namespace,
            "name": "Services",
        },
    )
    methods = sorted(methods, key=lambda method: method.name)
    _types(root, methods, namespace)
    for method in methods:
        for part in (method.name, f"{method.name}Response"):
            message = SubElement(root, "wsdl:message", {"name": part})
            SubElement(message, "wsdl:part", {"name": "parameters", "element": f"tns:{part}"})
    port_type = SubElement(root, "wsdl:portType", {"name": "Services"})
    for method in methods:
        operation = SubElement(port_type, "wsdl:operation", {"name": method.name})
        if method.help:
            SubElement(operation, "wsdl:documentation").text = method.help
        SubElement(operation, "wsdl:input", {"message": f"tns:{method.name}"})
        SubElement(operation, "wsdl:output", {"message": f"tns:{method.name}Response"})
    for name, prefix in _BINDINGS:
        _binding(root, methods, name, prefix)
    service = SubElement(root, "wsdl:service", {"name": "Services"})
    for name, prefix in _BINDINGS:
        port = SubElement(service, "wsdl:port", {"name": name, "binding": f"tns:{name}"})
        SubElement(port, f"{prefix}:address", {"location": address})
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root)


def _types(root: Element, methods: Sequence[Method], namespace: str) -> None:
    """An element for the arguments of each method and one for its result, with the types that they need."""
    types = SubElement(root, "wsdl:types")
    schema = SubElement(types, "xsd:schema", {"targetNamespace": namespace})
    declared = Schema(schema)
    for method in methods:
        sequence = _wrapper(schema, method.name)
        for name, kind, default in method.arguments:
            declared.element(sequence, name, kind, required=default is MISSING)
        sequence = _wrapper(schema, f"{method.name}Response")
        if method.returns is not None:
            declared.element(sequence, "return", Any if method.returns is MISSING else method.returns)


def _wrapper(schema: Element, name: str) -> Element:
    element = SubElement(schema, "xsd:element", {"name": name})
    return SubElement(SubElement(element, "xsd:complexType"), "xsd:sequence")


def _binding(root: Element, methods: Sequence[Method], name: str, prefix: str) -> None:
    binding = SubElement(root, "wsdl:binding", {"name": name, "type": "tns:Services"})
    SubElement(
        binding,
        f"{prefix}:binding",
        {"style": "document", "transport": "http://schemas.xmlsoap.org/soap/http"},
    )
    for method in methods:
        operation = SubElement(binding, "wsdl:operation", {"name": method.name})
        SubElement(operation, f"{prefix}:operation", {"soapAction": method.name})
        for direction in ("input", "output"):
            SubElement(SubElement(operation, f"wsdl:{direction}"), f"{prefix}:body", {"use": "literal"})
