import errno
import json
import os
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import medcutmix_cli
from medcutmix_cli.errors import ImageError, Interruption, RunError, UsageError
from medcutmix_cli.rendering import staging
from medcutmix_cli.rendering.staging import InPlace, Staging, check_stage_dir, stage_files
from medcutmix_cli.run.failure_list import read_outcomes
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.shard_state import read_state
from tests.builders import make_report
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import output_bytes, write_manifest


@pytest.fixture
def sources(tmp_path):
    """Twenty files of different content."""
    folder = tmp_path / "slow"
    folder.mkdir()
    for number in range(20):
        (folder / f"{number}.jpg").write_bytes(bytes([number]) * (1000 + number))
    return [folder / f"{number}.jpg" for number in range(20)]


@pytest.fixture
def stage(tmp_path):
    (tmp_path / "fast").mkdir()
    return str(tmp_path / "fast")


@pytest.fixture(autouse=True)
def _no_thread_is_left():
    yield
    assert not [t.name for t in threading.enumerate() if t.name.startswith("stage-")]


def copies(stage):
    return [path for path in Path(stage).rglob("*") if path.is_file()]


def eventually(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


def whole(path):
    """Read like a reader of pictures: what cannot be read is an ImageError."""
    try:
        return path, path.read_bytes()
    except OSError as error:
        raise ImageError("no", where=str(path), reason=type(error).__name__) from error


# ------------------------------------------------------------------------------------------------ copying


def test_each_file_is_read_from_its_copy_and_the_copy_goes_after_its_last_use(sources, stage):
    with stage_files(stage, [*sources, sources[3]]) as storage:
        for number, source in enumerate(sources):
            eventually(lambda wanted=source: wanted in storage._copies)
            place, content = storage.read(source, whole)
            assert place != source
            assert content == source.read_bytes()
            assert place.exists() == (number == 3), "number 3 is needed once more"
        place, content = storage.read(sources[3], whole)
        assert place != sources[3]
        assert content == sources[3].read_bytes()
        assert not copies(stage)
        assert not +storage.noted
    assert not os.listdir(stage)  # noqa: PTH208 - also what is hidden


def test_without_a_folder_files_are_read_where_they_lie(sources):
    with stage_files("", sources) as storage:
        assert storage.read(sources[0], whole)[0] == sources[0]
        assert isinstance(storage, InPlace)


def test_copies_are_readable_by_the_owner_only(sources, stage):
    before = os.umask(0)
    try:
        with stage_files(stage, sources):
            eventually(lambda: len(copies(stage)) == len(sources))
            [folder] = Path(stage).iterdir()
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            assert {stat.S_IMODE(copy.stat().st_mode) for copy in copies(stage)} == {0o600}
    finally:
        os.umask(before)


@settings(max_examples=25)
@given(
    order=st.lists(st.integers(0, 7), min_size=1, max_size=30),
    ahead=st.integers(1, 4),
    streams=st.integers(1, 5),
    readers=st.integers(1, 5),
)
def test_no_more_copies_than_allowed_lie_there_and_nobody_waits_for_ever(
    tmp_path_factory, order, ahead, streams, readers
):
    root = tmp_path_factory.mktemp("files")
    files = [root / str(n) for n in range(8)]
    for number, path in enumerate(files):
        path.write_bytes(b"x" * number)
    (root / "copies").mkdir()
    storage = Staging(root / "copies", [files[n] for n in order], ahead=ahead, streams=streams)
    most = []

    def looked(path):
        most.append(len(list((root / "copies").iterdir())))
        return len(path.read_bytes())

    storage.start()
    try:
        with ThreadPoolExecutor(readers) as pool:
            found = list(pool.map(lambda n: storage.read(files[n], looked), order, timeout=30))
    finally:
        storage.stop()
    assert found == order
    assert max(most) <= ahead
    assert not list((root / "copies").iterdir())


@contextmanager
def held(monkeypatch, hold):
    """Hold every copy back for which `hold` says so, until the block ends."""
    gate, written = threading.Event(), Staging._written

    def slow(self, original, place):
        if hold(Path(original.name)):
            gate.wait(30)
        return written(self, original, place)

    monkeypatch.setattr(Staging, "_written", slow)
    try:
        yield gate
    finally:
        gate.set()


def test_a_reader_waits_for_a_copy_that_is_under_way(monkeypatch, sources, stage):
    with held(monkeypatch, lambda _path: True) as gate, stage_files(stage, sources) as storage:
        eventually(lambda: sources[0] in storage._copies)
        threading.Timer(0.1, gate.set).start()
        place, content = storage.read(sources[0], whole)
        assert place != sources[0]
        assert content == sources[0].read_bytes()


def test_a_reader_that_comes_before_the_copy_is_begun_reads_the_source(monkeypatch, sources, stage):
    with held(monkeypatch, lambda _path: True) as gate, stage_files(stage, sources) as storage:
        eventually(lambda: len(storage._copies) == staging.STREAMS)
        place, _ = storage.read(sources[-1], whole)
        assert place == sources[-1]
        assert +storage.noted == {"staging-overtaken": 1}
        gate.set()
        eventually(lambda: len(copies(stage)) == len(sources) - 1)


# ------------------------------------------------------------------------------------------------ trouble


def test_a_full_disk_fails_nothing_and_is_counted(monkeypatch, sources, stage):
    """The disk holds three files at once."""
    written = Staging._written

    def onto_a_small_disk(self, original, place):
        whole = written(self, original, place)
        if len(copies(stage)) > 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole

    monkeypatch.setattr(Staging, "_written", onto_a_small_disk)
    with stage_files(stage, sources) as storage:
        eventually(
            lambda: storage.noted["staging-fell-back"]
        )  # of copies that nobody reads the fourth finds no room
        for source in sources:
            assert storage.read(source, whole)[1] == source.read_bytes()
        assert storage._room < staging.AHEAD
        assert storage._lying == 0
    assert not os.listdir(stage)  # noqa: PTH208


def test_a_copy_that_was_taken_away_is_read_from_the_source(sources, stage):
    with stage_files(stage, sources) as storage:
        eventually(lambda: len(copies(stage)) == len(sources))
        for copy in copies(stage):
            copy.unlink()
        for source in sources:
            assert storage.read(source, whole) == (source, source.read_bytes())
        assert +storage.noted == {"staging-fell-back": len(sources)}


def test_a_folder_that_was_taken_away_is_survived(monkeypatch, sources, stage):
    with held(monkeypatch, lambda _path: True) as gate, stage_files(stage, sources) as storage:
        [folder] = Path(stage).iterdir()
        folder.rmdir()
        gate.set()
        for source in sources:
            assert storage.read(source, whole)[1] == source.read_bytes()
        assert storage.noted.total() == len(sources)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        pytest.param(Path.unlink, "FileNotFoundError", id="missing"),
        pytest.param(lambda path: (path.unlink(), path.mkdir()), "IsADirectoryError", id="a folder"),
    ],
)
def test_a_source_that_cannot_be_read_is_named_as_without_staging(sources, stage, spoil, reason):
    spoil(sources[2])
    with stage_files(stage, sources) as storage:
        eventually(lambda: not storage._waiting)
        with pytest.raises(ImageError) as caught:
            storage.read(sources[2], whole)
        assert (caught.value.reason, caught.value.where) == (reason, str(sources[2]))
        assert not +storage.noted


