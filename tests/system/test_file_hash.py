import hashlib

import pytest

from medcutmix_cli.system.file_hash import file_sha256


@pytest.mark.parametrize("content", [b"", b"abc", bytes(range(256)) * 5000])
def test_a_file_has_the_hash_of_its_bytes(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    assert file_sha256(path) == hashlib.sha256(content).hexdigest()


def test_what_is_not_there_has_none(tmp_path):
    with pytest.raises(FileNotFoundError):
        file_sha256(tmp_path / "file")
