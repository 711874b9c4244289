import ntpath
import posixpath
import re
from urllib.parse import unquote

import pytest
from hypothesis import given, strategies as st

from segue.http.filenames import content_disposition, safe_join, secure_filename
from segue.http.parameters import parse_header

DEVICES = ["CON", "con", "PRN", "AUX", "NUL", "COM1", "COM9", "LPT0", "COM¹", "CONIN$", "nul.tar.gz"]


class TestSecureFilename:
    @pytest.mark.parametrize(
        ("name", "safe"),
        [
            ("../../etc/passwd", "passwd"),
            ("..\\..\\boot.ini", "boot.ini"),
            ("C:\\docs\\my photo.jpg", "my_photo.jpg"),
            ("C:\\x", "x"),
            ("C:x", "C_x"),
            ("a.txt::$DATA", "a.txt_DATA"),
            ("a\0b.txt", "a_b.txt"),
            ("a\r\nb", "a_b"),
            (".", "_"),
            ("..", "_"),
            ("...", "_"),
            ("", "_"),
            ("/", "_"),
            ("a/", "_"),
            (".htaccess", "_htaccess"),
            ("-rf", "_rf"),
            ("name.", "name"),
            ("CON.txt", "_CON.txt"),
            ("naïve café.txt", "naïve_café.txt"),
            ("nai\u0308ve.txt", "naïve.txt"),
            ("日本語.pdf", "日本語.pdf"),
            ("..\uff0f..\uff0fx", "_._.._x"),
            ("\udc80.txt", "_.txt"),
            ("a<b>c:d|e?f*g.txt", "a_b_c_d_e_f_g.txt"),
            ("\u202egpj.exe", "_gpj.exe"),
        ],
    )
    def test_base_name_only(self, name: str, safe: str) -> None:
        assert secure_filename(name) == safe

    @pytest.mark.parametrize("name", DEVICES)
    def test_no_device_of_windows(self, name: str) -> None:
        safe = secure_filename(name)
        assert safe.split(".")[0].upper() not in {"CON", "PRN", "AUX", "NUL", "COM1", "COM9", "LPT0", "COM¹"}

    def test_length_is_that_of_a_file_system(self) -> None:
        assert secure_filename("a" * 300 + ".txt") == "a" * 251 + ".txt"
        assert secure_filename("é" * 300 + ".txt") == "é" * 125 + ".txt"
        assert secure_filename("a" * 300 + ".txt", max_length=20) == "a" * 16 + ".txt"
        assert len(secure_filename("a." + "b" * 300)) == 255
        with pytest.raises(ValueError, match="at least 16"):
            secure_filename("a", max_length=3)

    @given(st.text() | st.text("./\\:a \0CON-~$"), st.integers(16, 255))
    def test_whatever_comes_it_is_a_name(self, name: str, max_length: int) -> None:
        safe = secure_filename(name, max_length)
        assert safe
        assert len(safe.encode()) <= max_length
        assert not re.search(r"[/\\:\x00-\x1f<>|?*\"\s]", safe)
        assert not safe.startswith((".", "-"))
        assert not safe.endswith((".", " "))
        for pathmod, root in ((posixpath, "/srv"), (ntpath, "C:\\srv")):
            assert safe_join(root, safe, pathmod) == pathmod.join(root, safe)
        assert secure_filename(safe, max_length) == safe

    @pytest.mark.parametrize("unit", ["\ufdfa", "a\u0301\u0323", "/", "\\", ".", " ", "\u0344", "CON."])
    def test_time_is_linear(self, linear, unit: str) -> None:
        linear(secure_filename, lambda n: unit * n, n=100_000)