def test_the_error_of_a_damaged_picture_names_the_source(sources, stage):
    def refused(path):
        raise ImageError("damaged", where=str(path))

    with stage_files(stage, sources) as storage:
        eventually(lambda: not storage._waiting)
        with pytest.raises(ImageError) as caught:
            storage.read(sources[2], refused)
        assert caught.value.where == str(sources[2])
        assert not +storage.noted


def test_an_interruption_leaves_at_once_and_leaves_nothing(monkeypatch, sources, stage):
    """Copies of a thousand parts of 10 ms each are under way."""
    monkeypatch.setattr(staging, "_CHUNK", 1)
    opened, stopping, late = Path.open, [], []

    class Slow:
        def __init__(self, file):
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self.file.close()

        def read(self, size):
            late.extend(storage for storage in stopping if storage._stopped)
            time.sleep(0.01)
            return self.file.read(size)

    monkeypatch.setattr(Path, "open", lambda self, *rest, **more: Slow(opened(self, *rest, **more)))

    def work():
        with stage_files(stage, sources) as storage:
            stopping.append(storage)
            eventually(lambda: len(copies(stage)) == staging.STREAMS)
            raise Interruption("stopped by SIGTERM")

    with pytest.raises(Interruption):
        work()
    assert len(late) <= staging.STREAMS, "each stream looks between two parts"
    assert not os.listdir(stage)  # noqa: PTH208


