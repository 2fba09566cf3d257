import pytest

from medcutmix_cli.errors import ImageError
from medcutmix_cli.images.bounds import MOST_BYTES, MOST_PIXELS, check_bytes, check_size


@pytest.mark.parametrize(("height", "width"), [(0, 10), (10, 0), (-1, 10)])
def test_a_picture_without_pixels_is_empty(height, width):
    with pytest.raises(ImageError) as caught:
        check_size(height, width)
    assert caught.value.reason == "image-empty"


def test_a_hundred_million_pixels_are_the_most():
    check_size(MOST_PIXELS // 1000, 1000)
    with pytest.raises(ImageError) as caught:
        check_size(MOST_PIXELS // 1000 + 1, 1000)
    assert caught.value.reason == "image-too-large"


def test_a_file_has_its_bound_too():
    check_bytes(MOST_BYTES)
    with pytest.raises(ImageError) as caught:
        check_bytes(MOST_BYTES + 1)
    assert caught.value.reason == "image-too-large"
