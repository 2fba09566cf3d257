"""`prepare` makes what later runs read, goes on where it was stopped, and changes no byte of a run."""

import json
import os
from dataclasses import replace

import cv2
import numpy as np
import pytest

import medcutmix_cli
from medcutmix_cli.errors import RunError, UsageError
from medcutmix_cli.preparation import prepare as preparation
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.run_record import read_run
from tests.calls import medcutmix
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import output_bytes, write_manifest, write_picture


@pytest.fixture
def source(tmp_path):
    """Fourteen studies, the picture of one of which is none."""
    made = write_manifest(tmp_path / "in", studies=14)
    (made / "3.jpg").write_bytes(b"no picture at all")
    return made


@pytest.fixture
def small_parts(monkeypatch):
    """Parts of four pictures."""
    monkeypatch.setattr(preparation, "PART_SIZE", 4)


def augmented(monkeypatch, source, out, **options):
    use_encoder(monkeypatch.setattr, lambda _settings: ToyEncoder(batch=3))
    usual = {"encoder": "toy", "gate": "none", "align": "none", "shard_size": 6, "workers": 2}
    return medcutmix_cli.augment(source, out, **(usual | options))


def files(cache):
    return {path.name: path.read_bytes() for path in sorted(cache.iterdir())}


def test_a_run_has_the_same_bytes_and_reads_no_picture_again(tmp_path, source, monkeypatch):
    augmented(monkeypatch, source, tmp_path / "plain")
    made = medcutmix_cli.prepare(source, tmp_path / "cache")
    assert (made.pictures, made.unreadable) == (13, {"image-format-unknown": 1})
    status = augmented(monkeypatch, source, tmp_path / "prepared", prepared=tmp_path / "cache")
    assert output_bytes(tmp_path / "prepared") == output_bytes(tmp_path / "plain")
    assert set(status.failed) == {"image:image-format-unknown"}
    assert status.notes["picture-not-prepared"] >= 1  # the one that is none


def test_pictures_are_read_from_the_cache(tmp_path, monkeypatch):
    source = write_manifest(tmp_path / "in", studies=8)
    medcutmix_cli.prepare(source, tmp_path / "cache")
    monkeypatch.setattr(
        "medcutmix_cli.rendering.reading.read_canvas", lambda *_: pytest.fail("a picture was read")
    )
    status = augmented(monkeypatch, source, tmp_path / "out", prepared=tmp_path / "cache")
    assert status.written > 0
    assert not status.failed
    assert not status.notes.get("picture-not-prepared")


def test_a_run_on_a_cache_is_the_same_run(tmp_path, source, monkeypatch):
    medcutmix_cli.prepare(source, tmp_path / "cache")
    augmented(monkeypatch, source, tmp_path / "plain")
    augmented(monkeypatch, source, tmp_path / "prepared", prepared=tmp_path / "cache")
    plain, prepared = (read_run(RunFolder(tmp_path / out)).fingerprint for out in ("plain", "prepared"))
    assert plain == prepared


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("workers", [1, 3])
def test_workers_and_tasks_change_no_byte(tmp_path, source, workers):
    medcutmix_cli.prepare(source, tmp_path / "whole", workers=2)
    for task in (2, 0, 1):
        medcutmix_cli.prepare(source, tmp_path / "shared", task=task, num_tasks=3, workers=workers)
    assert files(tmp_path / "shared") == files(tmp_path / "whole")
    assert len(list((tmp_path / "whole").glob("part-*.json"))) == 4


@pytest.mark.usefixtures("small_parts")
def test_what_was_stopped_goes_on_with_the_parts_that_are_missing(tmp_path, source):
    class StoppedError(Exception):
        pass

    def stop(_stage, done, _total):
        if done == 8:
            raise StoppedError

    with pytest.raises(StoppedError):
        medcutmix_cli.prepare(source, tmp_path / "cache", progress=stop)
    made = medcutmix_cli.prepare(source, tmp_path / "cache")
    assert (made.made, made.kept, made.pictures) == (2, 2, 13)
    medcutmix_cli.prepare(source, tmp_path / "whole")
    assert files(tmp_path / "cache") == files(tmp_path / "whole")


@pytest.mark.usefixtures("small_parts")
def test_a_part_that_was_damaged_is_made_again_when_asked(tmp_path, source):
    medcutmix_cli.prepare(source, tmp_path / "cache")
    before = files(tmp_path / "cache")
    tar = tmp_path / "cache" / "part-00001.tar"
    tar.write_bytes(before["part-00001.tar"][:700] + b"?" + before["part-00001.tar"][701:])
    assert medcutmix_cli.prepare(source, tmp_path / "cache").made == 0
    assert medcutmix_cli.prepare(source, tmp_path / "cache", check=True).made == 1
    assert files(tmp_path / "cache") == before


@pytest.mark.usefixtures("small_parts")
def test_another_list_of_pictures_or_canvas_is_made_anew(tmp_path, source):
    medcutmix_cli.prepare(source, tmp_path / "cache")
    rows = (source / "manifest.jsonl").read_text().splitlines()
    (source / "manifest.jsonl").write_text("\n".join(rows[1:]) + "\n")
    assert medcutmix_cli.prepare(source, tmp_path / "cache").made == 4
    assert medcutmix_cli.prepare(source, tmp_path / "cache", canvas=224).sides == (224,)
    assert medcutmix_cli.prepare(source, tmp_path / "cache", canvas=224).made == 0