# ------------------------------------------------------------------------------------------------ the folder


def test_a_folder_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(UsageError, match="does not exist") as caught:
        check_stage_dir(str(tmp_path / "nowhere"))
    assert caught.value.where == str(tmp_path / "nowhere")


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(
        os, "access", lambda *_args: False
    )  # the tests may run as root, who may write anywhere
    with pytest.raises(RunError, match="permission denied"):
        check_stage_dir(str(tmp_path))


def test_the_folder_is_looked_at_before_any_work(tmp_path, toy):
    source = write_manifest(tmp_path / "in", studies=6)
    with pytest.raises(UsageError, match="staging folder"):
        toy(source, tmp_path / "out", stage_dir=tmp_path / "nowhere")
    assert not (tmp_path / "out").exists()
    medcutmix_cli.plan(source, tmp_path / "out", encoder="toy", gate="none", align="none")
    with pytest.raises(UsageError, match="staging folder"):
        medcutmix_cli.render(tmp_path / "out", stage_dir=tmp_path / "nowhere")
    assert not list((tmp_path / "out" / "data").iterdir())


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_uses_stays(stage, sources):
    script = (
        "import sys; from pathlib import Path; from medcutmix_cli.rendering.staging import stage_files\n"
        f"with stage_files({stage!r}, [Path({str(sources[0])!r})]):\n    print(flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        [left] = Path(stage).iterdir()
        with stage_files(stage, sources):
            assert left.exists()
        process.kill()
    (Path(stage) / ".somebody.elses.file.1.tmp").touch()
    with stage_files(stage, sources), stage_files(stage, sources):
        assert not left.exists()
        assert len(list(Path(stage).glob("*.stage.*"))) == 2
    assert os.listdir(stage) == [".somebody.elses.file.1.tmp"]  # noqa: PTH208


def test_a_disk_too_full_for_a_folder_is_told_and_fails_nothing(stage, sources, monkeypatch):
    monkeypatch.setattr(Path, "mkdir", lambda *_args, **_more: os.open("/dev/full/no", os.O_RDONLY))
    with stage_files(stage, sources) as storage:
        assert storage.read(sources[0], whole) == (sources[0], sources[0].read_bytes())
        assert storage.noted == {"staging-fell-back": len(sources)}


def test_an_original_cannot_be_taken_for_its_copy(sources):
    with pytest.raises(ValueError, match="elsewhere than its original"):
        staging._Copy(sources[0], sources[0])


def test_whatever_becomes_of_the_copies_every_original_stays(stage, sources):
    with stage_files(stage, sources) as storage:
        overtaken = storage.read(sources[-1], whole)
        for _, source in enumerate([*sources, *sources[:1]]):
            storage.read(source, whole)
    assert overtaken[1]
    assert all(source.is_file() for source in sources)


# ------------------------------------------------------------------------------------------------ runs


@pytest.fixture
def toy(monkeypatch):
    """Return a function that augments with the toy encoder."""
    use_encoder(monkeypatch.setattr, lambda _settings: ToyEncoder(batch=3))

    def augmented(source, out, **options):
        usual = {"encoder": "toy", "gate": "none", "align": "none", "shard_size": 8, "workers": 2}
        return medcutmix_cli.augment(source, out, **(usual | options))

    return augmented


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_the_bytes_are_the_same_with_and_without_staging(tmp_path, toy, stage, workers):
    source = write_manifest(tmp_path / "in", studies=14)
    (source / "3.jpg").write_bytes(b"no picture at all")
    toy(source, tmp_path / "whole", shard_size=6)
    (source / "5.jpg").unlink()
    toy(source, tmp_path / "plain", shard_size=6)
    status = toy(source, tmp_path / "staged", shard_size=6, workers=workers, stage_dir=stage)
    assert output_bytes(tmp_path / "staged") == output_bytes(tmp_path / "plain")
    assert set(status.failed) == {"image:image-format-unknown", "image:image-missing"}
    assert not os.listdir(stage)  # noqa: PTH208


def test_a_full_disk_changes_no_byte_and_is_told(tmp_path, toy, stage, monkeypatch):
    source = write_manifest(tmp_path / "in", studies=12)
    toy(source, tmp_path / "plain")

    def full(self, original, place):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Staging, "_written", full)
    status = toy(source, tmp_path / "staged", stage_dir=stage)
    assert output_bytes(tmp_path / "staged") == output_bytes(tmp_path / "plain")
    assert status.notes["staging-fell-back"] >= 1
    assert read_outcomes(RunFolder(tmp_path / "staged").failures_file(0)) == []


