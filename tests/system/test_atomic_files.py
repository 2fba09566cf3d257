import errno
from pathlib import Path

import pytest

from medcutmix_cli.system.atomic_files import publish_first, write_text


def test_of_two_files_the_first_counts_also_where_there_are_no_hard_links(tmp_path, monkeypatch):
    def refuse(*_paths):
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    for text in ("first", "second"):
        with publish_first(tmp_path / "calibration.json") as temporary:
            temporary.write_text(text)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["first"]


def test_a_text_that_is_there_already_is_not_written_again(tmp_path, monkeypatch):
    path = tmp_path / "README.md"
    for text in ("first\n", "second\n"):
        write_text(path, text)
        assert path.read_text() == text
    monkeypatch.setattr(
        "medcutmix_cli.system.atomic_files.publish", lambda path: pytest.fail(f"written: {path}")
    )
    write_text(path, "second\n")
