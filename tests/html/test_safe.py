"""HTML of others: what it may have stays, what runs does not."""

import re
from typing import Annotated, Any

import msgspec
import pytest
from attacks import attacks
from markupsafe import Markup

from segue.core.binding.json_codec import DEFAULT_JSON
from segue.html.safe import clean_html, safe_html


def test_what_is_formatted_stays() -> None:
    html = '<p>The <b>quick</b> <a href="/fox" title="x">fox</a></p><ul><li>1</li></ul>'
    assert clean_html(html) == html.replace('title="x"', 'title="x" rel="nofollow noopener noreferrer"')
    assert isinstance(clean_html(html), Markup)


@pytest.mark.parametrize(
    ("html", "made"),
    [
        ("<script>alert(1)</script>a", "a"),
        ("<p onclick=x style='a' class=b>a", "<p>a</p>"),
        ('<a href="javascript:alert(1)">a</a>', '<a rel="nofollow noopener noreferrer">a</a>'),
        ('<a href=" java\tscript:alert(1)">a</a>', '<a rel="nofollow noopener noreferrer">a</a>'),
        ("<img src=x onerror=alert(1)>", '<img src="x">'),
        ("<form><input><b>a</b></form>", "<b>a</b>"),
        ("<svg><a xlink:href='javascript:x'>a", ""),
        ("<!-- x --><b", ""),
        ("<scr<script>ipt>alert(1)</script>", "ipt&gt;alert(1)"),
        ("<math><mi><style><img onerror=x src=1></style>", ""),
    ],
)
@pytest.mark.row("W-18")
def test_what_runs_is_taken_out(html: str, made: str) -> None:
    assert clean_html(html) == made


def test_no_attack_of_ours_gets_through() -> None:
    for attack in attacks():
        cleaned = clean_html(f"<p>{attack}</p>")
        assert not re.search(r"<(script|style|iframe|svg|object|base|form|meta)\b", cleaned, re.IGNORECASE), (
            attack
        )
        for tag in re.findall(r"<[a-z][^>]*>", cleaned):
            assert not re.search(r"\s(on\w+|style|srcdoc)=|javascript:", tag, re.IGNORECASE), (attack, tag)


def test_a_script_cannot_be_let_through() -> None:
    with pytest.raises(ValueError, match="no script"):
        clean_html("x", tags={"script"})


def test_a_field_keeps_what_is_safe() -> None:
    kind: Any = Annotated[str, safe_html(tags={"b"})]
    sent = msgspec.json.encode(["<b>a</b><i>c</i><script>x</script>"])
    assert DEFAULT_JSON.decode(sent, list[kind]) == ["<b>a</b>c"]
