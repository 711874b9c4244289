import re

import pytest
from hypothesis import given, strategies as st

from segue.http.malformed import Malformed
from segue.http.parameters import MAX_PARAMETERS, is_token, parse_header, quote, split_list

NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs"]))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text/html", ("text/html", {})),
        ("Text/HTML; Charset=UTF-8", ("text/html", {"charset": "UTF-8"})),
        ("text/html;", ("text/html", {})),
        ("text/html; ; a=b;;", ("text/html", {"a": "b"})),
        ("a; b = c", ("a", {"b": "c"})),
        ("a; b=", ("a", {"b": ""})),
        ('multipart/form-data; boundary="a;b\\"c"', ("multipart/form-data", {"boundary": 'a;b"c'})),
        ("attachment; filename*=UTF-8'en'na%C3%AFve.txt", ("attachment", {"filename": "naïve.txt"})),
        ("attachment; filename*=iso-8859-1''%A3; filename=x", ("attachment", {"filename": "£"})),
        ("attachment; filename=x; filename*=UTF-8''y", ("attachment", {"filename": "y"})),
        ("", ("", {})),
    ],
)
def test_values_are_taken_apart(value: str, expected: tuple[str, dict[str, str]]) -> None:
    assert parse_header(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "a; b",
        "a; =b",
        'a; b="c',
        'a; b="c\\"',
        'a; b="c"d',
        "a; b=c d",
        "a; b=c; B=d",
        "a; filename*=UTF-8''a; filename*=UTF-8''b",
        "a; f*=utf-16''a",
        "a; f*=UTF-8''%",
        "a; f*=UTF-8''%zz",
        "a; f*=UTF-8''%ff",
        "a; f*=UTF-8'a",
        "a; b c=d",
        "a" + "".join(f"; p{n}=1" for n in range(MAX_PARAMETERS + 1)),
    ],
)
def test_what_is_not_in_the_grammar_is_refused(value: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse_header(value)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ('f; name="a%22b%0D%0A"', 'a"b\r\n'),
        ('f; name="C:\\dir\\a.txt"', "C:\\dir\\a.txt"),
        ('f; name="a\\"b\\\\c"', 'a"b\\c'),
        ('f; name="100%25"', "100%25"),
    ],
)
def test_quoted_strings_as_browsers_write_them(value: str, read: str) -> None:
    assert parse_header(value, as_browsers_do=True) == ("f", {"name": read})


@given(NAMES, st.dictionaries(NAMES, TEXTS, max_size=5))
def test_what_is_quoted_is_read_back(main: str, params: dict[str, str]) -> None:
    header = main + "".join(f"; {name}={quote(value)}" for name, value in params.items() if value) + ";"
    assert parse_header(header) == (main, {name: value for name, value in params.items() if value})


@given(
    st.lists(
        st.text(st.characters(exclude_characters='",', exclude_categories=["Cc", "Cs"]))
        .map(lambda t: t.strip(" "))
        .filter(bool)
        | TEXTS.map(lambda t: '"' + re.sub(r'(["\\])', r"\\\1", t) + '"')
    )
)
def test_a_list_is_split_at_its_commas_only(items: list[str]) -> None:
    assert split_list(" , ".join(items)) == items


def test_a_quote_that_is_never_closed_takes_the_rest() -> None:
    assert split_list('a, b="c, d') == ["a", 'b="c, d']
    assert split_list('a, "b\\", c') == ["a", '"b\\", c']


@pytest.mark.parametrize("text", ["a\r\nb", "a\0", "\x7f"])
def test_control_characters_cannot_be_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="control"):
        quote(text)


def test_tokens() -> None:
    assert is_token("X-Thing!")
    assert not any(map(is_token, ("a b", "", "é", "a\n", "a:")))


@pytest.mark.parametrize(
    "unit",
    [';"', '";', ';a="', ';a=";"', '\\"', ",", '","', ";", ";a=b", " ", '"\\', "=", "%", "a"],
)
@pytest.mark.parametrize("function", [parse_header, split_list])
def test_time_is_linear(linear, function, unit: str) -> None:
    for prefix in ("a", 'a;b="', "a;b*=UTF-8''", '"'):
        linear(function, lambda n, prefix=prefix: prefix + unit * n)
