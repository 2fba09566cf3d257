import numpy as np
import pytest

from medcutmix_cli.errors import ImageError, UsageError
from medcutmix_cli.images import decoding
from medcutmix_cli.images.decoding import DecodingRequest, decode
from tests.pictures import make_shapes, write_dicom, write_jpeg


def asked(content: bytes, mode: str = "voi"):
    return decode(memoryview(content), DecodingRequest(len(content), 64, mode))


def test_a_picture_of_any_format_becomes_grey_at_the_size_of_its_canvas(tmp_path):
    shapes = make_shapes(160, 120)
    for path in (
        write_jpeg(tmp_path / "a.jpg", (shapes >> 4).astype(np.uint8)),
        write_dicom(tmp_path / "a.dcm", shapes),
    ):
        plane, placement = asked(path.read_bytes())
        assert plane.dtype == np.uint8
        assert plane.shape == (placement.height, placement.width) == (64, 48)


def test_a_mode_that_does_not_exist_is_the_callers_mistake(tmp_path):
    content = write_dicom(tmp_path / "a.dcm", make_shapes(96, 80)).read_bytes()
    with pytest.raises(UsageError, match="no DICOM mode"):
        asked(content, "vio")


@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (MemoryError(), "image-too-large"),
        (KeyError("x"), "image-unreadable"),
        (OSError(5), "image-unreadable"),
    ],
    ids=["no-memory", "unforeseen", "looks-like-storage"],
)
def test_whatever_a_decoder_raises_is_a_named_refusal_of_this_picture(monkeypatch, raised, reason):
    def fail(*_given, **_named):
        raise raised

    monkeypatch.setattr(decoding, "read_raster", fail)
    with pytest.raises(ImageError) as caught:
        asked(b"\xff\xd8\xff")
    assert caught.value.reason == reason
