"""What fails under a run: a full disk, a read-only folder, a picture or a data set that goes, a share that hangs."""

import errno
import io
import os
import shutil
import subprocess
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import numpy as np
import pytest

import medcutmix_cli
from medcutmix_cli.errors import DatasetError, RunError
from medcutmix_cli.images import file_reading, read_canvas
from medcutmix_cli.records import PictureRules
from medcutmix_cli.rendering import sample as sample_rendering
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.status import run_status
from tests.mild_gate import few_nulls
from tests.pictures import write_dicom
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import output_bytes, write_manifest, write_picture

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a file system")
GATED = {"encoder": "toy", "shard_size": 8, "workers": 2}
STUDIES = 24


@pytest.fixture(autouse=True)
def _toy(monkeypatch):
    use_encoder(monkeypatch.setattr, lambda _settings: ToyEncoder())
    monkeypatch.setattr(file_reading, "_PAUSES", (0.01, 0.02))


@pytest.fixture
def source(tmp_path):
    return write_manifest(tmp_path / "in", studies=STUDIES)


def augmented(source, out, **options):
    return medcutmix_cli.augment(source, out, **{**GATED, "gate": "none", "align": "none", **options})


def bytes_of(run):
    calibration = run / "calibration.json"
    return output_bytes(run) | ({"calibration": calibration.read_bytes()} if calibration.exists() else {})


@contextmanager
def mounted(folder, *options):
    """Mount a file system on a folder, or skip the test by name."""
    folder.mkdir(exist_ok=True)
    if subprocess.run(["mount", *options, str(folder)], capture_output=True).returncode:
        pytest.skip("this machine does not let a test mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def nothing_half_written(run):
    return not list(run.rglob("*.tmp"))


def fill(disk, leave):
    """Fill a disk but for `leave` bytes."""
    free = shutil.disk_usage(disk).free
    (disk / "filler").write_bytes(bytes(free - leave))


@AS_ROOT
@pytest.mark.parametrize("stage", ["planning", "calibrating", "rendering"])
def test_a_full_disk_is_one_clear_error_and_the_run_goes_on_to_the_same_bytes(
    tmp_path, source, monkeypatch, stage
):
    gate = "none"
    if stage == "calibrating":
        gate = few_nulls(source, monkeypatch)
    augmented(source, tmp_path / "whole", gate=gate)
    assert (tmp_path / "whole" / "calibration.json").exists() == (stage == "calibrating")
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=8m", "none") as disk:
        out = disk / "out"
        if stage != "planning":
            medcutmix_cli.plan(source, out, gate=gate, align="none", **GATED)
        fill(disk, leave={"planning": 8192, "calibrating": 0, "rendering": 65536}[stage])
        with pytest.raises(RunError, match="no space left") as caught:
            augmented(source, out, gate=gate)
        assert "what is complete stays" in caught.value.hint
        assert nothing_half_written(out)
        assert not (stage == "calibrating" and (out / "calibration.json").exists())
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        augmented(source, out, gate=gate)
        assert bytes_of(out) == bytes_of(tmp_path / "whole")


@contextmanager
def quota(folder, size):
    """Make a folder that holds so many bytes, by a quota of btrfs, which also holds for root; or skip by name."""
    if not shutil.which("mkfs.btrfs"):
        pytest.skip("btrfs-progs is not installed: nothing that a test can set a quota on")
    image = folder.with_suffix(".image")
    image.write_bytes(b"")
    os.truncate(image, 256 << 20)
    subprocess.run(["mkfs.btrfs", "--quiet", str(image)], check=True, capture_output=True)
    with mounted(folder, "-o", "loop", str(image)) as disk:
        allowed = disk / "allowed"
        for words in (("quota", "enable", disk), ("subvolume", "create", allowed)):
            subprocess.run(["btrfs", *map(str, words)], check=True, capture_output=True)
        allow(allowed, size)
        yield allowed


def allow(folder, size):
    """Let a folder hold so many bytes from now on."""
    words = ["btrfs", "qgroup", "limit", str(size), str(folder)]
    subprocess.run(words, check=True, capture_output=True)


@AS_ROOT
@pytest.mark.parametrize("stage", ["planning", "rendering"])
def test_a_quota_that_is_used_up_is_one_clear_error_and_the_run_goes_on_to_the_same_bytes(
    tmp_path, source, stage
):
    augmented(source, tmp_path / "whole")
    with quota(tmp_path / "disk", 64 << 20) as disk:
        out = disk / "out"
        if stage == "rendering":
            medcutmix_cli.plan(source, out, gate="none", align="none", **GATED)
            os.sync()
        used = sum(file.stat().st_size for file in out.rglob("*") if file.is_file()) if out.exists() else 0
        allow(disk, used + (96 << 10))
        with pytest.raises(RunError, match="quota") as caught:
            augmented(source, out)
        assert "run the same command again" in caught.value.hint
        assert nothing_half_written(out)
        allow(disk, 64 << 20)
        augmented(source, out)
        assert bytes_of(out) == bytes_of(tmp_path / "whole")


@AS_ROOT
@pytest.mark.parametrize("stage", ["planning", "rendering"])
def test_a_read_only_folder_is_one_clear_error_and_the_run_goes_on_elsewhere_writable(
    tmp_path, source, stage
):
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=64m", "none") as disk:
        out = disk / "out"
        if stage == "rendering":
            medcutmix_cli.plan(source, out, gate="none", align="none", **GATED)
        before = sorted(disk.rglob("*"))
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(RunError, match="read-only"):
            augmented(source, out)
        assert sorted(disk.rglob("*")) == before
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        assert not augmented(source, out).missing


@AS_ROOT
def test_a_disk_that_becomes_read_only_during_the_run_stops_it(tmp_path, source, monkeypatch):
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=64m", "none") as disk:
        original, calls = sample_rendering.paste, count(1)

        def paste(*arguments):
            # As ext4 does after an error; a file that is open for writing forbids the polite way.
            if next(calls) == 9:
                subprocess.run(["mount", "-o", "remount,ro", str(disk)], capture_output=True)
                monkeypatch.setattr(Path, "replace", refuse)
            return original(*arguments)

        def refuse(*_arguments):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))

        with monkeypatch.context() as patches:
            patches.setattr(sample_rendering, "paste", paste)
            with pytest.raises(RunError, match="read-only"):
                augmented(source, disk / "out")
        monkeypatch.undo()
    assert next(calls) > 9


