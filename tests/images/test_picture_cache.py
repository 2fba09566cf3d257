"""A cache of pictures: what comes out is what went in, or nothing."""

import json
import os
import tarfile
from dataclasses import replace

import numpy as np
import pytest

from medcutmix_cli.errors import RunError
from medcutmix_cli.images import read_canvas
from medcutmix_cli.images.picture_cache import CacheFolder, PictureCache, prepare_picture
from medcutmix_cli.images.picture_request import PictureRequest
from medcutmix_cli.records import PictureRules
from tests.trees import write_picture

VERSIONS = {"medcutmix": "1", "numpy": "2"}
SIDES = (112, 224)


def request(tmp_path, number=0, **more):
    return PictureRequest(f"{number}.jpg", tmp_path / f"{number}.jpg", SIDES, PictureRules(), **more)


def canvases(asked):
    return [read_canvas(asked.file, side, asked.rules) for side in asked.sides]


@pytest.fixture
def folder(tmp_path):
    """A cache of five pictures in two parts."""
    for number in range(6):
        write_picture(tmp_path / f"{number}.jpg", number, height=90 + 20 * number)
    made = CacheFolder(tmp_path / "cache")
    made.begin(VERSIONS)
    for number, members in enumerate(((0, 1, 2), (3, 4))):
        asked = [request(tmp_path, member) for member in members]
        made.write_part(number, "m", [prepare_picture(one.identify(), canvases(one)) for one in asked], {})
    return made


def opened(folder):
    return PictureCache.open(folder.root, VERSIONS)


def assert_is(found, asked):
    assert [canvas.placement.canvas for canvas in found] == list(asked.sides)
    for own, wanted in zip(found, canvases(asked), strict=True):
        assert np.array_equal(own.pixels, wanted.pixels)
        assert own.placement == wanted.placement
        assert not own.pixels.flags.writeable


def test_every_picture_comes_back_to_the_last_bit_on_every_canvas(folder, tmp_path):
    cache = opened(folder)
    for number in range(5):
        assert cache.holds(request(tmp_path, number))
        assert_is(cache.read(request(tmp_path, number)), request(tmp_path, number))
        one = replace(request(tmp_path, number), sides=(224,))
        assert_is(cache.read(one), one)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"sides": (112, 336)}, id="another-canvas"),
        pytest.param({"rules": PictureRules("voi")}, id="another-dicom-mode"),
        pytest.param({"rules": PictureRules(corrupt_jpeg="keep")}, id="corrupt-ones-kept"),
    ],
)
def test_what_was_not_prepared_is_not_there(folder, tmp_path, other):
    asked = replace(request(tmp_path), **other)
    assert opened(folder).read(asked) is None
    assert not opened(folder).holds(asked)
    assert opened(folder).read(request(tmp_path, 5)) is None


