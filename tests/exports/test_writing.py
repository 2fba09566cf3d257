"""An export under way may be stopped anywhere, and goes on from there."""

import shutil
import subprocess
import sys

import pytest

import medcutmix_cli
from medcutmix_cli.exports import writing
from medcutmix_cli.exports.export import export
from medcutmix_cli.system.temporary_files import owner
from tests.exports.runs import run_of_both
from tests.run_folders import make_row, write_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return a run of four shards: mixes, a study as it is, a row without words, mixes."""
    return run_of_both(tmp_path_factory.mktemp("run"), ("train",))


def contents(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("to", ["open-clip", "webdataset", "mds", "r2gen"])
def test_an_export_that_was_killed_goes_on_to_the_same_bytes(run, tmp_path, monkeypatch, to):
    out = tmp_path / "x"
    export(run, out, to=to, originals="together")
    whole = contents(out)
    shutil.rmtree(out)
    write, calls = writing.write_part, []

    def killed(*arguments):
        calls.append(arguments[2].name)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return write(*arguments)

    monkeypatch.setattr(writing, "write_part", killed)
    with pytest.raises(KeyboardInterrupt):
        export(run, out, to=to, originals="together")
    assert not (out / "export.json").exists()
    export(run, out, to=to, originals="together")
    assert contents(out) == whole
    assert len(calls) == len(set(calls)) + 1  # only the part that was under way was written again


def test_a_part_whose_file_was_cut_short_is_written_again(run, tmp_path, monkeypatch):
    out = tmp_path / "x"
    monkeypatch.setattr(writing.ExportWork, "_finish", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        export(run, out, to="webdataset")
    monkeypatch.undo()
    cut = out / "train-00000.tar"
    cut.write_bytes(cut.read_bytes()[:100])
    export(run, out, to="webdataset")
    assert medcutmix_cli.verify(out).ok


def test_what_a_killed_process_left_half_written_is_removed(tmp_path, monkeypatch):
    run, out = write_run(tmp_path / "made", ([make_row(0)],)), tmp_path / "x"
    monkeypatch.setattr(writing.ExportWork, "_finish", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        export(run, out, to="webdataset")
    monkeypatch.undo()
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    left = out / f".train-00000.tar.{owner(process.pid)}"
    left.write_bytes(b"half a tar")
    export(run, out, to="webdataset")
    assert not left.exists()


@pytest.mark.parametrize("stopped", [1, 2, 3, 4])
def test_an_export_stopped_at_any_part_goes_on_to_the_same_bytes(run, tmp_path, monkeypatch, stopped):
    export(run, tmp_path / "whole", to="webdataset", originals="together")
    write, calls = writing.write_part, []

    def killed(*arguments):
        calls.append(arguments)
        if len(calls) == stopped:
            raise KeyboardInterrupt
        return write(*arguments)

    monkeypatch.setattr(writing, "write_part", killed)
    with pytest.raises(KeyboardInterrupt):
        export(run, tmp_path / "x", to="webdataset", originals="together")
    export(run, tmp_path / "x", to="webdataset", originals="together")
    assert len(calls) == 6  # five parts, and one of them twice
    for path in (tmp_path / "whole").iterdir():
        assert (tmp_path / "x" / path.name).read_bytes() == path.read_bytes()