class TestContentDisposition:
    @pytest.mark.parametrize(
        ("filename", "header"),
        [
            ("report.pdf", 'attachment; filename="report.pdf"'),
            ("my report.pdf", 'attachment; filename="my report.pdf"'),
            ("naïve.txt", "attachment; filename=\"na_ve.txt\"; filename*=UTF-8''na%C3%AFve.txt"),
            ('a"b.txt', "attachment; filename=\"a_b.txt\"; filename*=UTF-8''a%22b.txt"),
            ("%22.txt", "attachment; filename=\"_22.txt\"; filename*=UTF-8''%2522.txt"),
            ("a\r\nSet-Cookie: x", 'attachment; filename="a__Set-Cookie: x"'),
            ("../a\\b", 'attachment; filename=".._a_b"'),
            ("\udc80", "attachment; filename=\"_\"; filename*=UTF-8''%3F"),
        ],
    )
    def test_written(self, filename: str, header: str) -> None:
        assert content_disposition(filename) == header

    def test_inline(self) -> None:
        assert content_disposition("a.pdf", inline=True) == 'inline; filename="a.pdf"'

    @given(st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="/\\")))
    def test_it_is_one_name_and_reads_back(self, filename: str) -> None:
        header = content_disposition(filename)
        assert header.isascii()
        assert header.isprintable()
        assert parse_header(header) == ("attachment", {"filename": filename})


ATTACKS = [
    "..",
    "../secret",
    "a/../../secret",
    "a/..",
    "/etc/passwd",
    "//etc/passwd",
    "a//b",
    "a/",
    "./a",
    "a/./b",
    "..\\secret",
    "a\\b",
    "\\\\server\\share",
    "a\0b",
    "a\nb",
    "a\x7f",
    "\udc80",
    "a" * 256,
    "a/" * 3000 + "a",
]
ON_WINDOWS = [
    "C:/x",
    "C:x",
    "C:",
    "x::$DATA",
    "x:stream",
    *DEVICES,
    "CON ",
    "con .txt",
    "css/NUL.txt",
    "a.",
    "a ",
    "a./b",
    "a?",
    "a*",
    "<a>",
    'a"b',
    "a|b",
]


class TestSafeJoin:
    @pytest.mark.parametrize("root", ["/srv/files", "/srv/files/", "/"])
    def test_below_the_root(self, root: str) -> None:
        assert safe_join(root, "css/site.css", posixpath) == root.rstrip("/") + "/css/site.css"
        assert safe_join(root, "..a/b..", posixpath) == root.rstrip("/") + "/..a/b.."
        assert safe_join(root, "", posixpath) == posixpath.normpath(root)

    @pytest.mark.parametrize("root", ["C:\\srv\\files", "C:/srv/files/", "\\\\host\\share", "C:\\"])
    def test_below_the_root_on_windows(self, root: str) -> None:
        joined = safe_join(root, "css/site.css", ntpath)
        assert joined is not None
        assert joined == ntpath.join(ntpath.normpath(root), "css\\site.css")

    @pytest.mark.parametrize("path", ATTACKS)
    def test_out_of_the_root(self, path: str) -> None:
        assert safe_join("/srv/files", path, posixpath) is None
        assert safe_join("C:\\srv\\files", path, ntpath) is None

    @pytest.mark.parametrize("path", ON_WINDOWS)
    def test_what_windows_would_open_instead(self, path: str) -> None:
        assert safe_join("C:\\srv\\files", path, ntpath) is None

    @pytest.mark.parametrize(
        "prefix", ["%2e%2e/", "%2E./", "..%2f", "..%5c", "%252e%252e%252f", "..;/", "....//", "\uff0e\uff0e/"]
    )
    def test_what_is_encoded_still_is_below(self, prefix: str) -> None:
        for path in (prefix * 4 + "etc/passwd", unquote(prefix) * 4 + "etc/passwd"):
            for pathmod, root in ((posixpath, "/srv"), (ntpath, "C:\\srv")):
                joined = safe_join(root, path, pathmod)
                assert joined is None or joined.startswith(root + pathmod.sep)

    @given(st.text("ab./\\: ~\0Cc1") | st.text())
    def test_whatever_comes_it_is_below_or_refused(self, path: str) -> None:
        for pathmod, root in ((posixpath, "/srv/files"), (ntpath, "C:\\srv\\files")):
            joined = safe_join(root, path, pathmod)
            if joined is not None:
                assert pathmod.commonpath([root, joined]) == root
                assert pathmod.normpath(joined) == joined

    @pytest.mark.parametrize("unit", ["../", "/", "a/", ".", "\\", "%2e", "\ufdfa"])
    def test_time_is_linear(self, linear, unit: str) -> None:
        linear(lambda path: safe_join("/srv", path), lambda n: unit * n)


@pytest.mark.parametrize("name", ["", "a"])
def test_a_plain_name_of_any_length_is_written(linear, name: str) -> None:
    linear(content_disposition, lambda n: name + 'é"' * n)