RECIPE = """
[mixing]
gate = "null-max"
[mixing.options.null-max]
alpha = 0.2
confidence = 0.0
pictures = 8
"""


def test_pictures_of_the_calibration_are_staged_too(tmp_path, toy, stage, monkeypatch):
    source = write_manifest(tmp_path / "in", studies=20)
    rows = [json.loads(line) for line in (source / "manifest.jsonl").read_text().splitlines()]
    for row in rows[12:]:
        row["report"] = make_report("No pleural effusion. No consolidation. No pneumothorax.")
    (source / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "recipe.toml").write_text(RECIPE)
    readers, read = set(), Staging.read

    def noted(self, path, reader):
        readers.add(threading.current_thread().name.split("_")[0])
        return read(self, path, reader)

    monkeypatch.setattr(Staging, "read", noted)
    options = {"gate": None, "config": tmp_path / "recipe.toml"}
    toy(source, tmp_path / "staged", stage_dir=stage, **options)
    toy(source, tmp_path / "plain", **options)
    made, plain = (RunFolder(tmp_path / out).calibration_file.read_bytes() for out in ("staged", "plain"))
    assert made == plain
    assert output_bytes(tmp_path / "staged") == output_bytes(tmp_path / "plain")
    assert readers == {"null", "mix"}


def test_an_interrupted_shard_leaves_no_copy_and_goes_on(tmp_path, toy, stage):
    source = write_manifest(tmp_path / "in", studies=12)
    status = toy(source, tmp_path / "plain")
    medcutmix_cli.plan(source, tmp_path / "out", encoder="toy", gate="none", align="none", shard_size=8)

    def stop(stage_name, done, _total):
        if stage_name == "rendering" and done == 3:
            raise Interruption("stopped by SIGTERM")

    with pytest.raises(Interruption):
        medcutmix_cli.render(tmp_path / "out", stage_dir=stage, workers=2, progress=stop)
    assert not os.listdir(stage)  # noqa: PTH208
    assert read_state(RunFolder(tmp_path / "out"), 0) is None
    assert medcutmix_cli.render(tmp_path / "out", stage_dir=stage).written == status.written
    assert output_bytes(tmp_path / "out") == output_bytes(tmp_path / "plain")