def test_a_picture_that_goes_during_the_run_is_a_pair_that_fails_by_name(tmp_path, source):
    medcutmix_cli.plan(source, tmp_path / "out", gate="none", align="none", **GATED)
    (source / "3.jpg").unlink()
    status = medcutmix_cli.render(tmp_path / "out")
    assert set(status.failed) == {"image:image-missing"}
    assert not status.missing


def test_a_data_set_that_is_gone_before_the_run_is_one_clear_error(tmp_path, source):
    medcutmix_cli.plan(source, tmp_path / "out", gate="none", align="none", **GATED)
    source.rename(source.with_name("elsewhere"))
    with pytest.raises(DatasetError) as caught:
        medcutmix_cli.render(tmp_path / "out")
    assert caught.value.where == str(source)
    assert run_status(RunFolder(tmp_path / "out")).failed == {}


def replace_by_pipe(path):
    path.unlink()
    os.mkfifo(path)


@pytest.fixture
def failing(monkeypatch):
    """Return a function that lets the next openings of one picture fail."""
    original = Path.open

    def fail(name, number, times):
        left = [times]

        def opened(self, *arguments, **options):
            if self.name == name and left[0]:
                left[0] -= 1
                raise OSError(number, os.strerror(number))
            return original(self, *arguments, **options)

        monkeypatch.setattr(Path, "open", opened)

    return fail


TRANSIENT = ["EIO", "ESTALE", "ETIMEDOUT", "ENOTCONN", "EHOSTDOWN"]


@pytest.mark.parametrize("name", TRANSIENT)
def test_a_share_that_fails_for_a_moment_is_asked_again(tmp_path, failing, name):
    write_picture(tmp_path / "1.jpg", 1)
    failing("1.jpg", getattr(errno, name), times=2)
    assert read_canvas(tmp_path / "1.jpg", 224, PictureRules("window")).pixels.any()


@pytest.mark.parametrize("name", TRANSIENT)
def test_a_share_that_goes_on_failing_stops_the_run_and_breaks_no_picture(tmp_path, source, failing, name):
    failing("5.jpg", getattr(errno, name), times=1000)
    with pytest.raises(DatasetError, match="storage of the data set fails") as caught:
        augmented(source, tmp_path / "out")
    assert "run the same command again" in caught.value.hint
    assert run_status(RunFolder(tmp_path / "out")).failed == {}
    assert run_status(RunFolder(tmp_path / "out")).missing


@pytest.mark.parametrize("name", TRANSIENT)
def test_a_share_that_goes_on_failing_stops_the_preparation(tmp_path, source, failing, name):
    failing("5.jpg", getattr(errno, name), times=1000)
    with pytest.raises(DatasetError, match="storage of the data set fails"):
        medcutmix_cli.prepare(source, tmp_path / "cache", workers=2)
    assert not list((tmp_path / "cache").glob("part-*"))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [(Path.unlink, "image-missing"), (replace_by_pipe, "image-not-a-file"), (Path.touch, None)],
)
def test_a_preparation_counts_pictures_that_cannot_be_read_by_name(tmp_path, source, spoil, reason):
    spoil(source / "5.jpg")
    summary = medcutmix_cli.prepare(source, tmp_path / "cache", workers=2)
    assert summary.unreadable == ({reason: 1} if reason else {})


class LostShare(io.BufferedReader):
    """A file whose server has gone after it was opened."""

    def readinto(self, _buffer):
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))


def test_a_share_that_goes_while_pixels_are_read_is_an_error_and_no_end_of_the_process(tmp_path, monkeypatch):
    write_dicom(tmp_path / "1.dcm", np.arange(64 * 64, dtype=np.uint16).reshape(64, 64) % 4096)
    assert read_canvas(tmp_path / "1.dcm", 224, PictureRules("minmax")).pixels.any()
    monkeypatch.setattr(file_reading, "_PAUSES", (0.0,))
    monkeypatch.setattr(Path, "open", lambda self, *_mode, **_how: LostShare(io.FileIO(self)))
    with pytest.raises(DatasetError, match="storage of the data set fails: stale file handle"):
        read_canvas(tmp_path / "1.dcm", 224, PictureRules("minmax"))


def test_rights_that_one_picture_lacks_are_its_own(tmp_path, source, failing):
    failing("5.jpg", errno.EACCES, times=1000)
    assert set(augmented(source, tmp_path / "out", max_fail_frac=1.0).failed) == {"image:image-unreadable"}
