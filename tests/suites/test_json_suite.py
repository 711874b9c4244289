"""What JSONTestSuite (Nicolas Seriot, "Parsing JSON is a minefield") asks of a parser, asked of an endpoint of a real server; each case made here, and named after what it shows."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from segue import App, Body
from segue.testing import LiveServer

DEEP = 100_000

# What every parser has to take (RFC 8259).
TAKEN: dict[str, bytes] = {
    "array empty": b"[]",
    "array empty string": b'[""]',
    "array ending with a line end": b'["a"\n]',
    "array false": b"[false]",
    "array of all kinds": b'[null, 1, "1", {}]',
    "array null": b"[null]",
    "array with blanks around": b" [1] ",
    "array with several null": b"[1,null,null,null,2]",
    "array with a blank at the end": b"[2] ",
    "arrays with spaces": b"[[]   ]",
    "number": b"[123e65]",
    "number 0e+1": b"[0e+1]",
    "number 0e1": b"[0e1]",
    "number after a blank": b"[ 4]",
    "number close to zero": b"[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]",
    "number minus zero": b"[-0]",
    "number minus one": b"[-1]",
    "number capital E": b"[1E22]",
    "number negative exponent": b"[1E-2]",
    "number positive exponent": b"[1E+2]",
    "number real with exponent": b"[123.456e78]",
    "number real": b"[123.456789]",
    "number simple": b"[123]",
    "object": b'{"asd":"sdf", "dfg":"fgh"}',
    "object basic": b'{"asd":"sdf"}',
    "object with a name twice": b'{"a":"b","a":"c"}',
    "object with a name and value twice": b'{"a":"b","a":"b"}',
    "object empty": b"{}",
    "object with an empty name": b'{"":0}',
    "object with NUL in a name": b'{"foo\\u0000bar": 42}',
    "object with extreme numbers": b'{ "min": -1.0e+28, "max": 1.0e+28 }',
    "object with long strings": b'{"x":[{"id": "' + b"x" * 40 + b'"}], "id": "' + b"x" * 40 + b'"}',
    "object with escaped names": b'{"title":"\\u041f\\u043e\\u043b\\u0442\\u043e\\u0440\\u0430" }',
    "object with line ends": b'{\n"a": "b"\n}',
    "string with allowed escapes": b'["\\"\\\\\\/\\b\\f\\n\\r\\t"]',
    "string with a pair of surrogates": b'["\\uD801\\udc37"]',
    "string with two pairs": b'["\\ud83d\\ude39\\ud83d\\udc8d"]',
    "string with an escaped backslash and u": b'["\\\\u0000"]',
    "string with an escaped quote": b'["\\""]',
    "string with a comment": b'["a/*b*/c/*d//e"]',
    "string with an escaped control character": b'["\\u0012"]',
    "string with an escaped noncharacter": b'["\\uFFFF"]',
    "string in an array": b'["asd"]',
    "string with a noncharacter": '["\uffff"]'.encode(),
    "string with the last character": '["\U0010ffff"]'.encode(),
    "string with a line separator": '["\u2028"]'.encode(),
    "string with DEL": b'["\x7f"]',
    "string with a plane beyond the first": '["\U0001d11e"]'.encode(),
    "string with NUL escaped": b'["\\u0000"]',
    "string one byte": b'["\\u002c"]',
    "string two bytes": '["\u0123"]'.encode(),
    "string three bytes": '["\u0821"]'.encode(),
    "a lonely false": b"false",
    "a lonely integer": b"42",
    "a lonely negative real": b"-0.1",
    "a lonely null": b"null",
    "a lonely string": b'"asd"',
    "a lonely true": b"true",
    "an empty string alone": b'""',
    "a line end after it": b'["a"]\n',
    "true in an array": b"[true]",
    "white space in an array": b" [] ",
}

# What no parser may take.
REFUSED: dict[str, bytes] = {
    "array one and true without a comma": b"[1 true]",
    "array with a byte that is no UTF-8": b"[a\xe5]",
    "array with a colon": b'["": 1]',
    "array with a comma after it": b'[""],',
    "array with a comma and a number": b"[,1]",
    "array with two commas": b"[1,,2]",
    "array with two closings": b'["x"]]',
    "array with a comma at the end": b'["",]',
    "array that is not closed": b'["x"',
    "array with an array without a comma": b"[3[4]]",
    "array with invalid UTF-8": b"[\xff]",
    "array with just a comma": b"[,]",
    "array with just a minus": b"[-]",
    "array without a comma and with a line end": b'["a"\n"b"]',
    "array with a vertical tab": b'["\x0ba"\\f]',
    "array with a star": b"[*]",
    "array unclosed with a comma": b"[1,",
    "incomplete false": b"[fals]",
    "incomplete null": b"[nul]",
    "incomplete true": b"[tru]",
    "a NUL after it": b"123\x00",
    "number ++": b"[++1234]",
    "number +1": b"[+1]",
    "number +Inf": b"[+Inf]",
    "number -01": b"[-01]",
    "number -1.0.": b"[-1.0.]",
    "number -2.": b"[-2.]",
    "number -NaN": b"[-NaN]",
    "number .-1": b"[.-1]",
    "number .2e-3": b"[.2e-3]",
    "number 0.1.2": b"[0.1.2]",
    "number 0.3e": b"[0.3e]",
    "number 0.e1": b"[0.e1]",
    "number 0E+": b"[0E+]",
    "number 1.0e-": b"[1.0e-]",
    "number 1 000": b"[1 000.0]",
    "number 1eE2": b"[1eE2]",
    "number 2.e+3": b"[2.e+3]",
    "number expression": b"[1+2]",
    "number hexadecimal": b"[0x42]",
    "number Inf": b"[Inf]",
    "number Infinity": b"[Infinity]",
    "number -Infinity": b"[-Infinity]",
    "number with a letter after it": b"[1.2a-3]",
    "number with minus and a space": b"[- 1]",
    "number with zeros before it": b"[012]",
    "number NaN": b"[NaN]",
    "number with digits of another script": "[\uff11]".encode(),
    "object with a name of several words": b'{"a" "b"}',
    "object with a name that is no string": b"{1:1}",
    "object with brackets": b'["x", truth]',
    "object with two colons": b'{"x"::"b"}',
    "object with two commas": b'{"a":"b",,"c":"d"}',
    "object with single quotes": b"{'a':0}",
    "object with a comma at the end": b'{"id":0,}',
    "object with a comment after it": b'{"a":"b"}/**/',
    "object with a comment of a line after it": b'{"a":"b"}//',
    "object with a hash after it": b'{"a":"b"}#',
    "object without a value": b'{"a":',
    "object with a name without quotes": b"{a: 0}",
    "object with something after it": b'{"a": true} "x"',
    "object that is not closed": b'{"a": "b"',
    "only a blank": b" ",
    "nothing": b"",
    "string with one surrogate and an incomplete escape": b'["\\uD800\\u"]',
    "string with one surrogate and an escape of one digit": b'["\\uD800\\u1"]',
    "string with an accent escaped": '["\\\u00e9"]'.encode(),
    "string with an escaped NUL": b'["\\\x00"]',
    "string with \\x": b'["\\x00"]',
    "string with a bad escape": b'["\\a"]',
    "string with an incomplete escape": b'["\\"]',
    "string with an incomplete escape of a character": b'["\\u00A"]',
    "string with a tab": b'["\t"]',
    "string with a control character": b'["a\x00a"]',
    "string with a line end": b'["new\nline"]',
    "string without a quote at its end": b'["asd',
    "string without quotes": b"[\\n]",
    "string in single quotes": b"['single quote']",
    "string with half an emoji escaped badly": b'["\\UD834\\uDD1E"]',
    "a string that begins and no more": b'"',
    "an angle bracket": b"<.>",
    "null in angle brackets": b"[<null>]",
    "an array with extra brackets": b"[1]]",
    "a capital True": b"[True]",
    "a lonely closing bracket": b"]",
    "a lonely opening brace": b"{",
    "a brace and a comma": b"{,",
    "a byte order mark of UTF-8 and nothing": b"\xef\xbb\xbf",
    "a letter beyond ASCII": "\u00e5".encode(),
    "a word": b"asd",
    "two values": b"[][]",
    "a form feed as a blank": b"[\x0c]",
    "a no-break space as a blank": "[\u2060]".encode(),
    "many opening brackets": b"[" * DEEP,
    "many objects that open": b'[{"":' * DEEP,
}

# What a parser may take or not; it must answer, and not fall.
EITHER: dict[str, bytes] = {
    "number with a huge exponent": b"[0.4e" + b"0" * 60 + b"1]",
    "number with a huge negative exponent": b"[-1e+9999]",
    "number too small": b"[123e-10000000]",
    "number too large": b"[1.5e+9999]",
    "integer too large": b"[100000000000000000000]",
    "integer far too large": b"[" + b"9" * 5_000 + b"]",
    "object with half a surrogate as a name": b'{"\\uDFAA":0}',
    "string with the first half of a pair": b'["\\uDADA"]',
    "string with the second half of a pair": b'["\\uDd1e\\uD834"]',
    "string with half a pair and a letter": b'["\\ud800abc"]',
    "string with an overlong encoding": b'["\xc0\xaf"]',
    "string with an overlong encoding of six bytes": b'["\xfc\x83\xbf\xbf\xbf\xbf"]',
    "string with a surrogate in UTF-8": b'["\xed\xa0\x80"]',
    "string with a lonely continuation": b'["\x81"]',
    "string truncated": b'["\xe0\xff"]',
    "string beyond Unicode": b'["\xf4\xbf\xbf\xbf"]',
    "string in latin-1": b'["\xe9"]',
    "UTF-16 with a byte order mark": b'\xff\xfe[\x00"\x00\xe9\x00"\x00]\x00',
    "UTF-16 without one": b'\x00[\x00"\x00\xe9\x00"\x00]',
    "a byte order mark and an object": b"\xef\xbb\xbf{}",
    "five hundred arrays": b"[" * 500 + b"]" * 500,
    "many arrays": b"[" * DEEP + b"]" * DEEP,
}


@pytest.fixture(scope="module")
def echo() -> Iterator[httpx2.Client]:
    app = App("json suite")

    @app.post("/")
    async def back(value: Body[Any]) -> dict[str, Any]:
        return {"value": value}

    with LiveServer(app) as server, httpx2.Client(base_url=server.url, timeout=60) as client:
        yield client


def send(echo: httpx2.Client, body: bytes) -> httpx2.Response:
    return echo.post("/", content=body, headers={"content-type": "application/json"})


@pytest.mark.parametrize("case", TAKEN)
def test_what_has_to_be_taken(echo: httpx2.Client, case: str) -> None:
    answer = send(echo, TAKEN[case])
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"value": json.loads(TAKEN[case])}


@pytest.mark.parametrize("case", REFUSED)
def test_what_must_not_be_taken(echo: httpx2.Client, case: str) -> None:
    assert send(echo, REFUSED[case]).status_code in (400, 413, 422)


@pytest.mark.parametrize("case", EITHER)
def test_what_may_be_taken_or_not(echo: httpx2.Client, case: str) -> None:
    answer = send(echo, EITHER[case])
    assert answer.status_code in (200, 400, 413, 422)
    if answer.status_code == 200:
        value = answer.json()["value"]
        assert not (isinstance(value, float) and math.isnan(value))


def test_the_server_is_well_afterwards(echo: httpx2.Client) -> None:
    assert send(echo, b"[1]").json() == {"value": [1]}
