import hashlib
import subprocess

import pytest

from tools import wheelhouse
from tools.wheelhouse import ROOT, SUMS, bracketed, main, sums


@pytest.fixture
def ran(monkeypatch):
    """Return the commands that would run; pip's leaves a wheel."""
    commands = []

    def run(command, check):
        commands.append(command)
        (folder,) = [command[k + 1] for k, word in enumerate(command) if word == "--wheel-dir"]
        (wheelhouse.Path(folder) / "a-1-py3-none-any.whl").write_bytes(b"wheel")

    monkeypatch.setattr(wheelhouse.subprocess, "run", run)
    return commands


def test_the_folder_has_the_wheels_the_pins_and_sums_that_sha256sum_reads(tmp_path, ran, capsys):
    main([str(tmp_path / "w"), "--extra", "encoders", "--extra", "ray"])
    assert ran[0][-1] == f"{ROOT}[encoders,ray]"
    assert ran[0][ran[0].index("--constraint") + 1] == str(ROOT / "constraints.txt")
    assert sorted(path.name for path in (tmp_path / "w").iterdir()) == [
        SUMS, "a-1-py3-none-any.whl", "constraints.txt",
    ]  # fmt: skip
    assert f"{hashlib.sha256(b'wheel').hexdigest()}  a-1-py3-none-any.whl\n" in sums(tmp_path / "w")
    assert "1 wheels, 0 MB" in capsys.readouterr().out


def test_what_was_changed_on_the_way_is_found(tmp_path, ran, monkeypatch):
    main([str(tmp_path / "w")])
    monkeypatch.undo()
    check = ["sha256sum", "--check", "--quiet", SUMS]
    assert subprocess.run(check, cwd=tmp_path / "w", capture_output=True, check=False).returncode == 0
    (tmp_path / "w" / "a-1-py3-none-any.whl").write_bytes(b"wheeL")
    assert subprocess.run(check, cwd=tmp_path / "w", capture_output=True, check=False).returncode == 1


def test_a_folder_that_holds_something_is_refused(tmp_path, ran):
    (tmp_path / "old.whl").write_bytes(b"")
    with pytest.raises(SystemExit, match="is not empty"):
        main([str(tmp_path)])
    assert ran == []


def test_no_extra_is_no_bracket():
    assert bracketed([]) == ""
    assert bracketed(["ray"]) == "[ray]"
