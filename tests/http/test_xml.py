"""XML that holds data, and XML that does something."""

from __future__ import annotations

import pytest

from segue.http.xml import XMLError, parse_xml

LAUGHS = """<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;">]>
<lolz>&c;</lolz>"""


def test_elements_attributes_and_text() -> None:
    root = parse_xml(
        '<a x="1" xmlns:n="urn:n"><n:b n:y="&lt;">é &amp; <![CDATA[<c>]]></n:b><!-- c --></a>'.encode()
    )
    assert (root.tag, root.attrib) == ("a", {"x": "1"})
    assert [(child.tag, child.attrib, child.text) for child in root] == [
        ("{urn:n}b", {"{urn:n}y": "<"}, "é & <c>")
    ]


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS,
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        '<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]><a/>',
        "<!DOCTYPE html><a/>",
        '<?xml-stylesheet href="http://127.0.0.1:9/"?><a/>',
        "<a>" * 10_000 + "</a>" * 10_000,
        "<a>" + "<b/>" * 200_001 + "</a>",
        "<a>",
        "<a/><b/>",
        "<a>&x;</a>",
        "<a>\x00</a>",
        "",
        '<?xml version="1.0" encoding="klingon"?><a/>',
    ],
)
def test_what_is_refused(text: str) -> None:
    with pytest.raises(XMLError):
        parse_xml(text.encode())
