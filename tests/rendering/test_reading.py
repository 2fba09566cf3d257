"""Pictures come from the cache where it has them, from their files where it has not."""

import numpy as np
import pytest

from medcutmix_cli.encoders.notes import notes
from medcutmix_cli.errors import ImageError
from medcutmix_cli.images import read_canvas
from medcutmix_cli.images.picture_cache import CacheFolder, PictureCache, prepare_picture
from medcutmix_cli.images.picture_request import PictureRequest
from medcutmix_cli.records import PictureRules
from medcutmix_cli.rendering.reading import files_to_stage, read_canvases
from medcutmix_cli.rendering.staging import InPlace
from tests.trees import write_picture


@pytest.fixture
def asked(tmp_path):
    """Two pictures and one that is missing."""
    for number in range(2):
        write_picture(tmp_path / f"{number}.jpg", number)
    return [
        PictureRequest(f"{n}.jpg", tmp_path / f"{n}.jpg", (112, 224), PictureRules("voi")) for n in range(3)
    ]


@pytest.fixture
def cache(tmp_path, asked):
    """A cache of the first picture alone."""
    folder = CacheFolder(tmp_path / "cache")
    folder.begin({})
    first = prepare_picture(
        asked[0].identify(),
        [read_canvas(asked[0].file, side, PictureRules("voi")) for side in asked[0].sides],
    )
    folder.write_part(0, "m", [first], {})
    return PictureCache.open(folder.root, {})


class Nowhere(InPlace):
    def read(self, source, reader):
        raise AssertionError("the file was read")


def test_with_and_without_a_cache_the_pixels_are_the_same(asked, cache):
    for one in asked[:2]:
        own, plain = read_canvases(one, InPlace(), cache), read_canvases(one, InPlace())
        assert [canvas.placement for canvas in own] == [canvas.placement for canvas in plain]
        assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(own, plain, strict=True))


def test_what_is_prepared_is_not_read_and_what_is_not_is_counted(asked, cache):
    before = notes()
    read_canvases(asked[0], Nowhere(), cache)
    assert notes() == before
    read_canvases(asked[1], InPlace(), cache)
    assert notes() - before == {"picture-not-prepared": 1}
    with pytest.raises(AssertionError, match="was read"):
        read_canvases(asked[0], Nowhere())


def test_a_picture_that_is_missing_has_the_reason_it_has_without_a_cache(asked, cache):
    with pytest.raises(ImageError) as raised:
        read_canvases(asked[2], InPlace(), cache)
    assert raised.value.reason == "image-missing"


def test_only_what_will_be_read_is_staged(asked, cache):
    assert list(files_to_stage(asked, cache)) == [one.file for one in asked[1:]]
    assert list(files_to_stage(asked, None)) == [one.file for one in asked]