CHANGES = {
    "came": lambda source: write_picture(source / "5.jpg", 5),
    "changed": lambda source: write_picture(source / "6.jpg", 66),
    "gone": lambda source: (source / "7.jpg").unlink(),
    "mended": lambda source: write_picture(source / "3.jpg", 3),
    "now-no-picture": lambda source: (source / "8.jpg").write_bytes(b"none any more"),
    "of-the-same-size": lambda source: swap(source / "1.jpg", source / "2.jpg"),
}
"""What may happen to the pictures of a data set, and how many of them are then read."""
READ = {"came": 1, "changed": 1, "gone": 0, "mended": 1, "now-no-picture": 0, "of-the-same-size": 1}


def swap(one, other):
    """Change two files for each other, the smaller filled up: it is new, the other known by its content."""
    size = max(one.stat().st_size, other.stat().st_size)
    contents = [file.read_bytes().ljust(size, b"\0") for file in (one, other)]
    for file, content in zip((other, one), contents, strict=True):
        file.write_bytes(content)


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("change", sorted(CHANGES))
def test_what_came_or_changed_is_taken_in_and_the_rest_is_not_read(tmp_path, source, change, monkeypatch):
    (source / "5.jpg").unlink()
    medcutmix_cli.prepare(source, tmp_path / "cache")
    CHANGES[change](source)
    whole = medcutmix_cli.prepare(source, tmp_path / "whole")
    read = count_calls(monkeypatch, preparation, "prepare_picture")
    made = medcutmix_cli.prepare(source, tmp_path / "cache")
    assert (made.made, made.read, len(read)) == (1, READ[change], READ[change])
    assert (made.pictures, made.unreadable) == (whole.pictures, whole.unreadable)
    assert files(tmp_path / "cache") == files(tmp_path / "whole")
    again = medcutmix_cli.prepare(source, tmp_path / "cache")
    assert (again.made, again.read, again.unreadable) == (0, 0, whole.unreadable)


def count_calls(monkeypatch, place, name):
    """Note every call of a function."""
    seen, before = [], getattr(place, name)
    monkeypatch.setattr(place, name, lambda *given: (seen.append(given), before(*given))[1])
    return seen


@pytest.mark.usefixtures("small_parts")
def test_files_that_were_touched_are_known_by_their_content_and_not_decoded(tmp_path, source):
    medcutmix_cli.prepare(source, tmp_path / "cache")
    for picture in source.glob("*.jpg"):
        os.utime(picture, (1, 1))
    made = medcutmix_cli.prepare(source, tmp_path / "cache")
    assert (made.made, made.read, made.pictures) == (4, 0, 13)
    assert medcutmix_cli.prepare(source, tmp_path / "cache").made == 0


@pytest.mark.usefixtures("small_parts")
def test_another_list_keeps_the_pictures_that_stay_in_their_part(tmp_path, source):
    medcutmix_cli.prepare(source, tmp_path / "cache")
    rows = (source / "manifest.jsonl").read_text().splitlines()
    (source / "manifest.jsonl").write_text("\n".join(rows[1:]) + "\n")
    made = medcutmix_cli.prepare(source, tmp_path / "cache")
    assert (made.pictures, made.read) == (12, 3)  # one over each of three borders
    medcutmix_cli.prepare(source, tmp_path / "whole")
    assert files(tmp_path / "cache") == files(tmp_path / "whole")


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("ending", ["json", "npy", "tar"])
def test_a_file_of_a_part_that_is_gone_is_made_again(tmp_path, source, ending):
    medcutmix_cli.prepare(source, tmp_path / "cache")
    before = files(tmp_path / "cache")
    (tmp_path / "cache" / f"part-00001.{ending}").unlink()
    assert medcutmix_cli.prepare(source, tmp_path / "cache", check=True).made == 1
    assert files(tmp_path / "cache") == before


def test_the_canvas_of_the_encoder_is_prepared_too(tmp_path, source, monkeypatch):
    class Far(ToyEncoder):
        @property
        def card(self):
            return replace(super().card, reads=672)

    monkeypatch.setattr(preparation, "build_encoder", lambda _settings: Far())
    assert medcutmix_cli.prepare(source, tmp_path / "cache", encoder="toy").sides == (448, 672)


def test_a_picture_that_changed_since_is_read_as_it_is_now(tmp_path, monkeypatch):
    source = write_manifest(tmp_path / "in", studies=8)
    medcutmix_cli.prepare(source, tmp_path / "cache")
    grey = np.random.default_rng(5).integers(0, 255, (150, 130), np.uint8)
    for number in range(8):
        cv2.imwrite(str(source / f"{number}.jpg"), grey[:, : 120 + number])
    augmented(monkeypatch, source, tmp_path / "plain")
    augmented(monkeypatch, source, tmp_path / "prepared", prepared=tmp_path / "cache")
    assert output_bytes(tmp_path / "prepared") == output_bytes(tmp_path / "plain")


def test_a_run_on_what_is_no_cache_is_one_error(tmp_path, source, monkeypatch):
    with pytest.raises(RunError, match="no cache of pictures"):
        augmented(monkeypatch, source, tmp_path / "out", prepared=tmp_path / "in")


def test_a_task_there_is_not_is_refused(tmp_path, source):
    with pytest.raises(UsageError, match="task 2 of 2"):
        medcutmix_cli.prepare(source, tmp_path / "cache", task=2, num_tasks=2)
    assert not (tmp_path / "cache").exists()


def test_the_command_says_what_it_did_and_what_is_next(tmp_path, source, capsys):
    assert medcutmix("prepare", str(source), str(tmp_path / "cache"), "--workers", "1") == 0
    said = capsys.readouterr().out
    assert "13 read now, 0 as they were" in said
    assert "image-format-unknown 1" in said
    assert f"--prepared {tmp_path / 'cache'}" in said
    assert medcutmix("prepare", str(source), str(tmp_path / "cache"), "--json", "-q") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["document"], told["pictures"], told["kept"], told["read"]) == ("prepared", 13, 1, 0)