def test_a_file_is_not_read_as_long_as_it_is_what_it_was(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(PictureRequest, "content_keys", lambda _self: pytest.fail("the file was read"))
    assert opened(folder).read(request(tmp_path)) is not None


def test_a_file_that_was_moved_or_touched_is_known_by_its_content(folder, tmp_path):
    os.utime(tmp_path / "0.jpg", (1, 1))
    (tmp_path / "1.jpg").rename(tmp_path / "elsewhere.jpg")
    moved = PictureRequest("elsewhere.jpg", tmp_path / "elsewhere.jpg", SIDES, PictureRules())
    for asked in (request(tmp_path), moved):
        assert not opened(folder).holds(asked)
        assert_is(opened(folder).read(asked), asked)


def test_a_file_whose_content_is_another_is_not_taken_from_the_cache(folder, tmp_path):
    write_picture(tmp_path / "0.jpg", 77)
    assert opened(folder).read(request(tmp_path)) is None
    (tmp_path / "1.jpg").unlink()
    assert opened(folder).read(request(tmp_path, 1)) is None
    assert not opened(folder).holds(request(tmp_path, 1))


def test_no_damaged_byte_of_a_picture_is_handed_on(folder, tmp_path):
    tar = folder.part(0, "tar")
    whole = bytearray(tar.read_bytes())
    with tarfile.open(tar) as listed:
        places = [entry.offset_data + entry.size // 2 for entry in listed]
    for place in places:
        whole[place] ^= 1
    tar.write_bytes(whole)
    cache = opened(folder)
    assert [cache.read(request(tmp_path, number)) is None for number in range(5)] == [True] * 3 + [False] * 2
    assert not folder.is_whole(0, folder.read_part(0))
    assert folder.is_whole(1, folder.read_part(1))


def test_a_part_hands_on_what_it_stores_with_the_place_of_now(folder, tmp_path):
    part = folder.open_part(0)
    fresh = prepare_picture(request(tmp_path).identify(), canvases(request(tmp_path)))
    assert part.find_stored(request(tmp_path)).files == fresh.files
    os.utime(tmp_path / "0.jpg", (1, 1))
    assert (
        list(map(tuple, part.find_stored(request(tmp_path)).rows["place"])) == request(tmp_path).place_keys()
    )
    assert part.find_stored(request(tmp_path, 3)) is None  # of another part
    folder.part(0, "tar").write_bytes(b"damaged")
    assert part.find_stored(request(tmp_path)) is None


@pytest.mark.parametrize("content", [None, b"no index", b""], ids=["gone", "damaged", "empty"])
def test_a_part_without_an_index_holds_nothing(folder, tmp_path, content):
    folder.part(0, "npy").unlink()
    if content is not None:
        folder.part(0, "npy").write_bytes(content)
    assert not folder.open_part(0).holds(request(tmp_path))
    assert folder.open_part(0).find_stored(request(tmp_path)) is None


def test_a_tar_that_is_gone_or_cut_off_is_as_good_as_no_cache(folder, tmp_path):
    folder.part(0, "tar").write_bytes(folder.part(0, "tar").read_bytes()[:2000])
    folder.part(1, "tar").unlink()
    assert [opened(folder).read(request(tmp_path, number)) for number in (2, 4)] == [None, None]
    assert not folder.is_whole(1, folder.read_part(1))


def test_a_part_without_its_state_does_not_count(folder, tmp_path):
    folder.part(0, "json").unlink()
    assert folder.read_part(0) is None
    assert opened(folder).read(request(tmp_path)) is None
    assert opened(folder).read(request(tmp_path, 3)) is not None


def test_the_tar_is_one_that_everybody_can_read(folder):
    with tarfile.open(folder.part(0, "tar")) as tar:
        names = [entry.name for entry in tar]
        assert len(names) == 3 * len(SIDES)
        assert {name.rpartition("-")[2] for name in names} == {"112.png", "224.png"}
        assert all(tar.extractfile(name).read().startswith(b"\x89PNG") for name in names)


def test_equal_pictures_give_equal_bytes(folder, tmp_path):
    again = CacheFolder(tmp_path / "again")
    again.begin(VERSIONS)
    asked = [request(tmp_path, member) for member in (0, 1, 2)]
    again.write_part(0, "m", [prepare_picture(one.identify(), canvases(one)) for one in asked], {})
    for ending in ("tar", "npy", "json"):
        assert again.part(0, ending).read_bytes() == folder.part(0, ending).read_bytes()


def test_a_cache_of_another_version_is_refused(folder):
    with pytest.raises(RunError, match="another version"):
        PictureCache.open(folder.root, {**VERSIONS, "numpy": "3"})
    with pytest.raises(RunError, match="another version"):
        folder.begin({**VERSIONS, "medcutmix": "2"})
    folder.begin(VERSIONS)


def test_a_folder_that_is_no_cache_is_refused_and_left_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("x")
    with pytest.raises(RunError, match="something else"):
        CacheFolder(tmp_path / "mine").begin(VERSIONS)
    for place in ("mine", "nowhere"):
        with pytest.raises(RunError, match="no cache of pictures"):
            PictureCache.open(tmp_path / place, VERSIONS)
    assert os.listdir(tmp_path / "mine") == ["notes.txt"]  # noqa: PTH208


def test_an_index_that_is_damaged_is_one_error_with_a_way_out(folder):
    folder.part(0, "npy").write_bytes(b"no index")
    with pytest.raises(RunError, match="cannot be read") as raised:
        opened(folder)
    assert "--check" in raised.value.hint


def test_only_its_owner_can_read_a_cache(folder):
    assert folder.root.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.root.iterdir())
    assert json.loads(folder.head.read_text())["versions"] == VERSIONS


def test_an_empty_part_is_a_part(tmp_path):
    folder = CacheFolder(tmp_path / "cache")
    folder.begin(VERSIONS)
    assert folder.write_part(0, "m", [], {"image-missing": 2}).unreadable == {"image-missing": 2}
    assert opened(folder).read(PictureRequest("x", tmp_path / "x", SIDES, PictureRules("voi"))) is None
