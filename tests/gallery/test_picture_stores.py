import base64

import numpy as np
import pytest

from medcutmix_cli.errors import ImageError
from medcutmix_cli.gallery.picture_stores import EmbeddedPictures, FilePictures
from medcutmix_cli.images import encode_picture

PIXELS = np.arange(256, dtype=np.uint8).reshape(16, 16)


@pytest.mark.parametrize("image_format", ["png", "jpeg", "webp"])
def test_a_picture_is_embedded_whole(image_format):
    encoded = encode_picture(PIXELS, image_format)
    begin, _, rest = EmbeddedPictures().put("any", encoded).partition(",")
    assert (begin, base64.b64decode(rest)) == (f"data:image/{image_format};base64", encoded)


@pytest.mark.parametrize("name", ["../../up.png", "p10/p1/s1/a b.jpg", "\x1b[31m", "</script>", "x" * 4000])
def test_a_picture_lies_in_the_folder_whatever_it_is_called(tmp_path, name):
    (tmp_path / "pictures").mkdir()
    source = FilePictures(tmp_path / "pictures", "my page #1_files").put(name, encode_picture(PIXELS, "png"))
    assert source.startswith("my%20page%20%231_files/pictures/")
    (file,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert source.endswith(f"{file.parent.name}/{file.name}")


def test_one_name_is_written_once_and_two_names_are_two_files(tmp_path):
    store = FilePictures(tmp_path, "page_files")
    first = store.put("a", encode_picture(PIXELS, "png"))
    assert store.put("a", encode_picture(PIXELS, "png")) == first
    assert store.put("b", encode_picture(PIXELS, "png")) != first
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 2


def test_what_is_no_picture_is_refused():
    with pytest.raises(ImageError, match="neither PNG nor JPEG nor WebP"):
        EmbeddedPictures().put("any", b"GIF89a")
