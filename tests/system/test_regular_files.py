import os
import socket

import pytest

from medcutmix_cli.system.regular_files import IrregularFileError, check_regular, read_regular


def test_a_file_is_read_up_to_the_size_it_may_have(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert check_regular(tmp_path / "a") == 3
    assert read_regular(tmp_path / "a", 3) == b"abc"
    with pytest.raises(OSError, match="too large"):
        read_regular(tmp_path / "a", 2)


def test_what_would_be_waited_for_is_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the name of a socket is short
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as ear:
        ear.bind("socket")
        for name in ("pipe", "socket", "/dev/zero", "."):
            with pytest.raises(IrregularFileError):
                read_regular(tmp_path / name, 10)


def test_a_name_that_no_file_can_have_is_of_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        check_regular(tmp_path / "a\0b")


def test_a_link_to_itself_ends(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(OSError, match="symbolic links"):
        check_regular(tmp_path / "loop")
