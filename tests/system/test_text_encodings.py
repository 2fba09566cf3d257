import gzip

import pytest

from medcutmix_cli.system.text_encodings import not_utf8_hint


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("größe".encode("utf-16-le"), "iconv -f utf-16-le "),
        ("größe".encode("utf-16-be"), "iconv -f utf-16-be "),
        ("größe".encode("utf-32-le"), "iconv -f utf-32-le "),
        ("größe".encode("utf-32-be"), "iconv -f utf-32-be "),
        ("größe".encode(), "cp1252"),
        ("größe".encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + "größe".encode("utf-16-be"), "utf-16"),
        (gzip.compress(b"x", mtime=0), "gzipped"),
        ("größe".encode("cp1252"), "cp1252"),
        (b"", "cp1252"),
    ],
)
def test_what_to_try_goes_by_the_first_bytes(content, said):
    assert said in not_utf8_hint(content)
