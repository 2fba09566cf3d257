import os
from dataclasses import replace

import pytest

from medcutmix_cli.errors import ImageError
from medcutmix_cli.images.picture_request import PictureRequest
from medcutmix_cli.records import PictureRules


@pytest.fixture
def request_of(tmp_path):
    """Return a function that asks for a file of some bytes."""

    def ask(content=b"a picture", name="a.jpg"):
        file = tmp_path / name
        file.write_bytes(content)
        os.utime(file, (1, 1))
        return PictureRequest(name, file, (112, 224), PictureRules())

    return ask


def test_a_file_is_known_by_place_until_it_is_touched_and_by_content_ever_after(request_of):
    asked = request_of()
    before = asked.identify()
    os.utime(asked.file, (2, 2))
    after = asked.identify()
    assert after.contents == before.contents
    assert not set(after.places) & set(before.places)


def test_the_same_content_elsewhere_has_the_same_key_of_content_alone(request_of):
    one, other = request_of(), request_of(name="b.jpg")
    assert one.content_keys() == other.content_keys()
    assert not set(one.place_keys()) & set(other.place_keys())
    assert request_of(b"another").content_keys() != other.content_keys()


def test_each_side_and_each_way_of_reading_has_a_key_of_its_own(request_of):
    asked = request_of()
    ways = (
        asked,
        replace(asked, rules=PictureRules("voi")),
        replace(asked, rules=PictureRules("mimic-jpg", "keep")),
    )
    assert len({key for one in ways for key in one.content_keys()}) == 6
    assert replace(asked, sides=(224,)).content_keys() == asked.content_keys()[1:]


def test_a_file_that_is_not_there_is_a_picture_that_cannot_be_read(request_of):
    asked = request_of()
    asked.file.unlink()
    with pytest.raises(ImageError) as caught:
        asked.identify()
    assert caught.value.reason == "image-missing"
