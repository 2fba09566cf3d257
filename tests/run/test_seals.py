import json
from string import printable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.run.seals import (
    BrokenSealError,
    FileSeal,
    Seal,
    read_sealed,
    seal_json,
    seal_of_json,
    seal_of_page,
    seal_page,
    write_sealed,
)

SAID = {"b": [1, 2.5, None], "a": {"10": "ten", "9": "nine ä"}}
PLAIN = st.dictionaries(
    st.text(printable, max_size=5),
    st.none() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | st.lists(st.booleans()),
    max_size=4,
)


def flips(content):
    """Yield a file's bytes with each bit of each byte turned in turn."""
    for place in range(len(content)):
        for bit in range(8):
            changed = bytearray(content)
            changed[place] ^= 1 << bit
            yield bytes(changed)


def test_a_file_says_what_was_written(tmp_path):
    write_sealed(tmp_path / "said.json", SAID)
    assert read_sealed(tmp_path / "said.json") == SAID
    assert seal_of_json((tmp_path / "said.json").read_bytes()) is Seal.WHOLE


@given(PLAIN)
def test_whatever_is_said_its_seal_is_whole(said):
    assert seal_of_json(seal_json(said).encode()) is Seal.WHOLE


def test_numbers_as_keys_are_sealed_as_the_texts_that_they_become():
    assert seal_of_json(seal_json({"counts": {9: 1, 10: 2}}).encode()) is Seal.WHOLE


def test_no_bit_of_a_json_file_is_free():
    assert {seal_of_json(content) for content in flips(seal_json(SAID).encode())} <= {
        Seal.BROKEN,
        Seal.ABSENT,
    }


def test_a_bit_that_takes_the_seal_away_leaves_a_key_that_nobody_knows():
    taken = [content for content in flips(seal_json(SAID).encode()) if seal_of_json(content) is Seal.ABSENT]
    assert taken
    assert all(set(json.loads(content)) - set(SAID) for content in taken)


@pytest.mark.parametrize("text", ["# Card\n", "<!doctype html>\n<p>Page"], ids=["markdown", "html"])
def test_no_bit_of_a_page_is_free(text):
    content = seal_page(text).encode()
    assert seal_of_page(content) is Seal.WHOLE
    assert Seal.WHOLE not in {seal_of_page(changed) for changed in flips(content)}


def without_seal(text):
    return [line for line in text.splitlines(keepends=True) if not line.startswith(' "seal"')]


def moved(text):
    """Put the line of the seal to every other place."""
    [seal] = set(text.splitlines(keepends=True)) - set(without_seal(text))
    lines = without_seal(text)
    for place in range(len(lines) + 1):
        yield "".join([*lines[:place], seal, *lines[place:]])


@given(PLAIN.filter(lambda said: said and "seal" not in said))
def test_whole_is_what_writing_it_again_gives(said):
    text = seal_json({**said, "z": {"z": 1}})
    whole = [each for each in moved(text) if seal_of_json(each.encode()) is Seal.WHOLE]
    assert whole == [text]


@pytest.mark.parametrize("sealed", [["a"], {"a": 1}, 1, None, "\n", "ab" * 32])
def test_a_seal_that_is_none_is_broken(sealed):
    assert seal_of_json(json.dumps({"a": 1, "seal": sealed}, indent=1).encode()) is Seal.BROKEN


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: text + " ", id="longer"),
        pytest.param(lambda text: text[:-1], id="shorter"),
        pytest.param(lambda text: text.replace("\n", "\r\n"), id="other-line-ends"),
        pytest.param(lambda text: json.dumps(json.loads(text)), id="formatted-otherwise"),
        pytest.param(lambda text: text.replace("nine", "nein"), id="another-word"),
    ],
)
def test_a_changed_file_is_not_read(tmp_path, change):
    path = tmp_path / "said.json"
    path.write_text(change(seal_json(SAID)), encoding="utf-8", newline="")
    with pytest.raises(BrokenSealError):
        read_sealed(path)


def test_a_file_of_an_earlier_version_is_read_and_has_no_seal(tmp_path):
    (tmp_path / "said.json").write_text(json.dumps(SAID))
    assert read_sealed(tmp_path / "said.json") == SAID
    assert seal_of_json(json.dumps(SAID).encode()) is seal_of_page(b"# Card\n") is Seal.ABSENT


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff{}"], ids=["empty", "cut", "list", "not-utf-8"])
def test_what_is_no_json_object_is_a_value_error_and_broken(tmp_path, content):
    (tmp_path / "said.json").write_bytes(content)
    with pytest.raises(ValueError):  # noqa: PT011 - any of its kinds
        read_sealed(tmp_path / "said.json")
    assert seal_of_json(content) is Seal.BROKEN


def test_a_large_file_is_known_by_its_hash_and_size(tmp_path):
    (tmp_path / "large").write_bytes(b"abc")
    seal = FileSeal.of(tmp_path / "large")
    assert (seal.bytes, seal.sha256[:8]) == (3, "ba7816bf")
