import gzip
import os
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medcutmix_cli.images import gzip_places
from medcutmix_cli.images.gzip_places import read_gzipped

CONTENT = np.random.default_rng(0).integers(0, 9, 300_000, dtype=np.uint8).tobytes()


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """Return one file of three gzip members, read with places close together."""
    path = tmp_path_factory.mktemp("gz") / "a.tar.gz"
    third = len(CONTENT) // 3
    path.write_bytes(b"".join(gzip.compress(CONTENT[n : n + third]) for n in range(0, len(CONTENT), third)))
    patch = pytest.MonkeyPatch()
    patch.setattr(gzip_places, "_APART", 10_000)
    patch.setattr(gzip_places, "_READ", 1_000)
    yield path
    patch.undo()


@settings(max_examples=60)
@given(st.integers(0, len(CONTENT) + 10), st.integers(0, 50_000))
def test_any_bytes_are_those_of_the_content(packed, offset, length):
    assert read_gzipped(packed, offset, length) == CONTENT[offset : offset + length]


def test_places_are_kept_and_the_last_bytes_are_not_read_from_the_beginning(packed):
    places = gzip_places._places(packed, packed.stat().st_mtime_ns)
    assert len(places) > 10
    assert places[-1].content > 0.9 * len(CONTENT)


def test_a_file_that_was_written_anew_is_read_anew(tmp_path):
    path = tmp_path / "a.gz"
    for number, content in enumerate((b"first", b"other")):
        path.write_bytes(gzip.compress(content))
        os.utime(path, ns=(number, number))
        assert read_gzipped(path, 0, 5) == content


def test_a_damaged_file_is_an_error(tmp_path):
    path = tmp_path / "a.gz"
    path.write_bytes(b"no gzip at all")
    with pytest.raises(zlib.error):
        read_gzipped(path, 0, 5)
